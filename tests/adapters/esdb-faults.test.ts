// What the network and the server can do to a book in EventStoreDB, and what becomes of it: nothing is written twice,
// nothing that was answered is lost, and nobody waits for ever.

import { describe, expect, onTestFinished, test } from 'vitest'
import { bookStream } from '../../adapters/esdb-identity.ts'
import { openEsdbReader } from '../../adapters/esdb-store.ts'
import { StoreRefused, StoreUnreachable } from '../../domain/remote-store.ts'
import { isLeft, isRight } from '../../domain/result.ts'
import {
  candleClosed,
  candleGroup,
  candles,
  evaluated,
  expectedAfter,
  group,
  handClock,
  market,
  outsideGroup,
  strategy,
  write,
} from '../cast.ts'
import type { AppendFault, ReadFault } from '../eventstore-stand-in/faults.ts'
import type { StoredRecord } from '../eventstore-stand-in/log.ts'
import { type EsdbBookOptions, esdbBook } from './esdb-book.ts'
import { all, appended } from './event-store.contract.ts'

const aBook = async (options?: EsdbBookOptions) => {
  const book = await esdbBook(handClock().now, options)
  onTestFinished(() => book.end())
  return book
}

const written: readonly AppendFault[] = ['cut-after', 'mute-after', 'slow']
const notWritten: readonly AppendFault[] = ['cut-before', 'mute-before', 'timeout', 'busy']

describe.each(['classic', 'batch'])('on the %s route', route => {
  const parameters = `deadlineMs=250&patienceMs=30000&append=${route}`

  test.each([...written, ...notWritten])(
    'an append that meets %s is written once and answered',
    async fault => {
      const book = await aBook({ parameters })
      const store = await book.open('execute')
      appended(await store.append(candleGroup(0)))
      book.server.appends.put({ kind: fault, stream: 'book-' })
      const answer = appended(await store.append(candleGroup(1)))
      expect(book.server.appends.struck.get(fault)).toBe(1)
      appended(await store.append(candleGroup(2)))
      const events = await all(store.read(candles))
      expect(events.map(({ event }) => event)).toEqual([0, 1, 2].map(n => candleClosed(n)))
      expect(events[1]).toEqual(answer[0])
    },
  )

  test('the same fault again and again is survived, as long as it ends', async () => {
    const book = await aBook({ parameters })
    const store = await book.open('execute')
    for (const kind of ['cut-after', 'cut-before', 'mute-before', 'cut-after'] as const)
      book.server.appends.put({ kind, stream: 'book-' })
    for (let n = 0; n < 5; n++) appended(await store.append(candleGroup(n)))
    expect(await all(store.read(candles))).toHaveLength(5)
  })

  test('a server that stays mute is given up on, in time; the same group later is written once', async () => {
    const book = await aBook({ parameters: `deadlineMs=500&patienceMs=2000&append=${route}` })
    const store = await book.open('execute')
    appended(await store.append(candleGroup(0)))
    book.server.appends.put({ kind: 'mute-before', times: 1000 })
    const since = performance.now()
    const answer = await store.append(candleGroup(1))
    expect(performance.now() - since).toBeLessThan(20_000)
    expect(isLeft(answer) && answer.left.kind).toBe('outcome-unknown')
    book.server.appends.clear()
    appended(await store.append(candleGroup(1)))
    expect(await all(store.read(candles))).toHaveLength(2)
  })

  test('what was left unknown is found out before anything else is written', async () => {
    const book = await aBook({ parameters: `deadlineMs=500&patienceMs=2000&append=${route}` })
    const store = await book.open('execute')
    appended(await store.append(candleGroup(0)))
    // Written, not answered, and not to be read either: nobody can know.
    book.server.appends.put({ kind: 'mute-after', times: 1000 })
    book.server.reads.put({ kind: 'mute', times: 1000 })
    const answer = await store.append(candleGroup(1))
    expect(isLeft(answer) && answer.left.kind).toBe('outcome-unknown')
    book.server.appends.clear()
    book.server.reads.clear()
    const other = group(write(strategy, 'no-stream', [market(9), evaluated(0)]))
    appended(await store.append(other))
    expect(await store.append(candleGroup(1))).toMatchObject({ right: { repeated: true } })
    expect((await all(store.readAll())).map(({ event }) => event.type)).toEqual([
      'SegmentOpened',
      'CandleClosed',
      'CandleClosed',
      'StrategyEvaluated',
    ])
  })

  test('of 50 writers at one place exactly one wins', async () => {
    const book = await aBook({ parameters: `append=${route}` })
    const stores = await Promise.all(Array.from({ length: 50 }, () => book.open('execute')))
    const answers = await Promise.all(
      stores.map((store, n) =>
        store.append(group(write(candles, 'no-stream', [market(n), candleClosed(n)]))),
      ),
    )
    expect(answers.filter(isRight)).toHaveLength(1)
    expect(new Set(answers.filter(isLeft).map(({ left }) => left.kind))).toEqual(new Set(['wrong-expected']))
    expect(book.server.log.all(bookStream(book.book))).toHaveLength(2)
  })

  test('200 appends at once on a connection that is not open yet are all answered', async () => {
    const book = await aBook({ parameters: `append=${route}` })
    const stores = await Promise.all(Array.from({ length: 4 }, () => book.open('execute')))
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        (stores[n % 4] as (typeof stores)[0]).append(outsideGroup(`strategy-s${n}@BTC/USDT-5m`)),
      ),
    )
    expect(answers.filter(isRight)).toHaveLength(200)
    const seqs = (await all((stores[0] as (typeof stores)[0]).readAll())).map(({ seq }) => seq)
    expect(seqs).toEqual(Array.from({ length: 201 }, (_, n) => n + 1))
  })

  test('the same bytes of two writers are two appends: the second is told that it repeats', async () => {
    const book = await aBook({ parameters: `append=${route}` })
    const [one, other] = [await book.open('execute'), await book.open('execute')]
    appended(await one.append(candleGroup(0)))
    appended(await other.append(candleGroup(0)))
    // The second has not heard of the first one's candle 1, and would write the very same line at the same place.
    const answers = [await one.append(candleGroup(1)), await other.append(candleGroup(1))]
    expect(answers.map(answer => isRight(answer) && answer.right.repeated)).toEqual([false, true])
  })
})

