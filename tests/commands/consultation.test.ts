// The loop with a strategy server behind it: what is asked, what is recorded, and that a server which fails, lies or falls
// back to a baseline gets nothing ordered.

import { expect, test } from 'vitest'
import { execute } from '../../commands/execute.ts'
import { exit } from '../../commands/exit.ts'
import { prove } from '../../commands/proof.ts'
import type { Champion } from '../../domain/champion.ts'
import type { EventStore } from '../../domain/event-store.ts'
import { sha256 } from '../../domain/hash.ts'
import { failures, type Question, type Reply, type StrategyServer } from '../../domain/strategy-server.ts'
import { instantOf, millisecondsOf } from '../../domain/time.ts'
import { VenueUnavailable } from '../../domain/venue.ts'
import { begin, closeOf, config, named, trade, type World, world } from '../engine-in-memory.ts'

const served: Champion = {
  strategy: 'http',
  symbol: 'BTC/USDT',
  timeframe: '5m',
  merged_config: {
    orderValue: '2000',
    parameters: { url: 'http://127.0.0.1:8000', candles: 4, deadlineMs: 1000 },
  },
  chosen: 'for a test',
  source: 'champions/http.json',
  sha256: sha256('http'),
}
const settings = { ...config, execute: { ...config.execute, symbols: ['BTC/USDT'] } }
const book = () => world(settings, [served])

const answerTo = ({ symbol, timeframe, candles, position }: Question, source = 'champions/http.json') => {
  const [before, last] = candles.slice(-2) as [Question['candles'][number], Question['candles'][number]]
  const isUp = Number(last.close) > Number(before.close)
  const isHeld = position.quantity !== '0'
  return {
    symbol,
    timeframe,
    openTime: last.openTime,
    action: isUp && !isHeld ? 'buy' : !isUp && isHeld ? 'sell' : 'none',
    signal: isUp ? 1 : -1,
    confidence: 0.5,
    reasons: [isUp ? 'it rises' : 'it falls'],
    indicators: { close: Number(last.close) },
    champion: { source },
  }
}

/** A server that answers the n-th question (from 0) as it is told to; undefined is the right answer. */
const serverOf = (reply: (n: number, question: Question) => Reply['said'] | undefined = () => undefined) => {
  const asked: Question[] = []
  const strategyServer: StrategyServer = {
    ask: async (_url, _deadlineMs, question) => {
      const said = reply(asked.length, question) ?? { json: answerTo(question) }
      asked.push(question)
      return { latencyMs: 3, said }
    },
  }
  return { asked, strategyServer }
}

const proofOf = (of: World, store: EventStore = of.store()) => prove(of.engine(), store, {}, () => {})

test('each candle is asked about once, with the candles before it and what is held; orders follow, and are proved', async () => {
  const of = book()
  const { asked, strategyServer } = serverOf()
  await trade(of.engine({ strategyServer }), closeOf(20))
  const events = await of.events()
  const closed = named(events, 'CandleClosed')
  expect(asked).toHaveLength(closed.length + 1) // the first one at the start, about the last candle of the history
  for (const [index, { candles }] of asked.entries()) {
    expect(candles.length).toBe(index === 0 ? 3 : 4)
    for (const [at, { openTime }] of candles.entries())
      if (at > 0) expect(openTime).toBe(candles[at - 1]?.closeTime)
  }
  expect(asked.slice(1).map(({ candles }) => candles.at(-1))).toEqual(closed.map(({ event }) => event.data))
  expect(new Set(asked.map(({ position }) => position.quantity === '0'))).toEqual(new Set([true, false]))
  const consulted = named(events, 'StrategyConsulted')
  expect(consulted.map(({ cause }) => cause)).toEqual(closed.map(({ seq }) => seq))
  expect(named(events, 'StrategyEvaluated').map(({ cause }) => cause)).toEqual(
    consulted.map(({ seq }) => seq),
  )
  expect(named(events, 'OrderFilled').length).toBeGreaterThan(3)

  // The proof asks nobody: a world's engine has no strategy server.
  const proof = await proofOf(of)
  expect(proof.differences).toEqual([])
  expect(proof.counts.evaluations).toEqual({ decisions: closed.length, identical: closed.length })
  expect(proof.answeredElsewhere).toBe(closed.length)
})

test('a restart goes on with the same window of candles, and asks about no candle twice', async () => {
  const of = book()
  const whole = serverOf()
  await trade(of.engine({ strategyServer: whole.strategyServer }), closeOf(8))
  const second = serverOf()
  await trade(of.engine({ strategyServer: second.strategyServer }), closeOf(16))
  const last = whole.asked.at(-1)?.candles ?? []
  expect(second.asked[1]?.candles.slice(0, -1)).toEqual(last.slice(1))
  const about = named(await of.events(), 'StrategyConsulted').map(({ event }) => event.data.openTime)
  expect(new Set(about).size).toBe(about.length)
  expect((await proofOf(of)).differences).toEqual([])
})

