// What a mode means for its venue, and what the configuration of a live book records.

import { expect, test } from 'vitest'
import { venueObjection } from '../../commands/live-gate.ts'
import { withRulesOnRecord } from '../../commands/rules-on-record.ts'
import { type Config, defaults } from '../../domain/config.ts'
import { sha256 } from '../../domain/hash.ts'
import { recorded, world } from '../engine-in-memory.ts'

const config = (
  mode: Config['mode'],
  name: string,
  source: Config['market']['source'],
  sandbox = false,
): Config => ({
  ...defaults,
  mode,
  market: { ...defaults.market, source },
  venue: { ...defaults.venue, name, sandbox },
})

test.each([
  config('dry-run', 'paper', 'recorded'),
  config('dry-run', 'kraken', 'ccxt'),
  config('paper', 'paper', 'ccxt'),
  config('paper', 'binance', 'ccxt', true),
  config('paper', 'alpaca', 'alpaca'),
  config('live', 'kraken', 'ccxt'),
  config('live', 'alpaca', 'alpaca'),
])('$mode on $venue.name is meant', given => {
  expect(venueObjection(given)).toBeUndefined()
})

test.each([
  [config('live', 'paper', 'ccxt'), 'the embedded paper venue has neither'],
  [config('live', 'kraken', 'recorded'), 'cannot follow recorded candles'],
  [config('paper', 'binance', 'recorded', true), 'cannot follow recorded candles'],
  [config('live', 'binance', 'ccxt', true), 'not for a sandbox'],
  [config('paper', 'kraken', 'ccxt'), 'would trade real money'],
  [config('backtest', 'paper', 'recorded'), 'veritape backtest'],
])('$0.mode on $0.venue.name is a mistake: %s', (given, says) => {
  expect(venueObjection(given)).toContain(says)
})

test("a live market's rules are in the configuration that a run records, a recording's are the operator's", () => {
  const engine = world().engine()
  expect(withRulesOnRecord(engine, recorded)).toBe(engine)
  const rules = { tick: '0.5', lot: '0.001', minimumQuantity: '0.001', minimumNotional: '5' } as const
  const live = withRulesOnRecord(engine, { ...recorded, rules: () => rules })
  expect(JSON.parse(live.configText).venue.markets).toEqual({ 'BTC/USDT': rules, 'ETH/USDT': rules })
  expect(live.configHash).toBe(sha256(live.configText))
  expect(live.configHash).not.toBe(engine.configHash)
})
