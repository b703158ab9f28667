// The stories: what happens in each, as commands that anyone could type. Each becomes a folder of tests/stories/ with
// the ledger that it left and the views of it; tests/stories-write.ts makes them.
//
// Candles are cut from the recorded days under examples/, so nothing in a story is made up but the wishes.

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { openJsonlStore } from '../adapters/jsonl-store.ts'
import { because, propose } from '../domain/event.ts'
import { OrderFilled } from '../domain/order.ts'
import { orderStreamOf } from '../domain/stream.ts'
import { examples, root } from './cli/veritape.ts'

/** The stage of a story: a folder of its own, and the program. */
export interface Stage {
  /** Runs `veritape … --config story.json`; throws when it does not end with `code`. Gives its stdout. */
  veritape(argv: readonly string[], code?: number): string
  /** Writes story.json over the defaults of a story's book. */
  configure(config: object): void
  /** Writes a champion file. */
  champion(name: string, champion: object): void
  /** Cuts candles of five minutes from the recorded month: those that open in [from, until). */
  crypto(file: string, from: string, until: string): string
  /** Cuts the daily bars of these tickers from the recorded years. */
  equities(tickers: readonly string[], from: string, until: string): string
  readonly book: string
  readonly folder: string
}

export interface Story {
  /** The name of the folder and of the test. */
  readonly name: string
  readonly book: string
  /** Whether the book decides anything that a replay can decide again. */
  tell(stage: Stage): Promise<void> | void
}

/** Quick on purpose: it warms up with twelve candles and trades often. */
const breakout = {
  strategy: 'breakout',
  symbol: 'BTC/USDT',
  timeframe: '5m',
  merged_config: { orderValue: '2000', parameters: { entryBars: 6, exitBars: 4, atrBars: 3, trailAtr: 2 } },
  chosen: 'by hand, for a story: short lengths, so that it trades soon',
}

const crypto = (path: string) => ({
  mode: 'paper',
  market: { files: [{ symbol: 'BTC/USDT', timeframe: '5m', path }] },
  venue: {
    participation: '0.001',
    markets: { 'BTC/USDT': { tick: '0.01', lot: '0.00001', minimumQuantity: '0.0001' } },
  },
  execute: { symbols: ['BTC/USDT'], timeframe: '5m' },
})

/** A book of BTC/USDT over a few hours of a recorded day, with the quick champion. */
const openCrypto = (stage: Stage, from: string, until: string, more: object = {}) => {
  stage.configure({ ...crypto(stage.crypto('BTCUSDT-5m-2023-03', from, until)), ...more })
  stage.champion('BTC-USDT_5m.breakout.json', breakout)
}

const executeUntil = (stage: Stage, until: string, ...more: readonly string[]) =>
  stage.veritape(['execute', '--until', until, ...more])

