// Ledgers for the benchmarks: written once by the store itself, in a folder that goes away with the run.

import fs from 'node:fs'
import { openJsonlStore } from '../../adapters/jsonl-store.ts'
import { listSegments } from '../../adapters/ledger-segment.ts'
import { outside, propose } from '../../domain/event.ts'
import type { EventStore, Group } from '../../domain/event-store.ts'
import { isLeft } from '../../domain/result.ts'
import { type Market, market } from './market-day.ts'

/** A store with a clock that is the market's. */
export const openBenchLedger = (folder: string, from: Market): Promise<EventStore> =>
  openJsonlStore({
    folder,
    role: 'execute',
    clock: from.now,
    create: { book: 'bench', mode: 'backtest', zone: 'UTC' },
  })

/** Appends all groups, many at a time, in order; throws when one is refused. */
export const appendAll = async (store: EventStore, groups: readonly Group[]): Promise<void> => {
  for (let from = 0; from < groups.length; from += 500) {
    const answers = await Promise.all(groups.slice(from, from + 500).map(group => store.append(group)))
    for (const answer of answers)
      if (isLeft(answer)) throw new Error(`append answered ${JSON.stringify(answer.left)}`)
  }
}

/** The same events in the same order, each a group of its own. */
export const oneByOne = (groups: readonly Group[]): readonly Group[] =>
  groups.flatMap(({ run, writes }) =>
    writes.flatMap(({ stream, expected, events }) => {
      const before = expected === 'no-stream' ? -1 : expected.revision
      return events.map(({ id, event }, index): Group => {
        const revision = before + index
        const alone = revision < 0 ? ('no-stream' as const) : { revision }
        return { run, writes: [{ stream, expected: alone, events: [propose(outside(id), event)] }] }
      })
    }),
  )

export interface BenchLedger {
  readonly folder: string
  /** The seqs before each day and behind the last one. */
  readonly days: readonly number[]
  readonly events: number
  readonly bytes: number
}

/** A book of so many days with so many events each, one segment a day; the last day, which is active, may be shorter. */
export const writeDays = async (
  folder: string,
  days: number,
  eventsPerDay: number,
  eventsToday = eventsPerDay,
): Promise<BenchLedger> => {
  const from = market()
  const store = await openBenchLedger(folder, from)
  const ends: number[] = [0]
  for (let day = 0; day < days; day++) {
    const before = ends.at(-1) as number
    // The first group of a day opens its segment, and closes the last one: only then is it known which seqs follow.
    const room = before === 0 ? 1 : 2
    const events = day === days - 1 ? eventsToday : eventsPerDay
    const groups = from.groups(events, before + room + 1)
    await appendAll(store, groups)
    ends.push((await store.head()).seq)
    from.tomorrow()
  }
  await store.close()
  return { folder, days: ends, events: ends.at(-1) as number, bytes: bytesOf(folder) }
}

const bytesOf = (folder: string): number =>
  listSegments(folder).reduce((sum, name) => sum + fs.statSync(`${folder}/${name}`).size, 0)

const chunkBytes = 1024 * 1024
const newline = 0x0a

/** The yardstick: every line of a ledger through JSON.parse, in chunks, and nothing else. Gives how many there were. */
export const parseEveryLine = (folder: string): number => {
  const bytes = Buffer.allocUnsafe(chunkBytes)
  let lines = 0
  for (const name of listSegments(folder)) {
    const fd = fs.openSync(`${folder}/${name}`, 'r')
    let filled = 0
    for (;;) {
      const count = fs.readSync(fd, bytes, filled, chunkBytes - filled, null)
      if (count === 0) break
      filled += count
      let start = 0
      for (let end = bytes.indexOf(newline); end >= 0 && end < filled; end = bytes.indexOf(newline, start)) {
        JSON.parse(bytes.toString('latin1', start, end))
        lines++
        start = end + 1
      }
      bytes.copyWithin(0, start, filled)
      filled -= start
    }
    fs.closeSync(fd)
  }
  return lines
}
