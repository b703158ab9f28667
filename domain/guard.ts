// What a guardian does next: actions within a budget, a stronger one each time, then the alarm, and an end. It knows exit
// codes, words in the output, and what it did before; it never sees an order.

import { type Action, type GuardRules, restartedUnit } from './guard-rules.ts'
import { type Instant, millisecondsOf } from './time.ts'

/** What a check said. 'unexpected': neither a verdict of that check nor one of our documented refusals. */
export type Finding = 'well' | 'warning' | 'ill' | 'unexpected'

/**
 * Reads an exit code. The codes of our checks differ: preflight's 2 is a warning, health's 2 is unhealthy, and health's
 * 1 is degraded. Of any other program 0 is well and 1 or 2 is ill.
 */
export const findingOf = (command: readonly string[], code: number): Finding => {
  if (code === 0) return 'well'
  const words = command.join(' ')
  if (/\bcheck health\b/.test(words)) return code === 1 ? 'warning' : code === 2 ? 'ill' : 'unexpected'
  if (/\bcheck preflight\b/.test(words)) return code === 2 ? 'warning' : code === 1 ? 'ill' : 'unexpected'
  return code === 1 || code === 2 ? 'ill' : 'unexpected'
}

export interface Pattern {
  /** Found in the output, whatever its case. */
  readonly words: RegExp
  readonly name: string
  /** The first attempt of a run takes the first, the second the second, and so on; the last one is repeated. */
  readonly actions: readonly Action[]
}

/** Where one of these is seen, nothing that a guardian may do is a help: a full disk or a refused key stays what it is. */
export const hopeless: readonly Pattern[] = [
  { name: 'no room on the disk', words: /ENOSPC|EDQUOT|no room left|^disk +unhealthy/im, actions: [] },
  { name: 'damaged ledger', words: /damaged|not-ours/i, actions: [] },
  { name: 'drift', words: /^drift +unhealthy/im, actions: [] },
  {
    name: 'refused credentials',
    words: /\b401\b|\b403\b|invalid api.?key|^credentials +unhealthy/im,
    actions: [],
  },
  { name: 'clock', words: /^clock +unhealthy/im, actions: [] },
]

/** What a guardian can heal, the surest sign first. */
export const healing: readonly Pattern[] = [
  { name: 'failed units', words: /^units +unhealthy/im, actions: ['restart'] },
  {
    name: 'venue',
    words: /^venue +unhealthy|\b50[234]\b/im,
    actions: ['reconnect venue', 'restart'],
  },
  {
    name: 'socket',
    words: /ECONNRESET|ECONNREFUSED|EPIPE|socket hang up/i,
    actions: ['reconnect', 'restart'],
  },
  { name: 'timeout', words: /ETIMEDOUT|timed? ?out/i, actions: ['reconnect', 'restart'] },
  {
    name: 'feed delay',
    words: /^candles +unhealthy|feed.{0,20}(?:delay|late)|stale (?!lock)/im,
    actions: ['reconnect feed', 'restart'],
  },
  {
    name: 'lock file',
    words: /stale lock|lock file exists|already locked/i,
    actions: ['clear locks', 'restart'],
  },
  { name: 'no progress', words: /^(?:heartbeat|evaluations|memory) +unhealthy/im, actions: ['restart'] },
  // The executor asks for them by itself; a new connection and some time are all that may help. Never a restart.
  { name: 'unknown orders', words: /^unknown orders +unhealthy/im, actions: ['reconnect venue'] },
]

/** Hopeless ones, then the operator's own, then those that this program knows how to heal. */
export const patternsOf = ({ patterns }: Pick<GuardRules, 'patterns'>): readonly Pattern[] => [
  ...hopeless,
  ...patterns.map(({ name, words, actions }) => ({ name, words: new RegExp(words, 'im'), actions })),
  ...healing,
]

export interface Budget {
  readonly perHour: number
  readonly perDay: number
}

export interface Situation {
  readonly finding: Finding
  readonly code: number
  readonly output: string
  readonly patterns: readonly Pattern[]
  /** When recoveries of this book were tried before, this run's included. */
  readonly attempts: readonly Instant[]
  /** How many of them in this run. */
  readonly tried: number
  readonly now: Instant
  readonly budget: Budget
}