export const stories: readonly Story[] = [
  {
    name: 'a-partial-fill-is-counted-once',
    book: 'partial',
    // The executor is stopped between two parts of one order, and started again twice over the same minutes.
    tell: stage => {
      openCrypto(stage, '2023-03-22T16:00Z', '2023-03-22T22:00Z', {
        venue: { ...crypto('').venue, participation: '0.00001' },
      })
      executeUntil(stage, '2023-03-22T18:45Z', '--from', '2023-03-22T17:30Z')
      for (const until of [
        '2023-03-22T18:25Z',
        '2023-03-22T18:30Z',
        '2023-03-22T18:30Z',
        '2023-03-22T20:00Z',
      ])
        executeUntil(stage, until)
    },
  },
  {
    name: 'a-halt-survives-a-restart',
    book: 'halted',
    tell: stage => {
      openCrypto(stage, '2023-03-22T16:00Z', '2023-03-22T22:00Z')
      executeUntil(stage, '2023-03-22T18:00Z', '--from', '2023-03-22T17:30Z')
      stage.veritape(['halt', '--reason', 'the interest rate decision'])
      executeUntil(stage, '2023-03-22T18:45Z')
      executeUntil(stage, '2023-03-22T19:00Z')
      stage.veritape(['resume', '--reason', 'it is out'])
      executeUntil(stage, '2023-03-22T20:30Z')
    },
  },
  {
    name: 'a-late-fill-after-a-cancel-is-kept',
    book: 'late',
    // The venue confirms the cancel, and reports a while later that somebody had hit the order a moment before.
    tell: async stage => {
      openCrypto(stage, '2023-03-22T00:00Z', '2023-03-22T06:00Z')
      executeUntil(stage, '2023-03-22T02:00Z', '--from', '2023-03-22T01:30Z')
      const wish = [
        'intent',
        'buy',
        'BTC/USDT',
        '--id',
        'early-bird',
        '--quantity',
        '0.01',
        '--limit',
        '27000',
      ]
      stage.veritape(wish)
      executeUntil(stage, '2023-03-22T02:05Z')
      const { openOrders } = JSON.parse(stage.veritape(['status', '--json'])) as { openOrders: string[] }
      const orderId = openOrders[0] as string
      stage.veritape(['intent', 'cancel', orderId, '--id', 'never-mind'])
      executeUntil(stage, '2023-03-22T02:15Z')
      await reportLateFill(join(stage.folder, 'ledger', stage.book), orderId)
      executeUntil(stage, '2023-03-22T02:45Z')
    },
  },
  {
    name: 'the-exchange-stood-still-and-the-gap-is-told',
    book: 'gap',
    tell: stage => {
      openCrypto(stage, '2023-03-24T09:00Z', '2023-03-24T16:00Z')
      executeUntil(stage, '2023-03-24T14:30Z', '--from', '2023-03-24T11:00Z')
    },
  },
  {
    name: 'a-denied-intent-leaves-its-reason',
    book: 'denied',
    tell: stage => {
      openCrypto(stage, '2023-03-22T00:00Z', '2023-03-22T06:00Z')
      executeUntil(stage, '2023-03-22T02:00Z', '--from', '2023-03-22T01:30Z')
      stage.veritape(['intent', 'buy', 'BTC/USDT', '--id', 'all-in', '--quantity', '5'])
      stage.veritape(['intent', 'buy', 'BTC/USDT', '--id', 'crumb', '--quantity', '0.00001'])
      stage.veritape([
        'intent',
        'buy',
        'BTC/USDT',
        '--id',
        'too-late',
        '--quantity',
        '0.01',
        '--expires',
        '60',
      ])
      executeUntil(stage, '2023-03-22T02:30Z')
    },
  },
  {
    name: 'a-dry-run-sends-nothing',
    book: 'dry',
    tell: stage => {
      openCrypto(stage, '2023-03-22T16:00Z', '2023-03-22T22:00Z', { mode: 'dry-run' })
      executeUntil(stage, '2023-03-22T20:00Z', '--from', '2023-03-22T18:00Z')
    },
  },
  {
    name: 'a-morning-from-scan-to-fill',
    book: 'morning',
    tell: stage => {
      const tickers = ['BMY', 'EOG', 'FB', 'KO', 'LLY', 'PCLN', 'XOM']
      const path = stage.equities(tickers, '2014-12-01', '2015-10-09')
      const demo = JSON.parse(withoutComments(join(examples, 'demo-equities.json'))) as Record<string, object>
      stage.configure({
        mode: 'paper',
        currency: 'USD',
        cash: '100000',
        calendar: 'nyse',
        zone: 'America/New_York',
        market: { files: [{ symbol: '*', timeframe: '1D', path }] },
        venue: demo.venue,
        execute: { symbols: [], timeframe: '1D' },
        limits: demo.limits,
        scan: { candidatesMax: 4 },
      })
      const champion = join(examples, 'champions/equities/any_1D.avwap-pullback.json')
      stage.champion('any_1D.avwap-pullback.json', JSON.parse(readFileSync(champion, 'utf8')) as object)
      for (const date of ['2015-10-05', '2015-10-06', '2015-10-07', '2015-10-08']) {
        stage.veritape(['scan', '--as-of', `${date}T08:30`])
        stage.veritape(['project', '--once'])
        stage.veritape(['watchlist', 'check', '--as-of', `${date}T08:35`])
        stage.veritape(['execute', '--once', '--as-of', `${date}T08:40`])
      }
    },
  },
  {
    name: 'a-backtest-is-proven-by-running-it-again',
    book: 'backtest',
    tell: stage => {
      openCrypto(stage, '2023-03-22T00:00Z', '2023-03-23T12:00Z')
      const range = ['--from', '2023-03-22T06:00Z', '--until', '2023-03-23T06:00Z']
      stage.veritape(['backtest', '--book', stage.book, ...range])
    },
  },
]

