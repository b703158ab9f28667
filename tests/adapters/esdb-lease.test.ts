// One executor per book over the network: who holds it, how it changes hands, and that whoever lost it writes and sends
// nothing any more, even when it does not know yet.

import { describe, expect, onTestFinished, test } from 'vitest'
import { type HeldLease, takeLease } from '../../adapters/esdb-lease.ts'
import type { EsdbStore } from '../../adapters/esdb-store.ts'
import { fencedVenue } from '../../adapters/fenced-venue.ts'
import { LeaseLost } from '../../domain/remote-store.ts'
import type { Venue } from '../../domain/venue.ts'
import { candleGroup, candles, handClock, orderRequested } from '../cast.ts'
import { type EsdbBook, esdbBook } from './esdb-book.ts'
import { all, appended } from './event-store.contract.ts'

const leaseMs = 1500
const aBook = async () => {
  const book = await esdbBook(handClock().now, {
    parameters: `deadlineMs=300&patienceMs=3000&leaseMs=${leaseMs}`,
  })
  onTestFinished(() => book.end())
  return book
}

interface Executor {
  readonly store: EsdbStore
  readonly lease: HeldLease
}

const executor = async (book: EsdbBook, name: string): Promise<Executor> => {
  const store = await book.open('execute', `connectionName=${name}`)
  const client = await book.client(`connectionName=${name}`)
  const lease = await takeLease(client, store)
  onTestFinished(async () => {
    book.server.appends.clear()
    book.server.reads.clear()
    await lease.release()
    await client.close()
  })
  return { store, lease }
}

/** Nothing of this connection arrives, and it hears nothing, until the faults are cleared. */
const partition = ({ server }: EsdbBook, connection: string) => {
  server.appends.put({ kind: 'mute-before', connection, times: 1_000_000 })
  server.reads.put({ kind: 'mute', connection, times: 1_000_000 })
}

const types = async (store: EsdbStore) => (await all(store.readAll())).map(({ event }) => event.type)

describe('a lease', () => {
  test('keeps a second executor out as long as the first one lives', async () => {
    const book = await aBook()
    const one = await executor(book, 'one')
    await expect(executor(book, 'two')).rejects.toThrow(/another executor \(.*\) runs on cast; one is enough/)
    appended(await one.store.append(candleGroup(0)))
  })

  test('that is given back is taken at once, and the book says nothing of it', async () => {
    const book = await aBook()
    const one = await executor(book, 'one')
    appended(await one.store.append(candleGroup(0)))
    await one.lease.release()
    const since = performance.now()
    const two = await executor(book, 'two')
    expect(performance.now() - since).toBeLessThan(leaseMs)
    expect(two.lease.term).toBe(2)
    appended(await two.store.append(candleGroup(1)))
    expect(await types(two.store)).not.toContain('LeaseTaken')
  })

  test('is renewed for as long as it is held', async () => {
    const book = await aBook()
    const { lease } = await executor(book, 'one')
    await new Promise(resolve => setTimeout(resolve, leaseMs * 2))
    lease.requireHeld()
    expect(book.server.log.all('lease-cast').length).toBeGreaterThan(3)
  })

  test('of whom nothing is heard is taken over after one whole lease, and the book says so', async () => {
    const book = await aBook()
    const one = await executor(book, 'one')
    appended(await one.store.append(candleGroup(0)))
    partition(book, 'one')
    const since = performance.now()
    const two = await executor(book, 'two')
    expect(performance.now() - since).toBeGreaterThan(leaseMs * 0.9)
    expect(() => one.lease.requireHeld()).toThrow(LeaseLost)
    expect((await all(two.store.readAll())).at(-1)?.event).toMatchObject({
      type: 'LeaseTaken',
      data: { term: 2, holder: two.store.name, from: one.store.name },
    })
    book.server.appends.clear()
    book.server.reads.clear()
    await expect(one.store.append(candleGroup(1))).rejects.toThrow(LeaseLost)
    appended(await two.store.append(candleGroup(1)))
    expect(await all(two.store.read(candles))).toHaveLength(2)
  })

  test('that is taken over on another day stands behind the line that opens that day', async () => {
    const clock = handClock()
    const book = await esdbBook(clock.now, {
      parameters: `deadlineMs=300&patienceMs=3000&leaseMs=${leaseMs}`,
    })
    onTestFinished(() => book.end())
    const one = await executor(book, 'one')
    appended(await one.store.append(candleGroup(0)))
    partition(book, 'one')
    clock.advance(86_400_000)
    const two = await executor(book, 'two')
    expect(await types(two.store)).toEqual([
      'SegmentOpened',
      'CandleClosed',
      'SegmentClosed',
      'SegmentOpened',
      'LeaseTaken',
    ])
  })

  test('of two that wait for a dead one, one gets the book', async () => {
    const book = await aBook()
    await executor(book, 'one')
    partition(book, 'one')
    const answers = await Promise.allSettled([executor(book, 'two'), executor(book, 'three')])
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })
})