describe('a batch answer that 6.2.1 cannot read', () => {
  test('is an uncaught error of the client, which the classic route does not have', async () => {
    const book = await aBook()
    const store = await book.open('execute')
    book.server.appends.put({ kind: 'no-details', stream: 'book-' })
    // On the classic route the script has no such answer: the append is simply written.
    appended(await store.append(candleGroup(0)))
    expect(await all(store.read(candles))).toHaveLength(1)
  })
})

describe('reads', () => {
  test.each<ReadFault>(['cut', 'mute', 'slow', 'unavailable'])('that meet %s are read again', async kind => {
    const book = await aBook()
    const store = await book.open('execute')
    for (let n = 0; n < 5; n++) appended(await store.append(candleGroup(n)))
    book.server.reads.put({ kind, amount: 2, stream: 'book-' })
    expect(await all(store.readAll())).toHaveLength(6)
    expect(book.server.reads.struck.get(kind)).toBe(1)
  })

  test('of a server that is gone end with a sentence, in time', async () => {
    const book = await aBook({ parameters: 'deadlineMs=500&patienceMs=2000' })
    const store = await book.open('execute')
    appended(await store.append(candleGroup(0)))
    await book.server.kill()
    const since = performance.now()
    await expect(store.head()).rejects.toThrow(StoreUnreachable)
    await expect(store.head()).rejects.toThrow(/does not answer .* start again/)
    expect(performance.now() - since).toBeLessThan(20_000)
  })

  test('over several pages give every event once, in order', async () => {
    const book = await aBook({ parameters: '' })
    const store = await book.open('execute')
    await Promise.all(Array.from({ length: 1_300 }, (_, n) => store.append(candleGroup(n))))
    const reader = await openEsdbReader(await book.client(), book.book)
    const seqs = (await all(reader.readAll())).map(({ seq }) => seq)
    await reader.close()
    expect(seqs).toEqual(Array.from({ length: 1_301 }, (_, n) => n + 1))
  })

  test('of any text give it back', async () => {
    const book = await aBook()
    const store = await book.open('execute')
    const reasons = ['€ ∑ 日本語 🚀', '\u2028\u2029\u0000"\\', '\ud800 alone', '__proto__']
    const event = evaluated(0, reasons)
    appended(await store.append(group(write(strategy, 'no-stream', [market(0), event]))))
    const other = await book.open('execute')
    expect((await all(other.read(strategy)))[0]?.event).toEqual(event)
  })
})

