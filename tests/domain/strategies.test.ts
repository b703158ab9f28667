// Laws that every built-in strategy keeps, on the recorded markets.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readChampions } from '../../adapters/champion-folder.ts'
import type { Bar } from '../../domain/candle.ts'
import { strategies } from '../../domain/strategies.ts'
import { type Evaluation, type Holding, type Strategy, StrategyEvaluated } from '../../domain/strategy.ts'
import { barsOf } from '../recorded-bars.ts'

const champions = [
  ...readChampions('examples/champions/crypto'),
  ...readChampions('examples/champions/equities'),
]
/** One champion of each strategy that ships with one, and the day anchor that no champion uses. */
const cases = [...strategies.values()].flatMap(strategy => {
  const champion = champions.find(each => each.strategy === strategy.name)
  return champion === undefined
    ? []
    : [{ name: strategy.name, strategy, parameters: champion.merged_config.parameters }]
})
const pullback = cases.find(({ name }) => name === 'avwap-pullback')
if (pullback !== undefined)
  cases.push({
    ...pullback,
    name: 'avwap-pullback by day',
    parameters: { ...pullback.parameters, anchor: 'day' },
  })

const flat: Holding = { quantity: 0, entryPrice: 0 }

/** Evaluates bar by bar; every wish is granted at the close. */
const trade = (strategy: Strategy, parameters: unknown, bars: readonly Bar[]): readonly Evaluation[] => {
  const evaluate = strategy.start(parameters)
  let holding = flat
  return bars.map(bar => {
    const evaluation = evaluate(bar, holding)
    if (evaluation.action === 'buy') holding = { quantity: 1, entryPrice: bar.close }
    if (evaluation.action === 'sell') holding = flat
    return evaluation
  })
}

test('the three strategies that ship can be named', () => {
  expect([...strategies.keys()]).toEqual(expect.arrayContaining(['ema-cross', 'breakout', 'avwap-pullback']))
})

test.each(cases)(
  '$name trades on recorded bars, and never buys what it holds or sells what it has not',
  ({ strategy, parameters }) => {
    let holds = false
    let trades = 0
    for (const { action } of trade(strategy, parameters, barsOf('btc'))) {
      if (action === 'buy') expect(holds).toBe(false)
      if (action === 'sell') expect(holds).toBe(true)
      if (action !== 'none') holds = action === 'buy'
      if (action !== 'none') trades += 1
    }
    expect(trades).toBeGreaterThan(20)
  },
)

test.each(cases)(
  '$name does not look ahead: what it said of a beginning stands',
  ({ strategy, parameters }) => {
    const bars = barsOf('eth').slice(0, 2500)
    const all = trade(strategy, parameters, bars)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: bars.length }), length => {
        expect(trade(strategy, parameters, bars.slice(0, length))).toEqual(all.slice(0, length))
      }),
      { numRuns: 20 },
    )
  },
)

test.each(cases)('$name says the same when another bar follows', ({ strategy, parameters }) => {
  const bars = barsOf('eth').slice(0, 1500)
  const other = bars.map((bar, index) =>
    index < 1000 ? bar : { ...bar, high: bar.high * 3, close: bar.close * 2 },
  )
  const said = trade(strategy, parameters, bars)
  const saidOther = trade(strategy, parameters, other)
  expect(saidOther.slice(0, 1000)).toEqual(said.slice(0, 1000))
  expect(saidOther.slice(1000)).not.toEqual(said.slice(1000))
})

test.each(cases)(
  'two fresh instances of $name agree, also when they take turns',
  ({ strategy, parameters }) => {
    const bars = barsOf('btc').slice(0, 1500)
    const first = strategy.start(parameters)
    const second = strategy.start(parameters)
    for (const bar of bars) expect(first(bar, flat)).toEqual(second(bar, flat))
  },
)

test.each(cases)(
  '$name has no opinion while it warms up, and one on the next bar',
  ({ name, strategy, parameters }) => {
    const said = trade(strategy, parameters, barsOf('btc').slice(0, 1500))
    const first = said.findIndex(({ indicators }) => Object.keys(indicators).length > 0)
    expect(first).toBe(strategy.warmUp(parameters))
    for (const evaluation of said.slice(0, first))
      expect(evaluation, name).toEqual({
        action: 'none',
        signal: 0,
        confidence: 0,
        reasons: ['warming up'],
        indicators: {},
      })
  },
)

test.each(cases)(
  'what $name says can be recorded: finite numbers, a confidence from 0 to 1, a reason',
  ({ strategy, parameters }) => {
    const bars = barsOf('btc').slice(0, 3000)
    for (const [index, { limitPrice, ...evaluation }] of trade(strategy, parameters, bars).entries()) {
      StrategyEvaluated({
        champion: 'c',
        symbol: 'BTC/USDT',
        timeframe: '5m',
        openTime: new Date((bars[index] as Bar).openTime).toISOString(),
        holding: '0',
        ...evaluation,
      })
      expect(evaluation.reasons.length).toBeGreaterThan(0)
      if (limitPrice !== undefined) expect(limitPrice).toBeLessThanOrEqual((bars[index] as Bar).close)
    }
  },
)

test.each(cases)(
  'a restart in the middle decides like a run without one: $name',
  ({ strategy, parameters }) => {
    const bars = barsOf('btc').slice(0, 4000)
    const whole = strategy.start(parameters)
    const said = bars.map(bar => whole(bar, flat).action)
    const warmUp = strategy.warmUp(parameters)
    const restarted = strategy.start(parameters)
    const saidAfter = bars.slice(2000 - warmUp).map(bar => restarted(bar, flat).action)
    expect(saidAfter.slice(warmUp)).toEqual(said.slice(2000))
  },
)

test('parameters that do not fit are refused at start', () => {
  const emaCross = strategies.get('ema-cross') as Strategy
  expect(() => emaCross.start({ fast: 50, slow: 20 })).toThrow('must be shorter than slow')
  expect(() => emaCross.start({ fast: 5, slow: 20, extra: 1 })).toThrow('extra')
})
