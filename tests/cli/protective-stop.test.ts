// The example with a protective stop, as a newcomer runs it: stops that rest, are hit and give way; the proof of it; and
// the backtest that refuses the champion.

import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exit } from '../../commands/exit.ts'
import { filesIn, linesOf, temporaryFolder } from './files.ts'
import { examples, veritape } from './veritape.ts'

const config = join(examples, 'protective-stop.json')

interface Requested {
  readonly orderId: string
  readonly type: string
  readonly side: string
  readonly reduceOnly: boolean
  readonly quantity: string
}

test('two days with a stop under every position: some are hit, others give way, and every decision is proven', {
  timeout: 120_000,
}, async () => {
  const cwd = temporaryFolder()
  const days = ['--from', '2023-03-09', '--until', '2023-03-11']
  const run = await veritape(['execute', '--paper', ...days, '--config', config], { cwd })
  expect(run).toMatchObject({ code: exit.done, stderr: '' })

  const lines = linesOf(join(cwd, 'ledger/protective-stop'))
  const of = <Data>(type: string) => lines.filter(({ t }) => t === type).map(({ d }) => d as Data)
  const stops = of<Requested>('OrderRequested').filter(({ type }) => type === 'stop')
  expect(stops.length).toBeGreaterThan(3)
  for (const { side, reduceOnly } of stops) expect([side, reduceOnly]).toEqual(['sell', true])
  const ids = new Set(stops.map(({ orderId }) => orderId))
  const hit = of<{ orderId: string }>('OrderFilled').filter(({ orderId }) => ids.has(orderId))
  const gaveWay = of<{ orderId: string; reason: string }>('OrderCancelled').filter(({ orderId }) =>
    ids.has(orderId),
  )
  expect(hit.length).toBeGreaterThan(0)
  expect(gaveWay.map(({ reason }) => reason)).toContain('an exit takes its place')

  const proof = await veritape(['replay', '--prove', '--book', 'protective-stop', '--config', config], {
    cwd,
  })
  expect(proof.code).toBe(exit.done)
  expect(proof.stdout).toMatch(/(\d+) of \1 decisions are identical/)
})

test('a backtest refuses a champion with a protective stop, says why, and leaves no book', async () => {
  const cwd = temporaryFolder()
  const refused = await veritape(['backtest', '--strategy', 'ema-cross', '--config', config], { cwd })
  expect(refused).toEqual({
    code: exit.refused,
    stdout: '',
    stderr:
      'veritape: champions/BTC-USDT_5m.ema-cross.json has a protectiveStop, which a backtest does not rest at the venue yet; replay it with execute --until, or take it out\n',
  })
  expect(filesIn(cwd)).toEqual([])
})