/** What a reconciliation does when the venue reports a trade of an order that is done in the ledger. */
const reportLateFill = async (folder: string, orderId: string) => {
  const stream = orderStreamOf(orderId)
  const store = await openJsonlStore({ folder, role: 'reconcile', clock: () => '2023-03-22T02:20:00.000Z' })
  const events = []
  for await (const recorded of store.read(stream)) events.push(recorded)
  const [request] = events
  if (request?.event.type !== 'OrderRequested') throw new Error(`${stream} does not begin with its request`)
  const fill = OrderFilled({
    orderId,
    by: request.event.data.by,
    tradeId: `${orderId}.late`,
    symbol: request.event.data.symbol,
    side: 'buy',
    price: '27000',
    quantity: '0.004',
    fee: '0.108',
    liquidity: 'maker',
    venueTime: '2023-03-22T02:09:59.000Z',
  })
  const writes = [
    { stream, expected: { revision: events.length - 1 }, events: [propose(because(request), fill, 'late')] },
  ]
  const answer = await store.append({ run: 0, writes })
  if (answer._tag === 'Left') throw new Error(answer.left.kind)
  await store.close()
}

export const stageOf = ({ book }: Story, folder: string): Stage => ({
  book,
  folder,
  veritape: (argv, code = 0) => {
    const global = ['--config', 'story.json', ...(argv.includes('--book') ? [] : ['--book', book])]
    const run = spawnSync(process.execPath, [join(root, 'dist/commands/main.js'), ...argv, ...global], {
      cwd: folder,
      encoding: 'utf8',
    })
    if (run.status !== code)
      throw new Error(`veritape ${argv.join(' ')} ended with ${run.status}\n${run.stdout}${run.stderr}`)
    return run.stdout
  },
  configure: config =>
    writeFileSync(join(folder, 'story.json'), JSON.stringify({ logLevel: 'warn', ...config }, undefined, 2)),
  champion: (name, champion) => {
    mkdirSync(join(folder, 'champions'), { recursive: true })
    writeFileSync(join(folder, 'champions', name), `${JSON.stringify(champion, undefined, 2)}\n`)
  },
  crypto: (name, from, until) => {
    const [start, end] = [Date.parse(from), Date.parse(until)]
    const rows = rowsOf(`crypto-binance-5m/${name}.csv.gz`, row => {
      const opens = Number(row.split(',')[0])
      return opens >= start && opens < end
    })
    writeFileSync(join(folder, `${name}.csv`), rows)
    return `${name}.csv`
  },
  equities: (tickers, from, until) => {
    const rows = rowsOf('equity-sp500-daily/sp500-daily-2013_2015.csv.gz', row => {
      const [ticker = '', date = ''] = row.split(',')
      return tickers.includes(ticker) && date >= from && date < until
    })
    writeFileSync(join(folder, 'daily.csv'), rows)
    return 'daily.csv'
  },
})

const rowsOf = (file: string, wanted: (row: string) => boolean): string => {
  const text = gunzipSync(readFileSync(join(examples, 'data', file))).toString('latin1')
  const [header = '', ...rows] = text.trimEnd().split('\n')
  const cut = rows.filter(wanted)
  if (cut.length === 0) throw new Error(`${file} has no such rows`)
  return `${[header, ...cut].join('\n')}\n`
}

const withoutComments = (path: string): string => readFileSync(path, 'utf8').replaceAll(/^\s*\/\/.*$/gm, '')
