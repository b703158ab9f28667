// veritape retain   Proves, compresses and seals the days that are over, and throws away what is old and can be missed.
// Days of the ledger are never thrown away. Safe to repeat; --dry-run shows what it would do.

import { outside, propose } from '../domain/event.ts'
import { type Removal, RetentionCompleted, type RetentionRules, removalsOf } from '../domain/retention.ts'
import { retentionStream } from '../domain/stream.ts'
import { instantOf } from '../domain/time.ts'
import { bookkeeper } from './bookkeeper.ts'
import type { Command } from './command.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'
import { counted } from './sentence.ts'

interface RetainOptions {
  dryRun: boolean
  days: number
  sizeMax: number
  freeMin: number
  logs: readonly string[]
}

const mebibyte = 1024 * 1024

export const retain: Command<RetainOptions> = {
  options: yargs =>
    yargs
      .option('dry-run', { type: 'boolean', default: false, describe: 'Show what would be done, do nothing' })
      .option('days', { type: 'number', default: 30, describe: 'Age from which old views and logs go' })
      .option('size-max', {
        type: 'number',
        default: 1024,
        describe: 'MiB of old views and logs that may stay, the newest',
      })
      .option('free-min', {
        type: 'number',
        default: 1024,
        describe: 'MiB that the disk shall have free: below it younger ones go too',
      })
      .option('logs', {
        type: 'string',
        array: true,
        default: [],
        describe: 'A folder whose *.log files are pruned as well; repeatable',
      }) as never,
  run: async (engine, { dryRun, days, sizeMax, freeMin, logs }) => {
    for (const [flag, value] of Object.entries({ days, 'size-max': sizeMax, 'free-min': freeMin }))
      if (!Number.isFinite(value) || value < 0 || value > 1e9)
        throw new Stop(exit.usage, `--${flag} expects a number from 0 to a thousand million`)
    const rules: RetentionRules = {
      daysMax: days,
      bytesMax: Math.round(sizeMax * mebibyte),
      freeMin: Math.round(freeMin * mebibyte),
    }
    return dryRun ? show(engine, rules, logs) : tidy(engine, rules, logs)
  },
}

/** By the wall's time: files have no other. */
const wallNow = (): string => instantOf(Date.now())

const show = async (engine: Engine, rules: RetentionRules, logs: readonly string[]): Promise<number> => {
  const { screen, disposable } = engine
  const unsealed = disposable.unsealed()
  const { free } = engine.diskOfLedger()
  const removals = removalsOf(await disposable.list(logs), rules, wallNow(), free)
  table(engine, 'would', [
    ...unsealed.map(({ segment, bytes }) => ['prove and seal', segment, bytes, 'the day is over'] as const),
    ...removals.map(({ path, bytes, because }) => ['remove', path, bytes, because] as const),
  ])
  screen.say(`a dry run: nothing was touched. ${freeLine(free, rules.freeMin)}`)
  screen.result({ dryRun: true, wouldSeal: unsealed, wouldRemove: removals, free, floor: rules.freeMin })
  return exit.done
}

type Row = readonly [what: string, name: string, bytes: number, because: string]

const table = ({ screen }: Engine, mood: string, rows: readonly Row[]) => {
  if (rows.length === 0) screen.say(mood === 'would' ? 'nothing to do' : 'nothing was due')
  else
    screen.table(
      [mood === 'would' ? 'would' : 'did', 'file', 'bytes', 'because'],
      rows.map(([what, name, bytes, because]) => [what, name, `${bytes}`, because]),
      [2],
    )
}

const freeLine = (free: number, floor: number): string =>
  `${Math.floor(free / mebibyte)} MiB are free, the floor is ${Math.floor(floor / mebibyte)} MiB`

const tidy = async (engine: Engine, rules: RetentionRules, logs: readonly string[]): Promise<number> => {
  const { screen, disposable } = engine
  const rows: Row[] = []
  const sealed: string[] = []
  // A day that does not hold stops everything: what would explain the damage must not be tidied away.
  for await (const step of engine.sealLedger({}))
    if (step.kind === 'sealed') {
      sealed.push(step.segment)
      rows.push([
        'proved and sealed',
        step.segment,
        step.gzBytes,
        `the day is over; it had ${step.bytes} bytes`,
      ])
    }
  const removed: Removal[] = []
  const { free } = engine.diskOfLedger()
  for (const removal of removalsOf(await disposable.list(logs), rules, wallNow(), free))
    if (await disposable.remove(removal)) {
      removed.push(removal)
      rows.push(['removed', removal.path, removal.bytes, removal.because])
    }
  const after = engine.diskOfLedger().free
  table(engine, 'did', rows)
  if (sealed.length + removed.length > 0) await record(engine, sealed, removed, after, rules.freeMin)
  screen.say(freeLine(after, rules.freeMin))
  screen.result({ dryRun: false, sealed, removed, free: after, floor: rules.freeMin })
  if (after >= rules.freeMin) return exit.done
  screen.note(
    `veritape: ${freeLine(after, rules.freeMin)}, and ${counted(removed.length, 'file')} ${removed.length === 1 ? 'was' : 'were'} all that could go; ` +
      'make room by hand or give the ledger a larger disk: its days are never thrown away',
  )
  return exit.cannotWrite
}

const record = async (
  engine: Engine,
  sealed: readonly string[],
  removed: readonly Removal[],
  free: number,
  floor: number,
): Promise<void> => {
  const areas: Record<string, { files: number; bytes: number }> = {}
  for (const { area, bytes } of removed) {
    const sum = areas[area] ?? { files: 0, bytes: 0 }
    areas[area] = { files: sum.files + 1, bytes: sum.bytes + bytes }
  }
  const store = await engine.writeLedger('retain')
  try {
    let before = 0
    const keeper = bookkeeper(
      engine,
      store,
      'retain',
      async ({ stream }) => {
        if (stream === retentionStream) before++
      },
      new Set(['RetentionCompleted']),
    )
    await keeper.catchUp()
    const completed = RetentionCompleted({ sealed, removed: areas, free, floor })
    const events = [propose(outside(`${retentionStream} ${before}`), completed)]
    await keeper.append([{ stream: retentionStream, events }])
  } finally {
    await store.close()
  }
}
