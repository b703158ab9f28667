// What a guardian does next: restarts within a budget, then raises the alarm and stops. It knows exit codes, words in
// the output, and what it did before; it never sees an order.

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
  /** Whether a restart can help. A full disk or a refused key stays what it is. */
  readonly restart: boolean
}

/** Hopeless ones first: where one of them is seen, a restart is no help. */
export const patterns: readonly Pattern[] = [
  { name: 'no room on the disk', words: /ENOSPC|EDQUOT|no room left|^disk +unhealthy/im, restart: false },
  { name: 'damaged ledger', words: /damaged|not-ours/i, restart: false },
  { name: 'drift or unknown orders', words: /^(?:drift|unknown orders) +unhealthy/im, restart: false },
  {
    name: 'refused credentials',
    words: /\b401\b|\b403\b|invalid api.?key|^credentials +unhealthy/im,
    restart: false,
  },
  { name: 'socket', words: /ECONNRESET|ECONNREFUSED|EPIPE|socket hang up/i, restart: true },
  { name: 'timeout', words: /ETIMEDOUT|timed? ?out/i, restart: true },
  { name: 'feed delay', words: /^(?:candles|heartbeat) +unhealthy|stale/im, restart: true },
  { name: 'failed units', words: /^units +unhealthy/im, restart: true },
  { name: 'venue', words: /^venue +unhealthy|\b50[234]\b/im, restart: true },
]

export interface Budget {
  readonly perHour: number
  readonly perDay: number
}

export interface Situation {
  readonly finding: Finding
  readonly code: number
  readonly output: string
  /** When recoveries of this book were tried before, this run's included. */
  readonly attempts: readonly Instant[]
  /** How many of them in this run. */
  readonly tried: number
  readonly now: Instant
  readonly budget: Budget
}

export type Next =
  | { readonly kind: 'done'; readonly sentence: string }
  | { readonly kind: 'restart'; readonly because: string; readonly waitMs: number }
  | { readonly kind: 'alert'; readonly sentence: string }

/** Back-off between attempts of one run: at once, then 10 s, 20 s, 40 s … */
const waitBefore = (tried: number): number => (tried === 0 ? 0 : 5000 * 2 ** tried)

export const nextStep = (situation: Situation): Next => {
  const { finding, code, output, attempts, tried, now, budget } = situation
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
  if (!seen.restart) return { kind: 'alert', sentence: `${seen.name}: a restart cannot help` }
  const since = (milliseconds: number) =>
    attempts.filter(at => millisecondsOf(now) - millisecondsOf(at) < milliseconds).length
  if (since(3_600_000) >= budget.perHour)
    return { kind: 'alert', sentence: `${seen.name}: ${budget.perHour} recoveries in an hour did not last` }
  if (since(86_400_000) >= budget.perDay)
    return { kind: 'alert', sentence: `${seen.name}: ${budget.perDay} recoveries in a day did not last` }
  return { kind: 'restart', because: seen.name, waitMs: waitBefore(tried) }
}

/** The guardian's hands: the only things that it can do. */
export interface GuardHands {
  /** Runs the check; gives its exit code, 128 and more for a signal, and everything it said. */
  check(command: readonly string[]): Promise<{ readonly code: number; readonly output: string }>
  /** Asks systemd, which asks nobody else, to restart the services of the book. */
  askRestart(book: string): void
  /** A line in the journal at the level of an error. */
  shout(sentence: string): void
  /** Whether anybody but its owner and root may write the file or its folder. */
  openToOthers(path: string): boolean
}
