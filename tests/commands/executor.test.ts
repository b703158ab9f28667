// A run that names its strategies leaves the others alone, even those that the book has seated before.

import { expect, test } from 'vitest'
import { prove } from '../../commands/proof.ts'
import { closeOf, config, named, trade, world } from '../engine-in-memory.ts'

test('a strategy that a run leaves out is silent in it, and the proof knows', async () => {
  const book = world()
  await trade(book.engine(), closeOf(10))
  const before = (await book.events()).length
  const chosen = { ...config, execute: { ...config.execute, strategies: ['breakout'] } }
  const text = JSON.stringify(chosen)
  const engine = book.engine({ config: chosen, configText: text })
  const configHash = await engine.data.put(Buffer.from(text))
  await trade({ ...engine, configHash }, closeOf(20))
  const events = (await book.events()).slice(before)

  const asked = new Set(named(events, 'StrategyEvaluated').map(({ event }) => event.data.champion))
  expect([...asked].sort()).toEqual(['breakout@BTC/USDT-5m', 'breakout@ETH/USDT-5m'])

  await trade(book.engine(), closeOf(30))
  const proof = await prove(book.engine(), book.store(), {}, () => {})
  expect(proof.differences).toEqual([])
  expect(proof.counts.evaluations.decisions).toBe(2 * (10 * 3 + 10 * 1 + 10 * 3))
})