test.each(failures.filter(reason => reason !== 'baseline-fallback'))(
  '%s after the start: nothing is ordered, the evaluation says why, and the book goes on',
  async reason => {
    const of = book()
    const { strategyServer } = serverOf(n =>
      n === 0 ? undefined : { failure: { reason, detail: 'so it was' } },
    )
    expect(await trade(of.engine({ strategyServer }), closeOf(10))).toBe(exit.done)
    const events = await of.events()
    expect(named(events, 'IntentRaised')).toEqual([])
    const evaluated = named(events, 'StrategyEvaluated')
    expect(evaluated.length).toBe(10)
    for (const { event } of evaluated)
      expect(event.data.reasons).toEqual([`no answer of the strategy server: ${reason}, so it was`])
    expect((await proofOf(of)).differences).toEqual([])
  },
)

test('an answer outside the schema, or about the candle before, is recorded as such and asks for nothing', async () => {
  const of = book()
  const { strategyServer } = serverOf((n, question) => {
    if (n === 0) return undefined
    const answer = { ...answerTo(question), action: 'buy' }
    return n % 2 === 0
      ? { json: { ...answer, confidence: '1' } }
      : { json: { ...answer, openTime: question.candles.at(-2)?.openTime } }
  })
  await trade(of.engine({ strategyServer }), closeOf(6))
  const events = await of.events()
  expect(named(events, 'StrategyConsulted').map(({ event }) => event.data.failure?.reason)).toEqual([
    'wrong-candle',
    'outside-schema',
    'wrong-candle',
    'outside-schema',
    'wrong-candle',
    'outside-schema',
  ])
  expect(named(events, 'IntentRaised')).toEqual([])
})

test('a server that falls back to a baseline in the middle is refused at once: 78, on record', async () => {
  const of = book()
  const { strategyServer } = serverOf((n, question) =>
    n === 5 ? { json: { ...answerTo(question, 'baseline:fallback_1h'), action: 'buy' } } : undefined,
  )
  await expect(trade(of.engine({ strategyServer }), closeOf(20))).rejects.toMatchObject({
    code: exit.refused,
    message: expect.stringContaining('baseline:fallback_1h'),
  })
  const events = await of.events()
  expect(named(events, 'StrategyEvaluated')).toHaveLength(5)
  expect(named(events, 'StrategyEvaluated').at(-1)?.event.data.action).toBe('none')
  expect(named(events, 'ChampionRefused').map(({ event }) => event.data.reason)).toEqual([
    'baseline-fallback',
  ])
})

test('one that has a baseline at the start is refused before it evaluates anything', async () => {
  const of = book()
  const { strategyServer } = serverOf((_, question) => ({ json: answerTo(question, 'baseline:1h') }))
  await expect(trade(of.engine({ strategyServer }), closeOf(20))).rejects.toMatchObject({
    code: exit.refused,
  })
  expect(named(await of.events(), 'StrategyEvaluated', 'CandleClosed')).toEqual([])
  expect(named(await of.events(), 'ChampionRefused')).toHaveLength(1)
})

test('one that is down at the start ends a single turn, and a running book waits for it and misses no candle', async () => {
  const of = book()
  const down = { failure: { reason: 'unreachable', detail: 'nobody listens' } } as const
  const single = of.engine({ strategyServer: serverOf(() => down).strategyServer })
  single.simulated?.jumpTo(closeOf(3))
  await expect(execute.run(single, { once: true, from: begin })).rejects.toThrow(VenueUnavailable)
  expect(named(await of.events(), 'CandleClosed')).toEqual([])
  const { strategyServer } = serverOf(n => (n < 3 ? down : undefined))
  await trade(of.engine({ strategyServer }), closeOf(10))
  const opened = named(await of.events(), 'CandleClosed').map(({ event }) => event.data.openTime)
  expect(opened).toEqual(opened.map((_, index) => instantOf(millisecondsOf(begin) + index * 300_000)))
  expect(opened).toHaveLength(10)
})

test('a champion that another run leaves out is not asked, and sees the candles all the same', async () => {
  const of = world({ ...settings, execute: { ...settings.execute, strategies: ['ema-cross'] } }, [
    served,
    {
      ...served,
      strategy: 'ema-cross',
      source: 'champions/ema.json',
      merged_config: { orderValue: '2000', parameters: { fast: 2, slow: 4 } },
    },
  ])
  const { asked, strategyServer } = serverOf()
  await trade(of.engine({ strategyServer }), closeOf(5))
  expect(asked).toEqual([])
})

test('a record that was changed behind an answer is found by the proof', async () => {
  const of = book()
  await trade(of.engine({ strategyServer: serverOf().strategyServer }), closeOf(20))
  const store = of.store()
  const forged: EventStore = {
    ...store,
    readAll: async function* () {
      let changed = false
      for await (const recorded of store.readAll()) {
        const { event } = recorded
        if (!changed && event.type === 'StrategyConsulted' && event.data.answer?.action === 'buy') {
          changed = true
          const answer = { ...event.data.answer, action: 'none' as const }
          yield { ...recorded, event: { ...event, data: { ...event.data, answer } } }
        } else yield recorded
      }
    },
  }
  const { differences } = await proofOf(of, forged)
  expect(differences.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['evaluations', 'intents']))
})
