// Some seeds of the simulation with the ledger on a faulty EventStoreDB; npm run test:sim -- --eventstoredb runs as many
// as one likes.

import { expect, test } from 'vitest'
import { ledgerStream } from '../../domain/stream.ts'
import { oneRunOnEsdb, stormKinds } from './on-eventstoredb.ts'
import { oneRun, type Run } from './one-run.ts'
import { objections } from './oracle.ts'

/** What is not of the store itself: types in order, and every trade to the last digit. */
const story = ({ events, exchange }: Run) => ({
  events: events.filter(({ stream }) => stream !== ledgerStream).map(({ event }) => event.type),
  trades: exchange.trades.map(({ order: _, ...trade }) => trade),
})

/** The first is proved and its views are rebuilt as well (laws 1 and 8); the second meets every fault. */
const seeds = [8, 2]

test('laws 1 to 9 hold on EventStoreDB whatever network and server do, and the story is that of a ledger in memory', async () => {
  const struck = new Set<string>()
  const runs = seeds.map(async seed => {
    const { run, struck: own, audit } = await oneRunOnEsdb(seed)
    for (const kind of own.keys()) struck.add(kind)
    expect(objections(run), `seed ${seed}`).toEqual([])
    expect(audit).toMatchObject({ damages: 0, events: run.events.length })
    expect(run.asked.length).toBeGreaterThan(3)
    expect(story(run)).toEqual(story(await oneRun(seed)))
  })
  await Promise.all(runs)
  expect([...struck].sort()).toEqual([...stormKinds].sort())
})
