// What can be wrong with a configuration that has the right form: questions that need no file, clock or venue.

import { type Champion, championId, championObjection } from '../domain/champion.ts'
import type { Config } from '../domain/config.ts'
import { compare, type Decimal, isPositive } from '../domain/decimal.ts'
import { strategies } from '../domain/strategies.ts'
import { millisecondsIn } from '../domain/timeframe.ts'
import { venueObjection } from './live-gate.ts'

/** One line of `veritape check config`. */
export interface ConfigCheck {
  readonly name: string
  readonly verdict: 'PASS' | 'FAIL'
  readonly saw: string
  /** What to do; only when it failed. */
  readonly todo?: string
}

export const pass = (name: string, saw: string): ConfigCheck => ({ name, verdict: 'PASS', saw })
export const fail = (name: string, saw: string, todo: string): ConfigCheck => ({
  name,
  verdict: 'FAIL',
  saw,
  todo,
})

/** A ladder: the first objection to the limits is the answer. */
const limitsObjection = ({
  limits,
  cash,
  execute,
}: Config): readonly [saw: string, todo: string] | undefined => {
  const { orderValueMax, symbolExposureMax, grossExposureMax, lossPerDayMax, drawdownMax } = limits
  const money = { orderValueMax, symbolExposureMax, grossExposureMax, lossPerDayMax, drawdownMax }
  for (const [name, value] of Object.entries(money))
    if (!isPositive(value)) return [`${name} ${value} lets nothing through`, `set limits.${name} above 0`]
  if (compare(orderValueMax, symbolExposureMax) > 0)
    return [
      `orderValueMax ${orderValueMax} > symbolExposureMax ${symbolExposureMax}`,
      'an order that size is always denied; raise limits.symbolExposureMax or lower limits.orderValueMax',
    ]
  if (compare(symbolExposureMax, grossExposureMax) > 0)
    return [
      `symbolExposureMax ${symbolExposureMax} > grossExposureMax ${grossExposureMax}`,
      'one symbol may not hold more than all; raise limits.grossExposureMax or lower limits.symbolExposureMax',
    ]
  if (compare(drawdownMax, '1') >= 0)
    return [
      `drawdownMax ${drawdownMax} is never reached`,
      "set limits.drawdownMax to a share below 1: '0.2' is 20 %",
    ]
  if (compare(lossPerDayMax, cash) > 0)
    return [
      `lossPerDayMax ${lossPerDayMax} is more than the book's cash ${cash}`,
      'it would never stop a day; lower limits.lossPerDayMax',
    ]
  for (const name of ['openOrdersMax', 'ordersPerDayMax'] as const)
    if (limits[name] === 0)
      return [`${name} 0 lets no order through`, `raise limits.${name}; to stop trading: veritape halt`]
  const pollMs = execute.pollSeconds * 1000
  if (limits.candleAgeMaxMs < pollMs)
    return [
      `candleAgeMaxMs ${limits.candleAgeMaxMs} < execute.pollSeconds ${execute.pollSeconds}`,
      'a candle can be stale before it is seen; raise limits.candleAgeMaxMs',
    ]
  return undefined
}

export const limitsCheck = (config: Config): ConfigCheck => {
  const { orderValueMax, symbolExposureMax, grossExposureMax } = config.limits
  const objection = limitsObjection(config)
  if (objection !== undefined) return fail('limits', ...objection)
  return pass('limits', `order ${orderValueMax} ≤ symbol ${symbolExposureMax} ≤ all ${grossExposureMax}`)
}

const termsObjection = ({ venue, execute }: Config): readonly [saw: string, todo: string] | undefined => {
  const { markets, participation } = venue
  for (const name of ['makerFee', 'takerFee', 'slippage'] as const)
    if (compare(venue[name], '1') >= 0)
      return [`${name} ${venue[name]}`, `write it as a share: '0.001' is 0.1 %`]
  if (compare(venue.slippage, '0') < 0)
    return [`slippage ${venue.slippage}`, 'set venue.slippage to 0 or more']
  if (!isPositive(participation) || compare(participation, '1') > 0)
    return [`participation ${participation}`, "set venue.participation above 0 and at most 1: '0.1' is 10 %"]
  const uncovered = execute.symbols.filter(symbol => markets[symbol] === undefined)
  if (markets['*'] === undefined && uncovered.length > 0)
    return [`no entry for ${uncovered.join(', ')}`, "add it to venue.markets, or '*' for every other symbol"]
  if (markets['*'] === undefined && execute.symbols.length === 0)
    return ["no entry '*'", "a watchlist can name any symbol; add '*' to venue.markets"]
  for (const [symbol, rules] of Object.entries(markets))
    for (const [name, value] of Object.entries(rules) as [string, Decimal][])
      if (!isPositive(value))
        return [`${name} of ${symbol} is ${value}`, `set venue.markets ${symbol} ${name} above 0`]
  return undefined
}

