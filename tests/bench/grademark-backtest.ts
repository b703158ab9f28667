// The peer's half of backtest_vs_grademark, a process of its own: reads the same csv, crosses the same averages, and
// records nothing. Prints how many trades it made.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { benchFolder } from './place.ts'

interface Bar {
  readonly time: Date
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
  readonly fast: number
  readonly slow: number
}

interface Rule {
  readonly bar: Bar
}

interface Grademark {
  backtest(strategy: object, bars: unknown): readonly unknown[]
}

interface DataForge {
  readonly DataFrame: new (bars: readonly Bar[]) => unknown
}

const require = createRequire(join(benchFolder, 'package.json'))
const { backtest } = require('grademark') as Grademark
const { DataFrame } = require('data-forge') as DataForge

const bars: Bar[] = []
let fast = Number.NaN
let slow = Number.NaN
for (const line of readFileSync(process.argv[2] ?? '', 'latin1')
  .split('\n')
  .slice(1)) {
  if (line === '') continue
  const [time, open, high, low, close, volume] = line.split(',').map(Number) as Parameters<typeof barOf>
  fast = Number.isNaN(fast) ? close : fast + (close - fast) * (2 / 11)
  slow = Number.isNaN(slow) ? close : slow + (close - slow) * (2 / 31)
  bars.push({ ...barOf(time, open, high, low, close, volume), fast, slow })
}

function barOf(time: number, open: number, high: number, low: number, close: number, volume: number) {
  return { time: new Date(time), open, high, low, close, volume }
}

const strategy = {
  entryRule: (enter: () => void, { bar }: Rule) => {
    if (bar.fast > bar.slow) enter()
  },
  exitRule: (leave: () => void, { bar }: Rule) => {
    if (bar.fast < bar.slow) leave()
  },
}

process.stdout.write(`${backtest(strategy, new DataFrame(bars)).length}\n`)
