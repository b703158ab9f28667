// An exit behind its protective stop, killed while the cancel of the stop is pending: the venue has heard it and not done it
// yet, so the stop may still fill. Whoever comes next sells nothing before the stop has its end, and then once.

import { expect, test } from 'vitest'
import { temporaryFolder } from '../cli/files.ts'
import { done, type Stage, theatre, until } from './stage.ts'

/** What is held of the 0.01 bought, behind binance's fee in the coin, in whole lots. */
const held = '0.00998'
const pendingMs = 8000

const sold = (stage: Stage) =>
  stage.lines().filter(({ t, d }) => t === 'OrderFilled' && d.side === 'sell').length

test('killed while the cancel of the stop is pending: the exit goes out behind its end, once', {
  timeout: 200_000,
}, async () => {
  const on = theatre('binance', temporaryFolder())
  const stage = await on.stage('market order', 'execute')
  const { symbol, venue } = stage
  const once = async () => done(await stage.run(['execute', '--live', '--once']))
  const intent = async (...words: string[]) =>
    done(await stage.run(['intent', ...words, '--expires', '3000']))
  await once() // buys
  await intent('sell', symbol, '--quantity', held, '--stop', '30000', '--id', 'stop')
  await once()
  await intent('close', symbol, '--id', 'out')

  await venue.faults.add({ on: 'cancel', fault: { kind: 'cancel-pending', ms: pendingMs } })
  const first = stage.start(['execute', '--live'])
  try {
    await until('the venue has heard the cancel', async () => (await venue.faults.fired()).length > 0)
  } finally {
    first.process.kill('SIGKILL')
  }
  expect((await first.ended).code).toBe('SIGKILL')
  const atDeath = await venue.books()
  expect(atDeath.orders.map(({ type, status }) => [type, status])).toEqual([
    ['market', 'filled'],
    ['stop', 'open'],
  ])

  const next = stage.start(['execute', '--live'])
  try {
    await until('the exit was filled', () => sold(stage) > 0)
    next.process.kill('SIGTERM')
    done(await next.ended)
  } finally {
    next.process.kill('SIGKILL')
  }
  const { orders, trades, byClientId } = await venue.books()
  expect(orders.map(({ side, type, status, filled }) => [side, type, status, filled])).toEqual([
    ['buy', 'market', 'filled', '0.01'],
    ['sell', 'stop', 'canceled', '0'],
    ['sell', 'market', 'filled', held],
  ])
  expect(Object.keys(byClientId)).toHaveLength(3)
  expect(trades.filter(({ side }) => side === 'sell').length).toBe(sold(stage))
  const [, stop, exit] = orders
  expect(exit?.at).toBeGreaterThanOrEqual(stop?.cancelDue ?? Number.POSITIVE_INFINITY)
  expect(stage.lines().filter(({ t }) => t === 'DriftFound' || t === 'TradingHalted')).toEqual([])
  expect((await stage.run(['reconcile'])).code).toBe(0)
  await stage.close()
})
