// What a strategy server says, and what may follow from it: nothing, unless it is an answer by the schema.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { http } from '../../domain/strategies/http.ts'
import {
  evaluationOf,
  failures,
  heard,
  notConsulted,
  type ServerAnswer,
  StrategyConsulted,
} from '../../domain/strategy-server.ts'
import { millisecondsOf } from '../../domain/time.ts'
import { candleClosed } from '../cast.ts'

const champion = 'http@BTC/USDT-5m'
const url = 'http://127.0.0.1:8000'
const candle = candleClosed(0).data
const openTime = millisecondsOf(candle.openTime)
const flat = { quantity: 0, entryPrice: 0 }
const held = { quantity: 1, entryPrice: 100 }

const answer: ServerAnswer = {
  symbol: candle.symbol,
  timeframe: candle.timeframe,
  openTime: candle.openTime,
  action: 'buy',
  signal: 1,
  confidence: 0.75,
  reasons: ['the model is sure'],
  indicators: { score: 0.9 },
  champion: { source: 'config/champions/BTC.json' },
}
const said = (json: unknown) => heard(champion, url, candle, { latencyMs: 7, said: { json } })
const evaluated = (json: unknown, holding = flat) => evaluationOf(said(json).data, openTime, holding)

test('an answer by the schema is an evaluation, and the event says how long it took', () => {
  expect(said(answer).data).toEqual({
    champion,
    symbol: 'BTC/USDT',
    timeframe: '5m',
    openTime: candle.openTime,
    url,
    latencyMs: 7,
    answer,
  })
  expect(evaluated(answer)).toEqual({
    action: 'buy',
    signal: 1,
    confidence: 0.75,
    reasons: ['the model is sure'],
    indicators: { score: 0.9 },
  })
  expect(evaluated({ ...answer, limitPrice: 27_900.5 }).limitPrice).toBe(27_900.5)
  expect(evaluated({ ...answer, action: 'sell', limitPrice: 27_900.5 }, held)).not.toHaveProperty(
    'limitPrice',
  )
})

test.each([
  ['an unknown action', { ...answer, action: 'BUY' }, 'outside-schema'],
  ['a confidence above one', { ...answer, confidence: 1.1 }, 'outside-schema'],
  ['a number as text', { ...answer, limitPrice: '27900' }, 'outside-schema'],
  ['a price of nothing', { ...answer, limitPrice: 0 }, 'outside-schema'],
  ['an unknown field', { ...answer, quantity: '10' }, 'outside-schema'],
  ['a field that is missing', { ...answer, reasons: undefined }, 'outside-schema'],
  ['no reason', { ...answer, reasons: [] }, 'outside-schema'],
  ['null', null, 'outside-schema'],
  ['a list of answers', [answer], 'outside-schema'],
  ['the candle before', { ...answer, openTime: '2023-03-24T11:35:00.000Z' }, 'wrong-candle'],
  ['another market', { ...answer, symbol: 'ETH/USDT' }, 'wrong-candle'],
  ['another timeframe', { ...answer, timeframe: '1h' }, 'wrong-candle'],
  ['a fallback', { ...answer, champion: { source: 'baseline:fallback_1h' } }, 'baseline-fallback'],
  [
    'a fallback in the right folder',
    { ...answer, champion: { source: 'champions/fallback.json' } },
    'baseline-fallback',
  ],
])('%s asks for nothing, and the evaluation says why', (_, json, reason) => {
  const { failure, answer: taken } = said(json).data
  expect(failure?.reason).toBe(reason)
  expect(taken).toBeUndefined()
  const evaluation = evaluated(json)
  expect(evaluation).toMatchObject({ action: 'none', signal: 0, confidence: 0, indicators: {} })
  expect(evaluation.reasons[0]).toContain(reason)
})

test.each(failures)('%s on the wire asks for nothing', reason => {
  const { data } = heard(champion, url, candle, {
    latencyMs: 2000,
    said: { failure: { reason, detail: 'so it was' } },
  })
  expect(evaluationOf(data, openTime, flat)).toMatchObject({
    action: 'none',
    reasons: [`no answer of the strategy server: ${reason}, so it was`],
  })
})

test('a server cannot buy what is held already, or sell what is not', () => {
  expect(evaluated(answer, held)).toMatchObject({ action: 'none', signal: 1 })
  expect(evaluated({ ...answer, action: 'sell' })).toMatchObject({ action: 'none' })
  expect(evaluated({ ...answer, action: 'sell' }, held)).toMatchObject({ action: 'sell' })
})

test('an answer that nobody recorded, or one about another candle, asks for nothing', () => {
  expect(evaluationOf(undefined, openTime, flat)).toBe(notConsulted)
  expect(evaluationOf(said(answer).data, openTime + 300_000, flat).action).toBe('none')
})

describe('law: no answer outside the schema can produce an order', () => {
  /** Answers that are nearly right: one field is something else. */
  const nearly = fc
    .tuple(fc.constantFrom(...Object.keys(answer), 'limitPrice', 'size'), fc.jsonValue())
    .map(([name, value]) => ({ ...answer, [name]: value }))
  const isRight = (json: unknown): boolean => {
    // Written down by hand from docs/strategies.md, so that the schema is not held against itself.
    if (typeof json !== 'object' || json === null || Array.isArray(json)) return false
    const { limitPrice, ...given } = json as Record<string, unknown>
    const source = (given.champion as { source?: unknown } | undefined)?.source
    return (
      Object.keys(given).sort().join() === Object.keys(answer).sort().join() &&
      (limitPrice === undefined || (typeof limitPrice === 'number' && limitPrice > 0)) &&
      given.symbol === answer.symbol &&
      given.timeframe === answer.timeframe &&
      given.openTime === answer.openTime &&
      ['buy', 'sell', 'none'].includes(String(given.action)) &&
      [-1, 0, 1].includes(given.signal as number) &&
      typeof given.confidence === 'number' &&
      given.confidence >= 0 &&
      given.confidence <= 1 &&
      Array.isArray(given.reasons) &&
      given.reasons.every(reason => typeof reason === 'string') &&
      typeof given.indicators === 'object' &&
      typeof source === 'string' &&
      source.includes('champions') &&
      Object.keys(given.champion as object).length === 1
    )
  }

  test('of any JSON, and of what is nearly right', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), nearly), fc.boolean(), (json, holds) => {
        if (isRight(json)) return
        expect(evaluated(json, holds ? held : flat).action).toBe('none')
      }),
      { numRuns: 2000 },
    )
  })
})

test('a record that claims both an answer and a failure asks for nothing', () => {
  const both = StrategyConsulted({
    ...said(answer).data,
    failure: { reason: 'timeout', detail: 'too late' },
  })
  expect(evaluationOf(both.data, openTime, flat).action).toBe('none')
})

test.each([
  'http://example.com',
  'http://127.0.0.1.example.com',
  'https://user:secret@example.com',
  'https://example.com/?token=secret',
  'https://example.com/path',
  'ftp://127.0.0.1',
  'https://',
])('%s is no address of a strategy server', given => {
  const parsed = http.parameters.safeParse({ url: given, candles: 10, deadlineMs: 1000 })
  expect(parsed.success).toBe(false)
  expect(JSON.stringify(parsed.error?.issues)).not.toContain('secret')
})

test.each([
  'http://127.0.0.1:8000',
  'http://localhost',
  'http://[::1]:9',
  'https://strategy.example.com:8443',
])('%s is one', given => {
  expect(http.parameters.safeParse({ url: given, candles: 10, deadlineMs: 1000 }).success).toBe(true)
})
