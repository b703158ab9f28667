// veritape guard -- COMMAND   Runs a check; where it finds an illness that it can heal, does so, waits, checks again, and
// stops within a budget with an alarm. Each step is an event, caused by the one before: `veritape why` tells the story.

import { type Finding, findingOf, guardObjection, type Next, nextStep, patternsOf } from '../domain/guard.ts'
import { AlertRaised, GuardedCheckFailed, RecoveryFailed, RecoverySucceeded } from '../domain/health.ts'
import { isRaised } from '../projections/recoveries.ts'
import type { Command, Overrides } from './command.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'
import { type GuardDiary, kept, openDiary } from './guard-diary.ts'
import { recover, whatItWouldDo } from './recovery.ts'

interface Options {
  settle?: number | undefined
  'per-hour'?: number | undefined
  'per-day'?: number | undefined
  'dry-run': boolean
  '--'?: string[] | undefined
}

export const guard: Command<Options> = {
  options: yargs =>
    yargs
      .option('settle', { type: 'number', describe: 'Seconds to wait after a recovery' })
      .option('per-hour', { type: 'number', describe: 'Recoveries in an hour, then an alert' })
      .option('per-day', { type: 'number', describe: 'Recoveries in a day, then an alert' })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Say what would be done, do nothing' }),

  overrides: options => {
    const set: Record<string, Overrides[string]> = {}
    const put = (key: string, value: number | undefined, flag: string) => {
      if (value !== undefined) set[key] = { value, flag }
    }
    put('guard.settleSeconds', options.settle, '--settle')
    put('guard.perHour', options['per-hour'], '--per-hour')
    put('guard.perDay', options['per-day'], '--per-day')
    return set
  },

  run: async (engine, { 'dry-run': dryRun, '--': command = [] }) => {
    if (command.length === 0)
      throw new Stop(exit.usage, 'guard what? veritape guard -- veritape check health --config FILE')
    requireOwnRules(engine)
    const { screen, config, signal, clock } = engine
    const check = engine.clean(command.join(' '))
    // Without its diary the guardian knows no budget and does nothing; but somebody must hear of it.
    const unheard = async (error: unknown): Promise<never> => {
      if (!dryRun) await cryOut(engine, `the guardian cannot use the ledger: ${sentenceIn(error)}`)
      throw error
    }
    const diary = await openDiary(engine, dryRun).catch(unheard)
    let tried = 0
    try {
      for (;;) {
        const { code, output } = await engine.guardHands.run(command)
        const finding = findingOf(command, code)
        const next = nextStep({
          finding,
          code,
          output,
          patterns: patternsOf(config.guard),
          attempts: diary.seen().attempts,
          tried,
          now: clock.now(),
          budget: config.guard,
        })
        screen.say(sentenceOf(check, finding, next))
        if (dryRun) {
          if (next.kind === 'recover') screen.say(whatItWouldDo(engine, next.action))
          return finish(engine, finding, next, tried)
        }
        if (next.kind === 'done') {
          await wellAgain(engine, diary, check, tried)
          return finish(engine, finding, next, tried)
        }
        if (next.kind === 'alert' && isRaised(diary.seen(), check, next.sentence, clock.now())) {
          screen.say('the alarm stands already')
          return finish(engine, finding, next, tried)
        }
        await diary.write(
          GuardedCheckFailed({
            check,
            code,
            finding: finding === 'unexpected' ? 'unexpected' : 'ill',
            ...patternIn(next),
            ...(await kept(engine, output)),
          }),
        )
        if (next.kind === 'alert') {
          if (tried > 0)
            await diary.write(RecoveryFailed({ check, attempts: tried, saw: lastLines(engine, output) }))
          await raise(engine, diary, check, next.sentence)
          return finish(engine, finding, next, tried)
        }
        await clock.sleep(next.waitMs, signal)
        if (signal.aborted) return exit.tryAgain
        tried++
        await recover(engine, diary, { check, attempt: tried, action: next.action, because: next.because })
        await clock.sleep(config.guard.settleSeconds * 1000, signal)
        if (signal.aborted) return exit.tryAgain
      }
    } catch (error) {
      return await unheard(error)
    } finally {
      await diary.close()
    }
  },
}

/** Who can change the configuration, or a program that it names, could make a guardian do things. */
const requireOwnRules = ({ configValues, guardHands, config: { guard: rules } }: Engine) => {
  const objection = guardObjection(rules)
  if (objection !== undefined) throw new Stop(exit.refused, objection)
  const files = new Set(configValues.flatMap(({ source }) => /^file (.+)$/.exec(source)?.[1] ?? []))
  for (const command of Object.values(rules.commands))
    for (const file of guardHands.filesAmong(command)) files.add(file)
  for (const file of files)
    if (guardHands.openToOthers(file))
      throw new Stop(exit.refused, `${file} or its folder can be written by others: chmod go-w both`)
}

const patternIn = (next: Next): { pattern?: string } => {
  const pattern = next.kind === 'recover' ? next.because : next.kind === 'alert' ? next.pattern : undefined
  return pattern === undefined ? {} : { pattern }
}

/** What was healed is told, and so is what healed by itself while an alarm stood. */
const wellAgain = async (
  { guardHands, config: { book } }: Engine,
  diary: GuardDiary,
  check: string,
  tried: number,
) => {
  const { alarm } = diary.seen()
  const stands = alarm?.subject === check
  if (tried > 0 || stands) await diary.write(RecoverySucceeded({ check, attempts: tried }))
  // What another check has raised, that check takes away.
  if (alarm === undefined || stands) guardHands.alarm(book, undefined)
}

/** Everywhere at once, because each of them may be what is broken; the ledger last, which may be it too. */
const raise = async (engine: Engine, diary: GuardDiary, check: string, sentence: string) => {
  const { guardHands, config, clock } = engine
  const said = engine.clean(sentence)
  guardHands.shout(`${config.book}: ${said}`)
  guardHands.alarm(config.book, `${clock.now()} ${said}\n${check}\n`)
  const raised = await diary.write(AlertRaised({ severity: 'error', subject: check, sentence: said }))
  engine.screen.say(`veritape why ${raised.seq} tells how it came to this`)
  await diary.tell(engine, { severity: 'error', subject: 'alarm', sentence: said, seq: raised.seq })
}

/** An alarm for which there is no ledger. */
const cryOut = async (
  { guardHands, config: { book }, clock, clean, messenger, signal }: Engine,
  said: string,
) => {
  const sentence = clean(said)
  guardHands.shout(`${book}: ${sentence}`)
  guardHands.alarm(book, `${clock.now()} ${sentence}\n`)
  const message = { book, severity: 'error', subject: 'alarm', sentence, seq: 0, at: clock.now() } as const
  for (const channel of messenger.channels) await messenger.send(channel, message, signal)
}

const sentenceOf = (check: string, finding: Finding, next: Next): string =>
  finding === 'well' && next.kind === 'done'
    ? `${check}: ${next.sentence}`
    : `${check}: ${finding}; ${next.kind === 'recover' ? `${next.because}: ${next.action}` : next.sentence}`

const sentenceIn = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const lastLines = ({ clean }: Engine, output: string): string =>
  clean(output).trim().split('\n').slice(-20).join('\n').slice(-2000)

/** 0 well; 1 degraded, or in a dry run something to do; 2 an alert was raised. */
const finish = ({ screen }: Engine, finding: Finding, next: Next, recoveries: number): number => {
  screen.result({ finding, next, recoveries })
  if (next.kind === 'alert') return 2
  return finding === 'well' ? exit.done : 1
}