describe('an executor that lost its lease and does not know', () => {
  /** Believes that it holds the book, whatever its clock says: only the book can tell it otherwise. */
  const believing = (held: HeldLease) => {
    let lost: string | undefined
    return {
      term: held.term,
      holder: held.holder,
      lose: (sentence: string) => {
        lost = sentence
      },
      requireHeld: () => {
        if (lost !== undefined) throw new LeaseLost(lost)
      },
    }
  }

  test('cannot append behind the line that says so', async () => {
    const book = await aBook()
    const one = await executor(book, 'one')
    appended(await one.store.append(candleGroup(0)))
    one.store.writer.hold(believing(one.lease))
    partition(book, 'one')
    const two = await executor(book, 'two')
    book.server.appends.clear()
    book.server.reads.clear()
    await expect(one.store.append(candleGroup(1))).rejects.toThrow(
      /took the book cast over at seq 3; this executor stops/,
    )
    expect(await types(two.store)).toEqual(['SegmentOpened', 'CandleClosed', 'LeaseTaken'])
  })

  test('whose append is on its way when the book changes hands is either before that line, or nowhere', async () => {
    for (let run = 0; run < 2; run++) {
      const book = await aBook()
      const one = await executor(book, 'one')
      appended(await one.store.append(candleGroup(0)))
      one.store.writer.hold(believing(one.lease))
      book.server.appends.put({ kind: 'mute-before', connection: 'one', stream: 'lease-', times: 1_000_000 })
      const two = executor(book, 'two')
      let n = 1
      const writing = (async () => {
        for (;;) {
          appended(await one.store.append(candleGroup(n++)))
          await new Promise(resolve => setTimeout(resolve, 10))
        }
      })()
      const [ended, taken] = await Promise.allSettled([writing, two])
      expect(ended).toMatchObject({ status: 'rejected', reason: { name: 'LeaseLost' } })
      if (taken.status === 'rejected') throw taken.reason
      const { store } = taken.value
      const found = await types(store)
      expect(found.indexOf('LeaseTaken')).toBe(found.length - 1)
    }
  })
})

describe('a fenced venue', () => {
  const place = (venue: Venue) => venue.place(orderRequested(7).data)
  const heard: string[] = []
  const venue = { name: 'ears', place: async () => heard.push('order') } as unknown as Venue

  test('hears nothing from an executor whose lease has run out', async () => {
    const book = await aBook()
    const { lease } = await executor(book, 'one')
    const fenced = fencedVenue(venue, () => lease)
    await place(fenced)
    expect(heard).toEqual(['order'])
    partition(book, 'one')
    await new Promise(resolve => setTimeout(resolve, leaseMs))
    await expect(place(fenced)).rejects.toThrow(/could not be renewed .* sends nothing/)
    expect(heard).toEqual(['order'])
  })
})