describe('a subscription', () => {
  const following = async (
    count: number,
    disturb: (book: Awaited<ReturnType<typeof aBook>>) => Promise<void>,
  ) => {
    const book = await aBook()
    const store = await book.open('execute')
    for (let n = 0; n < 5; n++) appended(await store.append(candleGroup(n)))
    const stop = new AbortController()
    const seen: number[] = []
    const reader = await openEsdbReader(await book.client(), book.book)
    onTestFinished(() => reader.close())
    const done = (async () => {
      for await (const { seq } of reader.subscribe(0, stop.signal)) {
        seen.push(seq)
        if (seq === 3) await disturb(book)
        if (seen.length === count) stop.abort()
      }
    })()
    for (let n = 5; n < 20; n++) appended(await store.append(candleGroup(n)))
    await done
    expect(seen).toEqual(Array.from({ length: count }, (_, n) => n + 1))
    return book
  }

  test('goes on over a restart of the server, without gap or repeat', async () => {
    await following(21, book => book.server.restart())
  })

  test.each<ReadFault>(['cut', 'end', 'repeat', 'mute', 'unavailable'])('goes on after %s', async kind => {
    const book = await aBook()
    const store = await book.open('execute')
    for (let n = 0; n < 5; n++) appended(await store.append(candleGroup(n)))
    const reader = await openEsdbReader(await book.client(), book.book)
    onTestFinished(() => reader.close())
    const stop = new AbortController()
    const seen: number[] = []
    const head = await store.head()
    const pending = reader.subscribe(head.seq - 4, stop.signal)
    // The first read is of the head, the second call is the subscription.
    book.server.reads.put({ kind, amount: 2, after: 1, stream: 'book-', times: 2 })
    for await (const { seq } of pending) {
      seen.push(seq)
      if (seen.length === 4) appended(await store.append(candleGroup(5)))
      if (seen.length === 5) stop.abort()
    }
    expect(seen).toEqual([3, 4, 5, 6, 7])
    expect(book.server.reads.struck.get(kind)).toBeGreaterThan(0)
  })

  test('of a stream that is deleted for ever is an alarm', async () => {
    const book = await aBook()
    const store = await book.open('execute')
    appended(await store.append(candleGroup(0)))
    const stop = new AbortController()
    await expect(async () => {
      for await (const _ of store.subscribe(0, stop.signal))
        book.server.log.tombstone(bookStream(book.book), 'any')
    }).rejects.toThrow(StoreRefused)
  })
})

