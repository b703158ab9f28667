// veritape guard -- COMMAND   Runs a check; where it finds an illness that a restart can heal, asks for one, waits,
// checks again, and stops within a budget with an alarm. Each step is an event.

import type { BookEvent } from '../domain/catalogue.ts'
import { outside, propose } from '../domain/event.ts'
import { type Finding, findingOf, type Next, nextStep } from '../domain/guard.ts'
import { AlertRaised, RecoveryAttempted, RecoveryFailed, RecoverySucceeded } from '../domain/health.ts'
import { guardStream } from '../domain/stream.ts'
import type { Instant } from '../domain/time.ts'
import { bookkeeper } from './bookkeeper.ts'
import type { Command } from './command.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'

interface Options {
  settle: number
  'per-hour': number
  'per-day': number
  'dry-run': boolean
  '--'?: string[] | undefined
}

export const guard: Command<Options> = {
  options: yargs =>
    yargs
      .option('settle', { type: 'number', default: 5, describe: 'Seconds to wait after a recovery' })
      .option('per-hour', { type: 'number', default: 3, describe: 'Recoveries in an hour, then an alert' })
      .option('per-day', { type: 'number', default: 8, describe: 'Recoveries in a day, then an alert' })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Say what would be done, do nothing' }),

  run: async (engine, options) => {
    const command = options['--'] ?? []
    if (command.length === 0)
      throw new Stop(exit.usage, 'guard what? veritape guard -- veritape check health --config FILE')
    requireOwnConfiguration(engine)
    const { clock, signal, screen, config } = engine
    const check = command.join(' ')
    const diary = await openDiary(engine, options['dry-run']).catch(error => {
      // Without its diary the guardian knows no budget and does nothing; but somebody must hear of it.
      engine.guardHands.shout(`${config.book}: the guardian cannot use the ledger: ${sentenceIn(error)}`)
      throw error
    })
    let tried = 0
    try {
      for (;;) {
        const { code, output } = await engine.guardHands.check(command)
        const finding = findingOf(command, code)
        const next = nextStep({
          finding,
          code,
          output,
          attempts: diary.attempts,
          tried,
          now: clock.now(),
          budget: { perHour: options['per-hour'], perDay: options['per-day'] },
        })
        screen.say(sentenceOf(check, finding, next))
        if (options['dry-run']) return finish(engine, finding, next, tried)
        if (next.kind === 'done') {
          if (tried > 0) await diary.write(RecoverySucceeded({ check, attempts: tried }))
          return finish(engine, finding, next, tried)
        }
        if (next.kind === 'alert') {
          if (tried > 0) await diary.write(RecoveryFailed({ check, attempts: tried, saw: lastLines(output) }))
          engine.guardHands.shout(`${config.book}: ${next.sentence}`)
          await diary.write(AlertRaised({ severity: 'error', subject: check, sentence: next.sentence }))
          return finish(engine, finding, next, tried)
        }
        await clock.sleep(next.waitMs, signal)
        tried++
        await diary.write(
          RecoveryAttempted({ check, action: 'restart', attempt: tried, because: next.because }),
        )
        engine.guardHands.askRestart(config.book)
        await clock.sleep(options.settle * 1000, signal)
        if (signal.aborted) return exit.tryAgain
      }
    } finally {
      await diary.close()
    }
  },
}

/** Who can change the configuration could make a guardian do things. */
const requireOwnConfiguration = ({ configValues, guardHands }: Engine) => {
  const files = new Set(configValues.flatMap(({ source }) => /^file (.+)$/.exec(source)?.[1] ?? []))
  for (const file of files)
    if (guardHands.openToOthers(file))
      throw new Stop(exit.refused, `${file} or its folder can be written by others: chmod go-w both`)
}

interface Diary {
  /** When recoveries were tried, by the ledger; grows as they are written. */
  readonly attempts: Instant[]
  write(event: BookEvent): Promise<void>
  close(): Promise<void>
}

/** What was done before and is done now, in the ledger. */
const openDiary = async (engine: Engine, dryRun: boolean): Promise<Diary> => {
  const attempts: Instant[] = []
  const store = dryRun ? await engine.readLedger() : await engine.writeLedger('guard', undefined, 'urgent')
  let entries = 0
  const keeper = bookkeeper(engine, store, 'guard', async ({ at, stream, event }) => {
    if (stream === guardStream) entries++
    if (event.type === 'RecoveryAttempted') attempts.push(at)
  })
  await keeper.catchUp()
  return {
    attempts,
    write: async event => {
      await keeper.append([
        { stream: guardStream, events: [propose(outside(`${guardStream} ${entries}`), event)] },
      ])
    },
    close: () => store.close(),
  }
}

const sentenceOf = (check: string, finding: Finding, next: Next): string =>
  `${check}: ${finding}; ${next.kind === 'restart' ? `${next.because}: restart` : next.sentence}`

const sentenceIn = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const lastLines = (output: string): string => output.trim().split('\n').slice(-20).join('\n').slice(-2000)

/** 0 well; 1 degraded, or in a dry run something to do; 2 an alert was raised. */
const finish = ({ screen }: Engine, finding: Finding, next: Next, recoveries: number): number => {
  screen.result({ finding, next, recoveries })
  if (next.kind === 'alert') return 2
  return finding === 'well' ? exit.done : 1
}
