// backtest_vs_grademark: a process that backtests EMA 10/30 over a million bars of a csv file. Ours leaves a ledger in
// which every decision can be made again and compared; grademark reads the same file and records nothing.

import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Benchmark, timed } from './benchmark.ts'
import { numbers } from './market-day.ts'
import { peer } from './peer.ts'
import { benchFolder, mainFile } from './place.ts'

const peerFile = join(dirname(fileURLToPath(import.meta.url)), 'grademark-backtest.js')
const minute = 60_000

export const backtestVsGrademark: Benchmark = {
  name: 'backtest_vs_grademark',
  ours: 'veritape backtest, every decision provable',
  theirs: 'grademark, nothing recorded',
  ratio: 'speed',
  target: 1,
  prepare: async (folder, size) => {
    if (peer('grademark', benchFolder) === undefined) return { skipped: 'grademark is not installed' }
    const bars = size === 'full' ? 1_000_000 : 5_000
    const file = join(folder, 'bars.csv')
    fs.writeFileSync(file, csvOf(bars))
    fs.mkdirSync(join(folder, 'champions'))
    fs.writeFileSync(join(folder, 'champions', 'ema.json'), JSON.stringify(champion))
    fs.writeFileSync(join(folder, 'veritape.json'), JSON.stringify(configuration))
    let round = 0
    const ours = () => {
      const args = ['--config', 'veritape.json', '--ledger', `ledger-${round}`, '--state', `state-${round++}`]
      const market = ['--symbol', 'BTC/USDT', '--timeframe', '1m', '--file', file]
      run([mainFile, 'backtest', ...args, ...market], folder)
      return fs.rmSync(join(folder, `ledger-${round - 1}`), { recursive: true }) // throws when none was written
    }
    return {
      rounds: size === 'full' ? 3 : 1,
      unit: 'bar',
      ours: async () => (await timed(ours)) / bars,
      theirs: async () => (await timed(() => run([peerFile, file], folder))) / bars,
    }
  },
}

const run = (args: readonly string[], folder: string): void => {
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`)
}

const csvOf = (bars: number): string => {
  const random = numbers(7)
  const lines = ['ts,open,high,low,close,volume']
  let price = 28_000
  for (let bar = 0; bar < bars; bar++) {
    const open = price
    price = Math.max(1000, open * (1 + (random() - 0.5) / 400))
    const high = Math.max(open, price) * (1 + random() / 2000)
    const low = Math.min(open, price) * (1 - random() / 2000)
    const [o, h, l, c] = [open, high, low, price].map(value => value.toFixed(2))
    const time = Date.parse('2022-01-01T00:00:00.000Z') + bar * minute
    lines.push(`${time},${o},${h},${l},${c},${(50 + random() * 100).toFixed(5)}`)
  }
  return `${lines.join('\n')}\n`
}

const champion = {
  strategy: 'ema-cross',
  symbol: 'BTC/USDT',
  timeframe: '1m',
  merged_config: { orderValue: '2000', parameters: { fast: 10, slow: 30 } },
  chosen: 'for a benchmark, no advice',
}

/** Nothing that would end the trading early: the peer has no limits, no fees and no slippage. */
const configuration = {
  currency: 'USDT',
  cash: '1000000000',
  calendar: 'always',
  zone: 'UTC',
  logLevel: 'error',
  market: { source: 'recorded', files: [] },
  venue: {
    makerFee: '0',
    takerFee: '0',
    slippage: '0',
    participation: '1',
    markets: { 'BTC/USDT': { tick: '0.01', lot: '0.00001', minimumQuantity: '0.0001' } },
  },
  execute: { symbols: ['BTC/USDT'], timeframe: '1m', champions: 'champions' },
  limits: {
    orderValueMax: '1000000',
    symbolExposureMax: '1000000',
    grossExposureMax: '1000000',
    openOrdersMax: 6,
    ordersPerDayMax: 1000000,
    lossPerDayMax: '1000000000',
    drawdownMax: '0.9',
    candleAgeMaxMs: 600000,
  },
}
