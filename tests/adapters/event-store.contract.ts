// What every EventStore must do. Each store runs this suite; where two stores could differ, it is said here.

import { beforeEach, describe, expect, test } from 'vitest'
import { CandleClosed } from '../../domain/candle.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import { because, becauseOf, outside, propose, type Recorded } from '../../domain/event.ts'
import type { Appended, AppendRefusal, EventStore, Group } from '../../domain/event-store.ts'
import { type Either, isLeft, isRight } from '../../domain/result.ts'
import { ledgerStream, type Role } from '../../domain/stream.ts'
import {
  bookOpened,
  candleClosed,
  candleGroup,
  candles,
  control,
  evaluated,
  expectedAfter,
  group,
  handClock,
  intentRaised,
  market,
  morning,
  orderFilled,
  orderOf,
  orderRequested,
  runStarted,
  runs,
  scanOfTheDay,
  scanStarted,
  strategy,
  tradingHalted,
  write,
} from '../cast.ts'

/** A new, empty book: every call of `open` opens the same one, as another process would. */
export interface TestBook {
  open(role: Role): Promise<EventStore>
  /** Closes what is open and removes the book. */
  end(): Promise<void>
}

export type MakeBook = (now: () => string) => Promise<TestBook>

export const all = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = []
  for await (const each of source) found.push(each)
  return found
}

export const appended = (answer: Either<AppendRefusal, Appended>): readonly Recorded<BookEvent>[] => {
  if (isLeft(answer)) throw new Error(`refused: ${JSON.stringify(answer.left)}`)
  return answer.right.events
}

const first = (answer: Either<AppendRefusal, Appended>) => appended(answer)[0] as Recorded<BookEvent>

const refusal = (answer: Either<AppendRefusal, Appended>): AppendRefusal => {
  if (isRight(answer)) throw new Error('expected a refusal')
  return answer.left
}

/** What callers wrote, without the lines that a store adds for itself. */
const written = async (store: EventStore) =>
  (await all(store.readAll())).filter(({ stream }) => stream !== ledgerStream)

const reason = (text: string) => evaluated(0, [text])