export const venueCheck = (config: Config): ConfigCheck => {
  const objection = termsObjection(config)
  if (objection !== undefined) return fail('venue.markets', ...objection)
  const { execute, venue, market } = config
  if (market.source !== 'recorded') return pass('venue.markets', 'the live market tells them itself')
  const covered = execute.symbols.length === 0 ? 'any symbol' : execute.symbols.join(', ')
  return pass('venue.markets', `${venue.name} covers ${covered}`)
}

export const modeCheck = (config: Config): ConfigCheck => {
  const { mode, venue, cash } = config
  if (mode === 'live' && venue.name === 'paper')
    return fail('mode', 'live on the paper venue', 'use mode paper, or a venue that is real')
  const objection = mode === 'backtest' ? undefined : venueObjection(config)
  if (objection !== undefined) return fail('mode', `${mode} on ${venue.name}`, objection)
  if (!isPositive(cash)) return fail('mode', `${mode} with cash ${cash}`, 'give the book some cash')
  return pass('mode', `${mode} on ${venue.name}, cash ${cash}`)
}

/** Whether candles of everything that is traded are named; whether they are there is asked elsewhere. */
export const seriesCheck = ({ execute, market }: Config): ConfigCheck => {
  const { symbols, timeframe } = execute
  if (market.source !== 'recorded')
    return pass('market', `live candles of ${timeframe} from ${market.source}`)
  const files = market.files.filter(file => file.timeframe === timeframe)
  const named = (symbol: string) => files.some(file => file.symbol === symbol || file.symbol === '*')
  const missing = symbols.length === 0 ? (named('*') ? [] : ['*']) : symbols.filter(symbol => !named(symbol))
  if (missing.length > 0)
    return fail(
      'market.files',
      `no ${timeframe} candles of ${missing.join(', ')}`,
      'add their file to market.files',
    )
  return pass(
    'market.files',
    `${timeframe} candles of ${symbols.length === 0 ? 'any symbol' : symbols.join(', ')}`,
  )
}

/** One line for each champion that the book would run, and one for markets that would have none. */
export const championChecks = (
  { execute, limits }: Config,
  champions: readonly Champion[],
): readonly ConfigCheck[] => {
  const { symbols, timeframe, strategies: chosen } = execute
  const selected = champions.filter(({ strategy }) => chosen.length === 0 || chosen.includes(strategy))
  const absent = chosen.filter(name => !champions.some(({ strategy }) => strategy === name))
  const ids = selected.map(({ strategy, symbol, timeframe: of }) => championId(strategy, symbol, of))
  const idle = symbols.filter(
    symbol => !selected.some(each => each.timeframe === timeframe && [symbol, '*'].includes(each.symbol)),
  )
  return [
    ...selected.map((champion, index) => {
      const id = ids[index] as string
      const name = `champion ${id}`
      const objection = championObjection(champion, strategies)
      if (objection !== undefined)
        return fail(
          name,
          `${objection.reason}: ${objection.detail}`,
          `mend ${champion.source} or choose another`,
        )
      if (ids.indexOf(id) !== index)
        return fail(name, `there twice, the second time in ${champion.source}`, 'keep one of the files')
      const { orderValue } = champion.merged_config
      if (!isPositive(orderValue) || compare(orderValue, limits.orderValueMax) > 0)
        return fail(
          name,
          `orderValue ${orderValue} is not above 0 and at most limits.orderValueMax ${limits.orderValueMax}`,
          'every entry would be denied; change one of the two',
        )
      return pass(name, `${champion.source}, orderValue ${orderValue}`)
    }),
    ...absent.map(name =>
      fail(
        'execute.strategies',
        `no champion of ${name}`,
        'add its file, or take it out of execute.strategies',
      ),
    ),
    ...(idle.length === 0 && selected.length > 0
      ? []
      : [
          fail(
            'champions',
            `none of ${timeframe} for ${idle.join(', ') || 'any symbol'}`,
            'nothing would be traded there; add a champion file, or take the symbol out of execute.symbols',
          ),
        ]),
  ]
}

/** Recorded candles are seen when they close; older than this a poll of a live market may see them. */
export const pollCheck = ({ execute }: Config): ConfigCheck => {
  const { pollSeconds, timeframe } = execute
  if (pollSeconds * 1000 > millisecondsIn(timeframe))
    return fail(
      'execute.pollSeconds',
      `${pollSeconds} s is longer than a candle of ${timeframe}`,
      'candles would be answered late; lower it',
    )
  return pass('execute.pollSeconds', `${pollSeconds} s for candles of ${timeframe}`)
}