describe('a stream that is not what it was', () => {
  const filled = async () => {
    const book = await aBook()
    const store = await book.open('execute')
    for (let n = 0; n < 3; n++) appended(await store.append(candleGroup(n)))
    return { book, store, stream: bookStream(book.book) }
  }

  test('soft-deleted, it is not taken for a new book: neither by who knew it nor by who comes', async () => {
    const { book, store, stream } = await filled()
    book.server.log.softDelete(stream, 'any')
    await expect(store.head()).rejects.toThrow('has lost events')
    const other = await book.open('execute')
    await expect(other.append(candleGroup(0))).rejects.toThrow('has lost events')
    await expect(all(other.readAll())).rejects.toThrow('deleted or truncated')
    expect(book.server.log.all(stream)).toHaveLength(4)
  })

  test('tombstoned, it is refused', async () => {
    const { book, store, stream } = await filled()
    book.server.log.tombstone(stream, 'any')
    await expect(store.append(candleGroup(3))).rejects.toThrow('deleted')
    await expect(store.head()).rejects.toThrow('deleted for ever')
  })

  test('truncated, the gap at its beginning is named', async () => {
    const { book, stream } = await filled()
    const metadata = { id: crypto.randomUUID(), type: '$metadata', contentType: 'application/json' }
    const data = Buffer.from('{"$maxCount":2}')
    book.server.log.commit(`$$${stream}`, 'any', [{ ...metadata, data, metadata: new Uint8Array() }])
    const other = await book.open('execute')
    await expect(all(other.readAll())).rejects.toThrow('after event 0 comes event 3')
  })

  test('with an event that somebody else wrote, it is damaged', async () => {
    const { book, store, stream } = await filled()
    const foreign = { id: crypto.randomUUID(), type: 'Hello', contentType: 'application/json' }
    const data = Buffer.from('{}')
    book.server.log.commit(stream, 'any', [{ ...foreign, data, metadata: Buffer.from('{}') }])
    await expect(store.append(candleGroup(3))).rejects.toThrow('not the metadata of a ledger line')
  })

  test('that does not exist has no events', async () => {
    const book = await aBook()
    const store = await book.open('execute')
    expect(await all(store.readAll())).toEqual([])
    expect((await store.head()).seq).toBe(0)
  })
})

test('a group that is shown only in part is damage, not a shorter group', async () => {
  const book = await aBook({ parameters: 'deadlineMs=500&patienceMs=2000' })
  const store = await book.open('execute')
  appended(
    await store.append(
      group(write(candles, 'no-stream', [market(0), candleClosed(0)], [market(1), candleClosed(1)])),
    ),
  )
  const stream = book.server.log.all(bookStream(book.book)) as StoredRecord[]
  stream.pop()
  await expect((await book.open('execute')).head()).rejects.toThrow('it ends at line 2 of a write group of 3')
})

describe('the limit of one append', () => {
  test('a group over 1 MiB is refused as a whole, and its neighbours are not disturbed', async () => {
    const book = await aBook()
    const store = await book.open('execute')
    const long = Array.from(
      { length: 30 },
      (_, n) => [market(n), evaluated(0, ['x'.repeat(40_000)])] as const,
    )
    const answers = await Promise.allSettled([
      store.append(candleGroup(0)),
      store.append(group(write(strategy, 'no-stream', ...long))),
      store.append(candleGroup(1)),
    ])
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(String((answers[1] as PromiseRejectedResult).reason)).toContain('larger than one append')
    expect(await all(store.readAll())).toHaveLength(3)
  })

  test('appends that fit one by one but not together travel in several', async () => {
    const book = await aBook()
    const store = await book.open('execute')
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        store.append(
          group(write(strategy, expectedAfter(n), [market(n), evaluated(0, ['x'.repeat(30_000)])])),
        ),
      ),
    )
    expect(answers.every(isRight)).toBe(true)
    expect(await all(store.read(strategy))).toHaveLength(60)
  })

  test('a server with a smaller limit than the address says is named', async () => {
    const book = await aBook({ appendBytesMax: 500 })
    const store = await book.open('execute')
    await expect(store.append(candleGroup(0))).rejects.toThrow('MaxAppendSize')
  })
})

test('a user whom the server refuses is told so, and it is not tried again', async () => {
  const book = await aBook()
  const store = await book.open('execute')
  book.server.appends.put({ kind: 'access-denied', stream: 'book-' })
  await expect(store.append(candleGroup(0))).rejects.toThrow(StoreRefused)
})

test('a node that does not lead names the leader, and the append arrives there', async () => {
  const book = await aBook()
  const store = await book.open('execute')
  book.server.appends.put({ kind: 'not-leader', stream: 'book-' })
  appended(await store.append(candleGroup(0)))
  expect(book.server.log.all(bookStream(book.book))).toHaveLength(2)
})