export const eventStoreContract = (name: string, make: MakeBook): void => {
  describe(`${name} keeps the promises of the event store`, () => {
    const clock = handClock()
    let book: TestBook
    let store: EventStore

    beforeEach(async () => {
      clock.set(morning)
      book = await make(clock.now)
      store = await book.open('execute')
      return () => book.end()
    })

    const fill = async (count: number) => {
      for (let n = 0; n < count; n++) appended(await store.append(candleGroup(n)))
    }

    describe('an append at the expected place', () => {
      test('a first event begins its stream at revision 0', async () => {
        const event = first(await store.append(candleGroup(0)))
        expect(event).toMatchObject({ stream: candles, revision: 0, event: candleClosed(0) })
      })

      test('revisions of a stream count up without gaps', async () => {
        await fill(5)
        expect((await all(store.read(candles))).map(({ revision }) => revision)).toEqual([0, 1, 2, 3, 4])
      })

      test('sequence numbers of the book count up without gaps, across streams', async () => {
        await fill(3)
        await store.append(group(write(runs, 'no-stream', [outside('run 1'), runStarted])))
        const seqs = (await all(store.readAll())).map(({ seq }) => seq)
        expect(seqs).toEqual(seqs.map((_, index) => index + 1))
      })

      test('the answer is what a read gives', async () => {
        const answer = appended(await store.append(candleGroup(0)))
        expect(await all(store.read(candles))).toEqual(answer)
      })

      test('the event keeps the id that it was proposed with', async () => {
        const proposal = propose(market(0), candleClosed(0))
        expect(first(await store.append(candleGroup(0))).id).toBe(proposal.id)
      })

      test('an id that exists elsewhere in the book does not stand in the way', async () => {
        const cause = outside('the same')
        await store.append(group(write(strategy, 'no-stream', [cause, evaluated(0)])))
        const again = await store.append(group(write(strategy, { revision: 0 }, [cause, evaluated(0)])))
        expect(again).toMatchObject({ right: { repeated: false } })
        expect(await all(store.read(strategy))).toHaveLength(2)
      })

      test('several events of one stream stand in the order of the write', async () => {
        await store.append(
          group(
            write(
              candles,
              'no-stream',
              [market(0), candleClosed(0)],
              [market(1), candleClosed(1)],
              [market(2), candleClosed(2)],
            ),
          ),
        )
        expect((await all(store.read(candles))).map(({ event }) => event)).toEqual(
          [0, 1, 2].map(n => candleClosed(n)),
        )
      })

      test('the run under which it was written stands on every event', async () => {
        const run = first(await store.append(group(write(runs, 'no-stream', [outside('run 1'), runStarted]))))
        const event = first(await store.append({ ...candleGroup(0), run: run.seq }))
        expect(event.run).toBe(run.seq)
        expect((await all(store.read(candles)))[0]?.run).toBe(run.seq)
      })
    })

    describe('an append elsewhere', () => {
      test('no-stream on an existing stream with another id is refused', async () => {
        await fill(1)
        const answer = await store.append(group(write(candles, 'no-stream', [market(7), candleClosed(7)])))
        expect(refusal(answer)).toEqual({
          kind: 'wrong-expected',
          stream: candles,
          expected: 'no-stream',
          actual: { revision: 0 },
        })
      })

      test('a revision in the past with another id is refused', async () => {
        await fill(3)
        const answer = await store.append(
          group(write(candles, { revision: 0 }, [market(7), candleClosed(7)])),
        )
        expect(refusal(answer)).toMatchObject({ kind: 'wrong-expected', actual: { revision: 2 } })
      })

      test('a revision in the future is refused', async () => {
        await fill(1)
        const answer = await store.append(
          group(write(candles, { revision: 5 }, [market(6), candleClosed(6)])),
        )
        expect(refusal(answer)).toMatchObject({ kind: 'wrong-expected', actual: { revision: 0 } })
      })

      test('a revision of a stream that does not exist is refused', async () => {
        const answer = await store.append(
          group(write(candles, { revision: 0 }, [market(0), candleClosed(0)])),
        )
        expect(refusal(answer)).toMatchObject({ kind: 'wrong-expected', actual: 'no-stream' })
      })

      test('what is refused leaves nothing behind', async () => {
        await fill(1)
        const before = await store.head()
        await store.append(group(write(candles, 'no-stream', [market(7), candleClosed(7)])))
        expect(await store.head()).toEqual(before)
        expect(await all(store.read(candles))).toHaveLength(1)
      })

      test('after a refusal the next append at the right place is written', async () => {
        await fill(1)
        await store.append(group(write(candles, 'no-stream', [market(7), candleClosed(7)])))
        expect(first(await store.append(candleGroup(1))).revision).toBe(1)
      })
    })

    describe('the same append again', () => {
      test('is answered with the original event', async () => {
        const original = appended(await store.append(candleGroup(0)))
        clock.advance(60_000)
        expect(await store.append(candleGroup(0))).toEqual({
          _tag: 'Right',
          right: { repeated: true, events: original },
        })
      })

      test('writes nothing', async () => {
        await fill(2)
        const before = await store.head()
        await store.append(candleGroup(1))
        expect(await store.head()).toEqual(before)
      })

      test('is recognised when the stream has long moved on', async () => {
        const original = appended(await store.append(candleGroup(0)))
        for (let n = 1; n < 20; n++) await store.append(candleGroup(n))
        expect(await store.append(candleGroup(0))).toMatchObject({
          right: { repeated: true, events: original },
        })
      })

      test('is recognised by a store that was opened later, from the ledger alone', async () => {
        const original = appended(await store.append(candleGroup(0)))
        await store.append(candleGroup(1))
        const other = await book.open('execute')
        expect(await other.append(candleGroup(0))).toMatchObject({
          right: { repeated: true, events: original },
        })
      })

      test('is recognised for an exact revision as for no-stream', async () => {
        await fill(4)
        expect(await store.append(candleGroup(2))).toMatchObject({ right: { repeated: true } })
      })

      test('is recognised for several events of one stream', async () => {
        const both = group(
          write(candles, 'no-stream', [market(0), candleClosed(0)], [market(1), candleClosed(1)]),
        )
        const original = appended(await store.append(both))
        expect(await store.append(both)).toMatchObject({ right: { repeated: true, events: original } })
      })

      test('is refused when the first id matches and a later one does not', async () => {
        await fill(2)
        const half = group(
          write(candles, 'no-stream', [market(0), candleClosed(0)], [market(7), candleClosed(7)]),
        )
        expect(refusal(await store.append(half)).kind).toBe('wrong-expected')
        expect(await all(store.read(candles))).toHaveLength(2)
      })

      test('is refused when only its beginning is in place', async () => {
        await fill(1)
        const longer = group(
          write(candles, 'no-stream', [market(0), candleClosed(0)], [market(1), candleClosed(1)]),
        )
        expect(refusal(await store.append(longer))).toMatchObject({
          kind: 'wrong-expected',
          actual: { revision: 0 },
        })
        expect(await all(store.read(candles))).toHaveLength(1)
      })

      test('with other data under the same id is a conflict that names the event', async () => {
        const original = first(await store.append(candleGroup(0)))
        const other = group(write(candles, 'no-stream', [market(0), candleClosed(0, '99')]))
        expect(refusal(await store.append(other))).toEqual({
          kind: 'idempotency-conflict',
          stream: candles,
          seq: original.seq,
        })
      })

      test('with another type under the same id is a conflict', async () => {
        await fill(1)
        const { id, cause } = propose(market(0), candleClosed(0))
        const other: Group = {
          run: 0,
          writes: [{ stream: candles, expected: 'no-stream', events: [{ id, cause, event: evaluated(0) }] }],
        }
        expect(refusal(await store.append(other)).kind).toBe('idempotency-conflict')
      })

      test('of a group over several streams is recognised as a whole', async () => {
        const two = group(
          write(candles, 'no-stream', [market(0), candleClosed(0)]),
          write(strategy, 'no-stream', [outside('e'), evaluated(0)]),
        )
        const original = appended(await store.append(two))
        await store.append(candleGroup(1))
        expect(await store.append(two)).toMatchObject({ right: { repeated: true, events: original } })
      })

      test('of a group of which one stream is in place and one is not is refused', async () => {
        await fill(1)
        const two = group(
          write(candles, 'no-stream', [market(0), candleClosed(0)]),
          write(strategy, 'no-stream', [outside('e'), evaluated(0)]),
        )
        expect(refusal(await store.append(two))).toMatchObject({ kind: 'wrong-expected', stream: candles })
        expect(await all(store.read(strategy))).toEqual([])
      })
    })

    describe('a group', () => {
      const intentOnCandle = () => {
        const candle = propose(market(0), candleClosed(0))
        const evaluation = propose(becauseOf(candle, 0), evaluated(0))
        const intent = propose(becauseOf(evaluation, 1), intentRaised)
        return {
          run: 0,
          writes: [
            { stream: candles, expected: 'no-stream', events: [candle] },
            { stream: strategy, expected: 'no-stream', events: [evaluation, intent] },
          ],
        } as const
      }

      test('over several streams is written in the order of its writes', async () => {
        const events = appended(await store.append(intentOnCandle()))
        expect(events.map(({ event }) => event.type)).toEqual([
          'CandleClosed',
          'StrategyEvaluated',
          'IntentRaised',
        ])
        expect(events.map(({ revision }) => revision)).toEqual([0, 0, 1])
        const start = events[0]?.seq ?? 0
        expect(events.map(({ seq }) => seq)).toEqual([start, start + 1, start + 2])
      })

      test('of which one stream is not as expected is not written at all', async () => {
        await store.append(group(write(strategy, 'no-stream', [outside('other'), evaluated(9)])))
        const answer = await store.append(intentOnCandle())
        expect(refusal(answer)).toMatchObject({ kind: 'wrong-expected', stream: strategy })
        expect(await all(store.read(candles))).toEqual([])
      })

      test('may check a stream that it does not write', async () => {
        await fill(2)
        const checked = (count: number): Group =>
          group(
            { stream: candles, expected: expectedAfter(count), events: [] },
            write(strategy, 'no-stream', [outside('e'), evaluated(0)]),
          )
        expect(refusal(await store.append(checked(1)))).toMatchObject({
          kind: 'wrong-expected',
          stream: candles,
        })
        expect(isRight(await store.append(checked(2)))).toBe(true)
      })

      test('is recognised again although a stream that it only checked has moved on', async () => {
        await fill(1)
        const checked = group(
          { stream: candles, expected: { revision: 0 }, events: [] },
          write(strategy, 'no-stream', [outside('e'), evaluated(0)]),
        )
        await store.append(checked)
        await store.append(candleGroup(1))
        expect(await store.append(checked)).toMatchObject({ right: { repeated: true } })
      })

      test('without events is a bug and throws', async () => {
        await expect(store.append(group())).rejects.toThrow('without events')
        await expect(
          store.append(group({ stream: candles, expected: 'no-stream', events: [] })),
        ).rejects.toThrow('without events')
      })

      test('that names a stream twice is a bug and throws', async () => {
        const twice = group(
          write(candles, 'no-stream', [market(0), candleClosed(0)]),
          write(candles, { revision: 0 }, [market(1), candleClosed(1)]),
        )
        await expect(store.append(twice)).rejects.toThrow('twice')
      })

      test('of 9,999 events is one group, one more is a bug and throws', async () => {
        const of = (count: number): Group => ({
          run: 0,
          writes: [
            {
              stream: candles,
              expected: 'no-stream',
              events: Array.from({ length: count }, (_, n) => propose(market(n), candleClosed(0))),
            },
          ],
        })
        await expect(store.append(of(10_000))).rejects.toThrow('9999')
        expect((await store.head()).seq).toBe((await all(store.readAll())).length)
        expect(appended(await store.append(of(9_900)))).toHaveLength(9_900)
        expect(await all(store.read(candles))).toHaveLength(9_900)
      })

      test('decided on the present head is written', async () => {
        await fill(1)
        const { seq } = await store.head()
        expect(isRight(await store.append({ ...candleGroup(1), head: seq }))).toBe(true)
      })

      test('decided on an older head is refused, and written when decided again', async () => {
        await fill(1)
        const { seq } = await store.head()
        await store.append(group(write(runs, 'no-stream', [outside('run 1'), runStarted])))
        const now = await store.head()
        expect(refusal(await store.append({ ...candleGroup(1), head: seq }))).toEqual({
          kind: 'book-moved',
          head: now.seq,
        })
        expect(isRight(await store.append({ ...candleGroup(1), head: now.seq }))).toBe(true)
      })

      test('decided on an older head but written already is recognised', async () => {
        await fill(1)
        const decided = { ...candleGroup(1), head: (await store.head()).seq }
        await store.append(decided)
        await store.append(candleGroup(2))
        expect(await store.append(decided)).toMatchObject({ right: { repeated: true } })
      })
    })

    describe('causes', () => {
      test('from outside: cause 0, and the chain begins here', async () => {
        const event = first(await store.append(candleGroup(0)))
        expect([event.cause, event.correlation]).toEqual([0, event.seq])
      })

      test('another event: its seq, and its chain goes on', async () => {
        const candle = first(await store.append(candleGroup(0)))
        const evaluation = first(
          await store.append(group(write(strategy, 'no-stream', [because(candle), evaluated(0)]))),
        )
        const intent = first(
          await store.append(group(write(strategy, { revision: 0 }, [because(evaluation), intentRaised]))),
        )
        expect([evaluation.cause, evaluation.correlation]).toEqual([candle.seq, candle.seq])
        expect([intent.cause, intent.correlation]).toEqual([evaluation.seq, candle.seq])
      })

      test('an event of the same group, over the streams of the group', async () => {
        const candle = propose(market(0), candleClosed(0))
        const evaluation = propose(becauseOf(candle, 0), evaluated(0))
        const intent = propose(becauseOf(evaluation, 1), intentRaised)
        const [a, b, c] = appended(
          await store.append({
            run: 0,
            writes: [
              { stream: candles, expected: 'no-stream', events: [candle] },
              { stream: strategy, expected: 'no-stream', events: [evaluation, intent] },
            ],
          }),
        )
        expect([b?.cause, b?.correlation]).toEqual([a?.seq, a?.seq])
        expect([c?.cause, c?.correlation]).toEqual([b?.seq, a?.seq])
      })

      test('an event of the same group that continues an older chain', async () => {
        const candle = first(await store.append(candleGroup(0)))
        const evaluation = propose(because(candle), evaluated(0))
        const intent = propose(becauseOf(evaluation, 0), intentRaised)
        const [, second] = appended(
          await store.append({
            run: 0,
            writes: [{ stream: strategy, expected: 'no-stream', events: [evaluation, intent] }],
          }),
        )
        expect(second?.correlation).toBe(candle.seq)
      })

      test('survive the way through the store', async () => {
        const candle = first(await store.append(candleGroup(0)))
        const [evaluation] = appended(
          await store.append(group(write(strategy, 'no-stream', [because(candle), evaluated(0)]))),
        )
        expect(await all(store.read(strategy))).toEqual([evaluation])
      })

      test('that stand later in the group are a bug and throw', async () => {
        const later = propose(market(1), candleClosed(1))
        const early = propose(becauseOf(later, 1), candleClosed(0))
        await expect(
          store.append({
            run: 0,
            writes: [{ stream: candles, expected: 'no-stream', events: [early, later] }],
          }),
        ).rejects.toThrow('cause')
      })

      test('that are not recorded yet are a bug and throw, and nothing is written', async () => {
        const before = await store.head()
        const link = { seq: 999, id: propose(market(0), candleClosed(0)).id, correlation: 999 }
        await expect(
          store.append(group(write(strategy, 'no-stream', [because(link), evaluated(0)]))),
        ).rejects.toThrow('not recorded yet')
        expect(await store.head()).toEqual(before)
        expect(isRight(await store.append(candleGroup(0)))).toBe(true)
      })
    })

    describe('the recorded time', () => {
      test('is the clock of the book, in microseconds', async () => {
        clock.advance(1234)
        expect(first(await store.append(candleGroup(0))).at).toMatch(/^2023-03-24T11:40:01\.23400\dZ$/)
      })

      test('increases strictly while the clock stands still', async () => {
        await fill(20)
        const times = (await all(store.readAll())).map(({ at }) => at)
        expect([...new Set(times)].sort()).toEqual(times)
      })

      test('increases strictly when the clock is set back', async () => {
        await fill(2)
        clock.advance(-3_600_000)
        await store.append(candleGroup(2))
        const times = (await all(store.readAll())).map(({ at }) => at)
        expect([...new Set(times)].sort()).toEqual(times)
      })
    })

    describe('what is written', () => {
      const kept = async (text: string) => {
        await store.append(group(write(strategy, 'no-stream', [outside('t'), reason(text)])))
        const [event] = await all((await book.open('execute')).read(strategy))
        return event?.event
      }

      for (const [what, text] of [
        ['umlauts and euros', 'über 5 €'],
        ['characters beyond the first plane', '🪙 up 𝟙'],
        ['a lone surrogate', 'broken \ud83e end'],
        ['line separators and line ends', 'a\u2028b\u2029c\nd\re'],
        ['quotes, backslashes and braces', '"},"h":"\\"}\n{"n":"'],
        ['control characters and NUL', 'a\u0000b\u001fc'],
        ['an empty text', ''],
        ['a byte order mark', '\ufeffstart'],
      ] as const)
        test(`keeps ${what}`, async () => {
          expect(await kept(text)).toEqual(reason(text))
        })

      test('keeps a field that is called __proto__', async () => {
        const data = {
          ...evaluated(0).data,
          indicators: JSON.parse('{"__proto__":1,"fast":2}') as Record<string, number>,
        }
        const event = { type: 'StrategyEvaluated', version: 1, data } as const
        await store.append(group(write(strategy, 'no-stream', [outside('t'), event])))
        const [read] = await all(store.read(strategy))
        expect(JSON.stringify(read?.event.data)).toBe(JSON.stringify(data))
        expect(Object.getPrototypeOf(read?.event.data ?? null)).toBe(Object.prototype)
      })

      test('keeps the keys of data in their order, also those that look like numbers', async () => {
        const event = evaluated(0)
        const data = { ...event.data, indicators: { z: 1, '10': 2, a: 3, '2': 4 } }
        await store.append(group(write(strategy, 'no-stream', [outside('t'), { ...event, data }])))
        const [read] = await all(store.read(strategy))
        expect(JSON.stringify(read?.event.data)).toBe(JSON.stringify(data))
      })

      test('keeps measurements to the last bit', async () => {
        const numbers = { a: 0.1 + 0.2, b: 1e-300, c: Number.MAX_VALUE, d: 5e-324, e: -0.5 }
        const event = evaluated(0)
        await store.append(
          group(
            write(strategy, 'no-stream', [
              outside('t'),
              { ...event, data: { ...event.data, indicators: numbers } },
            ]),
          ),
        )
        const [read] = await all(store.read(strategy))
        expect(read?.event).toMatchObject({ data: { indicators: numbers } })
      })

      test('does not change when the writer changes its object afterwards', async () => {
        const event = evaluated(0)
        const pending = store.append(group(write(strategy, 'no-stream', [outside('t'), event])))
        ;(event.data as { champion: string }).champion = 'another'
        await pending
        expect((await all(store.read(strategy)))[0]?.event).toEqual(evaluated(0))
      })

      test('must be in the catalogue', async () => {
        const unknown = { type: 'CandleGuessed', version: 1, data: {} } as unknown as BookEvent
        await expect(store.append(group(write(candles, 'no-stream', [market(0), unknown])))).rejects.toThrow(
          'not in the catalogue',
        )
        const newer = { ...candleClosed(0), version: 2 } as unknown as BookEvent
        await expect(store.append(group(write(candles, 'no-stream', [market(0), newer])))).rejects.toThrow(
          'not in the catalogue',
        )
      })

      test('must fit on a line of 64 KiB, counted in bytes', async () => {
        const long = (text: string) => group(write(strategy, 'no-stream', [outside('t'), reason(text)]))
        await expect(store.append(long('x'.repeat(65_536)))).rejects.toThrow('does not fit')
        await expect(store.append(long('€'.repeat(22_000)))).rejects.toThrow('does not fit')
        expect(isRight(await store.append(long('x'.repeat(64_000))))).toBe(true)
        expect((await all(store.read(strategy)))[0]?.event).toEqual(reason('x'.repeat(64_000)))
      })

      test('must have an id that is one', async () => {
        const event = { id: 'x","h":"', cause: market(0), event: candleClosed(0) }
        await expect(
          store.append({ run: 0, writes: [{ stream: candles, expected: 'no-stream', events: [event] }] }),
        ).rejects.toThrow('no id')
      })

      test('must be in a stream whose name is one', async () => {
        const bad = group(write('candles-"BTC"', 'no-stream', [market(0), candleClosed(0)]))
        await expect(store.append(bad)).rejects.toThrow('no name of a stream')
      })
    })

    describe('roles', () => {
      test("another role's stream cannot be written", async () => {
        const scan = group(write(scanOfTheDay, 'no-stream', [outside('scan'), scanStarted]))
        await expect(store.append(scan)).rejects.toThrow('execute may not write')
        expect(isRight(await (await book.open('scan')).append(scan))).toBe(true)
      })

      test('the stream of the ledger itself cannot be written by anybody', async () => {
        const own = group(write(ledgerStream, 'no-stream', [outside('x'), bookOpened]))
        for (const role of ['execute', 'cli', 'reconcile'] as const)
          await expect((await book.open(role)).append(own)).rejects.toThrow('may not write')
      })

      test('every role reads everything', async () => {
        await fill(1)
        const halted = group(write(control, 'no-stream', [outside('halt'), tradingHalted]))
        const cli = await book.open('cli')
        await cli.append(halted)
        expect((await written(cli)).map(({ event }) => event.type)).toEqual(['CandleClosed', 'TradingHalted'])
        expect((await written(store)).map(({ event }) => event.type)).toEqual([
          'CandleClosed',
          'TradingHalted',
        ])
      })
    })

    describe('races', () => {
      test('of two that begin the same stream one wins, and the other is told', async () => {
        const other = await book.open('execute')
        const begin = (n: number) => group(write(candles, 'no-stream', [market(n), candleClosed(n)]))
        const answers = await Promise.all([store.append(begin(1)), other.append(begin(2))])
        expect(answers.filter(isRight)).toHaveLength(1)
        expect(answers.filter(isLeft).map(({ left }) => left.kind)).toEqual(['wrong-expected'])
        expect(await all(store.read(candles))).toHaveLength(1)
      })

      test('of two that append at the same revision one wins', async () => {
        await fill(3)
        const next = (n: number) => group(write(candles, { revision: 2 }, [market(n), candleClosed(n)]))
        const answers = await Promise.all([10, 11, 12, 13].map(n => store.append(next(n))))
        expect(answers.filter(isRight)).toHaveLength(1)
      })

      test('of the same append sent twice at once both are answered with the one event', async () => {
        const [a, b] = await Promise.all([store.append(candleGroup(0)), store.append(candleGroup(0))])
        expect(appended(a as never)).toEqual(appended(b as never))
        expect(await all(store.read(candles))).toHaveLength(1)
      })

      test('appends that follow each other may be sent without waiting', async () => {
        const answers = await Promise.all(Array.from({ length: 300 }, (_, n) => store.append(candleGroup(n))))
        expect(answers.every(isRight)).toBe(true)
        expect(
          (await all(store.read(candles))).map(({ event }) => (event as CandleClosed).data.close),
        ).toEqual(Array.from({ length: 300 }, (_, n) => candleClosed(n).data.close))
      })

      test('a refused append in the middle does not disturb its neighbours', async () => {
        const answers = await Promise.all([
          store.append(candleGroup(0)),
          store.append(group(write(candles, 'no-stream', [market(9), candleClosed(9)]))),
          store.append(candleGroup(1)),
        ])
        expect(answers.map(isRight)).toEqual([true, false, true])
      })

      test('a bug in the middle does not disturb its neighbours', async () => {
        const link = { seq: 9_999, id: propose(market(0), candleClosed(0)).id, correlation: 1 }
        const answers = await Promise.allSettled([
          store.append(candleGroup(0)),
          store.append(group(write(strategy, 'no-stream', [because(link), evaluated(0)]))),
          store.append(candleGroup(1)),
        ])
        expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
        expect(await all(store.read(candles))).toHaveLength(2)
      })
    })

    describe('reading', () => {
      test('a stream that does not exist gives nothing', async () => {
        expect(await all(store.read('candles-NONE-5m'))).toEqual([])
      })

      test('a stream gives its events alone, also when another name begins like it', async () => {
        await fill(2)
        await store.append(group(write(`${candles}5`, 'no-stream', [market(9), candleClosed(9)])))
        expect(await all(store.read(candles))).toHaveLength(2)
        expect(await all(store.read(`${candles}5`))).toHaveLength(1)
      })

      test('the head is the last event', async () => {
        await fill(3)
        const events = await all(store.readAll())
        const head = await store.head()
        expect(head.seq).toBe(events.at(-1)?.seq)
        expect(head.hash).toMatch(/^[0-9a-f]{64}$/)
      })

      test('the head of a book without events is 0', async () => {
        const head = await store.head()
        expect(head.seq).toBe((await all(store.readAll())).length)
      })

      test('two books with other events have other heads', async () => {
        await fill(1)
        const before = await store.head()
        await fill(2)
        expect((await store.head()).hash).not.toBe(before.hash)
      })

      test('begins after any seq and ends with any seq', async () => {
        await fill(40)
        const everything = await all(store.readAll())
        const last = everything.length
        for (const after of [0, 1, 2, 17, last - 1, last, last + 5])
          for (const upTo of [0, 1, 5, 18, last, last + 5])
            expect(await all(store.readAll({ after, upTo }))).toEqual(
              everything.filter(({ seq }) => seq > after && seq <= upTo),
            )
      })

      test('gives only the types that are asked for', async () => {
        await fill(3)
        await store.append(group(write(strategy, 'no-stream', [outside('e'), evaluated(0)])))
        const types = async (...names: string[]) =>
          (await all(store.readAll({ types: new Set(names) }))).map(({ event }) => event.type)
        expect(await types('StrategyEvaluated')).toEqual(['StrategyEvaluated'])
        expect(await types('CandleClosed', 'StrategyEvaluated')).toHaveLength(4)
        expect(await types('Candle')).toEqual([])
        expect(await types('CandleClosedX')).toEqual([])
        expect(await types()).toEqual([])
      })

      test('types combine with after and up to', async () => {
        await fill(10)
        const everything = await all(store.readAll())
        const types = new Set([CandleClosed.type])
        expect(await all(store.readAll({ after: 4, upTo: 8, types }))).toEqual(
          everything.filter(({ seq, event }) => seq > 4 && seq <= 8 && types.has(event.type as never)),
        )
      })

      test('ends with the head at the time of the call', async () => {
        await fill(3)
        const reading = store.readAll()
        await store.append(candleGroup(3))
        expect((await all(reading)).filter(({ stream }) => stream === candles)).toHaveLength(3)
      })

      test('may be given up in the middle', async () => {
        await fill(20)
        for await (const { revision } of store.read(candles)) if (revision === 3) break
        expect(await all(store.read(candles))).toHaveLength(20)
      })

      test('sees what another store of the book has written', async () => {
        const other = await book.open('execute')
        await fill(2)
        expect(await all(other.read(candles))).toHaveLength(2)
        appended(await other.append(candleGroup(2)))
        expect(await all(store.read(candles))).toHaveLength(3)
      })
    })

    describe('a subscription', () => {
      const take = async (count: number, after = 0, more: () => Promise<unknown> = async () => {}) => {
        const stop = new AbortController()
        const seen: Recorded<BookEvent>[] = []
        const adding = more()
        for await (const event of store.subscribe(after, stop.signal)) {
          seen.push(event)
          if (seen.length === count) stop.abort()
        }
        await adding
        return seen
      }

      test('gives what is there, in order', async () => {
        await fill(3)
        const everything = await all(store.readAll())
        expect(await take(everything.length)).toEqual(everything)
      })

      test('begins behind the given seq', async () => {
        await fill(3)
        const everything = await all(store.readAll())
        expect(await take(1, everything.length - 1)).toEqual(everything.slice(-1))
      })

      test('goes on with what comes, without gap or repeat', async () => {
        await fill(2)
        const { seq } = await store.head()
        const more = async () => {
          for (let n = 2; n < 40; n++) await store.append(candleGroup(n))
        }
        const seen = await take(seq + 38, 0, more)
        expect(seen.map(event => event.seq)).toEqual(
          Array.from({ length: seq + 38 }, (_, index) => index + 1),
        )
      })

      test('hears of what another store of the book writes', async () => {
        await fill(1)
        const { seq } = await store.head()
        const other = await book.open('execute')
        const [event] = await take(1, seq, () => other.append(candleGroup(1)))
        expect(event?.event).toEqual(candleClosed(1))
      })

      test('that begins in the future waits for it', async () => {
        await fill(1)
        const { seq } = await store.head()
        const more = async () => {
          for (let n = 1; n < 5; n++) await store.append(candleGroup(n))
        }
        const [event] = await take(1, seq + 2, more)
        expect(event?.seq).toBe(seq + 3)
      })

      test('ends when it is aborted while it waits', async () => {
        const stop = new AbortController()
        setTimeout(() => stop.abort(), 20)
        const { seq } = await store.head()
        expect(await all(store.subscribe(seq, stop.signal))).toEqual([])
      })

      test('that was aborted before it began gives nothing', async () => {
        await fill(2)
        expect(await all(store.subscribe(0, AbortSignal.abort()))).toEqual([])
      })

      test('ends between two events when it is aborted there', async () => {
        await fill(5)
        expect(await take(2)).toHaveLength(2)
      })

      test('two of them see the same', async () => {
        await fill(4)
        const count = (await store.head()).seq
        const [a, b] = await Promise.all([take(count), take(count)])
        expect(a).toEqual(b)
      })
    })

    describe('the whole story of an order', () => {
      test('reads back as it was written', async () => {
        const candle = first(await store.append(candleGroup(0)))
        const [evaluation, intent] = appended(
          await store.append(
            group(
              write(strategy, 'no-stream', [because(candle), evaluated(0)], [because(candle), intentRaised]),
            ),
          ),
        )
        const seq = intent?.seq ?? 0
        const request = first(
          await store.append(
            group(write(orderOf(seq), 'no-stream', [because(intent as Recorded), orderRequested(seq)])),
          ),
        )
        const filled = first(
          await store.append(
            group(write(orderOf(seq), { revision: 0 }, [because(request), orderFilled(seq, 't-1')])),
          ),
        )
        expect(await written(store)).toEqual([candle, evaluation, intent, request, filled])
        expect(filled.correlation).toBe(candle.seq)
      })

      test('a second answer to one intent is refused by the stream', async () => {
        const answer = (key: string) =>
          group(write(orderOf(7), 'no-stream', [outside(key), orderRequested(7)]))
        await store.append(answer('one'))
        expect(refusal(await store.append(answer('two'))).kind).toBe('wrong-expected')
      })
    })

    describe('closing', () => {
      test('waits for appends that are on their way', async () => {
        const pending = store.append(candleGroup(0))
        await store.close()
        expect(isRight(await pending)).toBe(true)
        expect(await all((await book.open('execute')).read(candles))).toHaveLength(1)
      })

      test('may be done twice, and nothing works afterwards', async () => {
        await store.close()
        await store.close()
        await expect(store.append(candleGroup(0))).rejects.toThrow('closed')
        await expect(store.head()).rejects.toThrow('closed')
        expect(() => store.readAll()).toThrow('closed')
      })
    })
  })
}