export type Next =
  | { readonly kind: 'done'; readonly sentence: string }
  | {
      readonly kind: 'recover'
      readonly action: Action
      readonly because: string
      readonly waitMs: number
    }
  | { readonly kind: 'alert'; readonly sentence: string; readonly pattern?: string }

/** Back-off between attempts of one run: at once, then 10 s, 20 s, 40 s … */
const waitBefore = (tried: number): number => (tried === 0 ? 0 : 5000 * 2 ** tried)

export const nextStep = (situation: Situation): Next => {
  const { finding, code, output, patterns, attempts, tried, now, budget } = situation
  if (finding === 'well') return { kind: 'done', sentence: tried === 0 ? 'all is well' : 'recovered' }
  if (finding === 'warning')
    return {
      kind: 'done',
      sentence: tried === 0 ? 'degraded: told, nothing to heal' : 'recovered, with warnings',
    }
  if (finding === 'unexpected')
    return { kind: 'alert', sentence: `the check ended with ${code}, which is none of its verdicts` }
  const seen = patterns.find(({ words }) => words.test(output))
  if (seen === undefined)
    return { kind: 'alert', sentence: 'the check failed for a reason that no pattern knows' }
  const { name: pattern, actions } = seen
  const action = actions[Math.min(tried, actions.length - 1)]
  if (action === undefined) return { kind: 'alert', pattern, sentence: `${pattern}: a restart cannot help` }
  const since = (milliseconds: number) =>
    attempts.filter(at => millisecondsOf(now) - millisecondsOf(at) < milliseconds).length
  if (since(3_600_000) >= budget.perHour)
    return {
      kind: 'alert',
      pattern,
      sentence: `${pattern}: ${budget.perHour} recoveries in an hour did not last`,
    }
  if (since(86_400_000) >= budget.perDay)
    return {
      kind: 'alert',
      pattern,
      sentence: `${pattern}: ${budget.perDay} recoveries in a day did not last`,
    }
  return { kind: 'recover', action, because: pattern, waitMs: waitBefore(tried) }
}

/** What the rules ask for and do not define, as a sentence; undefined when all is there. */
export const guardObjection = ({ patterns, commands, units }: GuardRules): string | undefined => {
  for (const { name, actions } of patterns)
    for (const action of actions) {
      const unit = restartedUnit(action)
      if (unit !== undefined && !units.includes(unit))
        return `guard.patterns: ${name} restarts ${unit}, which guard.units does not list`
      const command = /^run (.+)$/.exec(action)?.[1]
      if (command !== undefined && commands[command] === undefined)
        return `guard.patterns: ${name} runs ${command}, which guard.commands does not define`
    }
  for (const [name, [program = '']] of Object.entries(commands))
    if (!program.startsWith('/'))
      return `guard.commands: ${name} begins with ${program || 'nothing'}; write the whole path of the program`
  return undefined
}

/** What became of the lock files that were looked at. */
export interface LockSweep {
  readonly cleared: readonly string[]
  /** With why each was left where it is. */
  readonly kept: readonly string[]
}

/** The guardian's hands: the only things that it can do. */
export interface GuardHands {
  /** Runs the check or a recovery command; gives its exit code, 128 and more for a signal, and the end of what it said. */
  run(command: readonly string[]): Promise<{ readonly code: number; readonly output: string }>
  /** Asks systemd, which asks nobody else, to restart the services of the book. */
  askRestart(book: string): void
  /** Asks systemd to restart another unit, which the operator has allowed by installing its watcher. */
  askRestartOf(unit: string): void
  /** Removes lock files (or the *.lock in folders) whose owner is dead; `dryRun` only looks. */
  clearLocks(paths: readonly string[], dryRun: boolean): LockSweep
  /** A line in the journal at the level of an error. */
  shout(sentence: string): void
  /** Writes the alarm file of the book; without a sentence it is taken away. */
  alarm(book: string, sentence: string | undefined): void
  /** Whether anybody but its owner and root may write the file or its folder. */
  openToOthers(path: string): boolean
  /** Those of the words of a command that are files. */
  filesAmong(words: readonly string[]): readonly string[]
}
