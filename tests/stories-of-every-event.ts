// One book with an event of every kind that there is, written by the real store: what tests/ledgers/ is made of.

import { execFileSync } from 'node:child_process'
import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openJsonlStore } from '../adapters/jsonl-store.ts'
import { BarsStored, TickerShelved } from '../domain/bars.ts'
import { DataGapFound, HistoryLoaded } from '../domain/candle.ts'
import type { BookEvent } from '../domain/catalogue.ts'
import { ChampionRefused, ChampionVerified } from '../domain/champion.ts'
import { BacktestStarted, EvaluationsDigested } from '../domain/evaluation-digest.ts'
import { outside, propose } from '../domain/event.ts'
import {
  AlertRaised,
  HealthChecked,
  RecoveryAttempted,
  RecoveryFailed,
  RecoverySucceeded,
} from '../domain/health.ts'
import { CancelWished, IntentExpired, IntentRaised } from '../domain/intent.ts'
import {
  OrderCancelled,
  OrderCancelRequested,
  OrderExpired,
  OrderFilled,
  OrderOutcomeUnknown,
  OrderRejected,
  OrderWithheld,
} from '../domain/order.ts'
import { orderIdOf, orderPrefix } from '../domain/order-id.ts'
import { RetentionCompleted } from '../domain/retention.ts'
import { CycleCompleted, RunStopped } from '../domain/run.ts'
import { DrawdownBreached, LiveGateOpened, LiveGateRefused, TradingResumed } from '../domain/safety.ts'
import {
  CandidateFound,
  ScanCompleted,
  ScanFailed,
  ScanStarted,
  TickerRejected,
  WatchlistPublished,
} from '../domain/scan.ts'
import { StrategyConsulted } from '../domain/strategy-server.ts'
import {
  barsStream,
  type Role,
  retentionStream,
  runStream,
  scanStream,
  snapshotStream,
  strategyStream,
} from '../domain/stream.ts'
import {
  DriftFound,
  DriftResolved,
  HoldingsObserved,
  MarketSnapshotTaken,
  ReconciliationCompleted,
} from '../domain/truth.ts'
import { WarningRaised, WarningRules } from '../domain/warning.ts'
import {
  bookOpened,
  candleClosed,
  candles,
  champion,
  evaluated,
  intentDenied,
  intentRaised,
  orderAccepted,
  orderFilled,
  orderRequested,
  runStarted,
  scanOfTheDay,
  scanStarted,
  strategy,
  symbol,
  timeframe,
  tradingHalted,
} from './cast.ts'
import { root } from './cli/veritape.ts'

const book = 'every-event'
const firstDay = '2023-03-24T12:00:00.000Z'
const secondDay = '2023-03-25T12:00:00.000Z'
const prefix = orderPrefix(book, firstDay)
const orderId = (intent: number) => orderIdOf(prefix, intent)
const hash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const session = '2023-03-24'
const from = candleClosed(0).data.openTime
const to = candleClosed(2).data.closeTime

const consulted = {
  champion: 'http@BTC/USDT-5m',
  symbol,
  timeframe,
  openTime: from,
  url: 'http://127.0.0.1:8000',
} as const

interface Written {
  readonly role: Role
  readonly stream: string
  readonly events: readonly BookEvent[]
}

const ordered = (intent: number, ...events: readonly BookEvent[]): Written => ({
  role: 'execute',
  stream: `order-${orderId(intent)}`,
  events,
})

const request = (intent: number) => ({ ...orderRequested(intent).data, orderId: orderId(intent) })

/** In the order of the ledger. The store adds its own: segments, recovery, restore, repair. */
const written: readonly Written[] = [
  { role: 'execute', stream: runStream('execute'), events: [runStarted] },
  { role: 'execute', stream: 'account', events: [bookOpened] },
  {
    role: 'scan',
    stream: scanOfTheDay,
    events: [
      scanStarted,
      CandidateFound({
        session,
        ticker: 'KO',
        rank: 1,
        score: 0.75,
        close: '39.5',
        anchor: 'swing-low',
        anchorDate: '2023-03-01',
        avwap: 39.25,
        distance: 0.00636942675159235,
        atr: 0.5,
        trend: 0.02,
        turnover: 500_000_000,
        reasons: ['close 39.5 is 0.50 ATR above AVWAP 39.25'],
      }),
      TickerRejected({ session, ticker: 'XOM', reason: 'below-avwap', detail: 'close 70 is below AVWAP 71' }),
      ScanCompleted({ session, scanned: 2, candidates: 1, rejected: 1 }),
      WatchlistPublished({ session, tickers: ['KO'] }),
    ],
  },
  {
    role: 'execute',
    stream: strategy,
    events: [
      ChampionVerified({
        champion,
        strategy: 'ema-cross',
        symbol,
        timeframe,
        source: 'champions/BTC-USDT_5m.ema-cross.json',
        sha256: hash,
        orderValue: '2000',
        restCandles: 2,
        protectiveStop: '0.08',
        parameters: { fast: 12, slow: 48, rsi: { length: 14, buyBelow: 70 } },
      }),
      HistoryLoaded({ champion, symbol, timeframe, dataset: hash, from, to, candles: 3, digest: hash }),
    ],
  },
  {
    role: 'execute',
    stream: strategyStream('hope@BTC/USDT-5m'),
    events: [
      ChampionRefused({
        champion: 'hope@BTC/USDT-5m',
        source: 'champions/BTC-USDT_5m.hope.json',
        reason: 'strategy-unknown',
        detail: 'hope is none of ema-cross, breakout, avwap-pullback',
      }),
    ],
  },
  {
    role: 'execute',
    stream: candles,
    events: [
      candleClosed(0),
      DataGapFound({
        symbol,
        timeframe,
        from: candleClosed(1).data.openTime,
        to: candleClosed(1).data.closeTime,
        missing: 1,
      }),
      candleClosed(2),
    ],
  },
  { role: 'execute', stream: strategy, events: [evaluated(2), intentRaised] },
  ordered(
    17,
    orderRequestedOf(17),
    { ...orderAccepted(17), data: { ...orderAccepted(17).data, orderId: orderId(17) } },
    fillOf(17, 't-1', '0.1'),
    OrderCancelRequested({ orderId: orderId(17), reason: 'an operator wished it' }),
    OrderCancelled({ orderId: orderId(17), reason: 'an operator wished it', venueTime: to }),
    feeInBase(17, 't-2'),
  ),
  { role: 'execute', stream: strategy, events: [intentRaised] },
  ordered(24, intentDenied(24)),
  { role: 'execute', stream: strategy, events: [intentRaised] },
  ordered(26, IntentExpired({ intent: 26, expiresAt: intentRaised.data.expiresAt, decided: to })),
  { role: 'execute', stream: strategy, events: [intentRaised] },
  ordered(28, OrderWithheld(request(28))),
  { role: 'execute', stream: strategy, events: [intentRaised] },
  ordered(
    30,
    orderRequestedOf(30),
    OrderOutcomeUnknown({ orderId: orderId(30), detail: 'the connection was reset' }),
    OrderRejected({ orderId: orderId(30), reason: 'insufficient balance' }),
  ),
  { role: 'execute', stream: strategy, events: [IntentRaised({ ...intentRaised.data, dust: '0.00005' })] },
  ordered(34, orderRequestedOf(34), OrderExpired({ orderId: orderId(34), venueTime: to })),
  {
    role: 'cli',
    stream: 'control',
    events: [
      CancelWished({ id: 'never-mind', orderId: orderId(17), reason: 'an operator wished it' }),
      tradingHalted,
      TradingResumed({ by: 'operator', reason: 'lunch is over', lifts: [38] }),
    ],
  },
  {
    role: 'execute',
    stream: 'safety',
    events: [
      LiveGateRefused({ reason: 'LIVE_CONFIRM is missing' }),
      LiveGateOpened({ account: 'main', configHash: hash }),
      DrawdownBreached({ equity: '79000', peak: '100000', drawdown: '0.21', limit: '0.2' }),
    ],
  },
  {
    role: 'execute',
    stream: strategyStream('breakout@BTC/USDT-5m'),
    events: [
      BacktestStarted({
        champion: 'breakout@BTC/USDT-5m',
        symbol,
        timeframe,
        dataset: hash,
        from,
        to,
        candles: 3,
      }),
      EvaluationsDigested({ champion: 'breakout@BTC/USDT-5m', to, evaluations: 3, digest: hash }),
    ],
  },
  {
    role: 'reconcile',
    stream: 'truth',
    events: [
      HoldingsObserved({ observed: to, holdings: { BTC: '0.15', USDT: '95798.5' }, evidence: hash }),
      DriftFound({
        subject: 'position',
        name: 'BTC',
        symbol,
        ledger: '0.15',
        venue: '0.14',
        evidence: hash,
      }),
      ReconciliationCompleted({ verdict: 'drift', orders: 0, fills: 2, drifts: 1 }),
      DriftResolved({ drift: 46, how: 'the venue corrected its answer' }),
    ],
  },
  {
    role: 'snapshot',
    stream: snapshotStream,
    events: [
      MarketSnapshotTaken({
        taken: to,
        tickers: {
          'BTC/USDT': { last: '28010', bid: '28009.9', bidQuantity: '0.5', ask: '28010.1', askQuantity: '2' },
        },
        balances: { BTC: '0.15', USDT: '95798.5' },
        missing: [{ what: 'quote of ETH/USDT', why: 'kraken does not answer' }],
        evidence: hash,
      }),
    ],
  },
  {
    role: 'retain',
    stream: retentionStream,
    events: [
      RetentionCompleted({
        sealed: ['2023-03-24.jsonl'],
        removed: { 'old view': { files: 2, bytes: 4096 } },
        free: 2_000_000_000,
        floor: 1_000_000_000,
      }),
    ],
  },
  {
    role: 'health',
    stream: 'health',
    events: [
      HealthChecked({
        verdict: 'degraded',
        checks: [{ name: 'heartbeat', verdict: 'degraded', saw: 'the last cycle is 400 s old' }],
      }),
      AlertRaised({ severity: 'warning', subject: 'heartbeat', sentence: 'the last cycle is 400 s old' }),
    ],
  },
  {
    role: 'guard',
    stream: 'guard',
    events: [
      RecoveryAttempted({ check: 'health', action: 'restart', attempt: 1, because: 'exit code 1' }),
      RecoveryFailed({ check: 'health', attempts: 1, saw: 'exit code 1 again' }),
      RecoverySucceeded({ check: 'health', attempts: 2 }),
    ],
  },
  {
    role: 'scan',
    stream: barsStream,
    events: [
      BarsStored({
        dataset: hash,
        source: 'alpaca',
        lastBar: session,
        clock: to,
        wanted: 2,
        current: 1,
        added: 800,
        restated: ['KO'],
        interrupted: 'alpaca does not answer',
      }),
      TickerShelved({
        ticker: 'ZZZZ',
        reason: 'unknown-at-source',
        detail: 'alpaca does not know ZZZZ',
        until: '2023-04-23',
      }),
    ],
  },
  {
    role: 'scan',
    stream: scanStream('2023-03-27'),
    events: [
      ScanFailed({ session: '2023-03-27', clock: to, detail: 'no daily bars are configured' }),
      ScanStarted({
        ...scanStarted.data,
        session: '2023-03-27',
        list: hash,
        earnings: hash,
        warnings: WarningRules.parse({ index: 'SPY' }),
        unchecked: [{ check: 'earnings-proximity', detail: 'the file cannot be read' }],
      }),
      WarningRaised({
        check: 'earnings-proximity',
        session: '2023-03-27',
        symbol: 'KO',
        detail: 'KO reports tomorrow',
      }),
      ScanCompleted({ session: '2023-03-27', scanned: 2, candidates: 0, rejected: 0 }),
      WatchlistPublished({ session: '2023-03-27', tickers: [] }),
    ],
  },
  {
    role: 'execute',
    stream: strategyStream('http@BTC/USDT-5m'),
    events: [
      StrategyConsulted({
        ...consulted,
        latencyMs: 12,
        answer: {
          symbol,
          timeframe,
          openTime: from,
          action: 'buy',
          signal: 1,
          confidence: 0.75,
          reasons: ['the model is sure'],
          indicators: { score: 0.9 },
          limitPrice: 27_900.5,
          champion: { source: 'config/champions/BTC.json' },
        },
      }),
      StrategyConsulted({
        ...consulted,
        latencyMs: 2000,
        failure: { reason: 'timeout', detail: 'no whole answer within 2000 ms' },
      }),
    ],
  },
  {
    role: 'execute',
    stream: runStream('execute'),
    events: [
      CycleCompleted({
        cycle: 1,
        clock: to,
        sessionOpen: true,
        candles: 2,
        evaluations: 1,
        intents: 6,
        denials: 1,
        orders: 3,
        fills: 2,
        errors: 0,
        lastCandle: to,
      }),
      RunStopped({ reason: 'signal', detail: '', clock: to }),
    ],
  },
]

/** Hoisted, because the list above is made when this file is loaded. */
function orderRequestedOf(intent: number): BookEvent {
  return { ...orderRequested(intent), data: request(intent) }
}
/** A fill whose fee was taken off what was bought. */
function feeInBase(intent: number, trade: string): BookEvent {
  const filled = orderFilled(intent, trade, '0.05')
  return OrderFilled({ ...filled.data, orderId: orderId(intent), fee: '0.00005', feeCurrency: 'BTC' })
}
function fillOf(intent: number, trade: string, quantity: '0.1'): BookEvent {
  const filled = orderFilled(intent, trade, quantity)
  return { ...filled, data: { ...filled.data, orderId: orderId(intent) } }
}

/** Writes `folder`/every-event: a write is torn in the middle, the last event falls on the next day, and then all is
 * backed up, restored and repaired. `folder` keeps nothing else. */
export const writeEveryEvent = async (folder: string): Promise<void> => {
  const ledger = join(folder, 'before', book)
  const revisions = new Map<string, number>()
  for (const [index, { role, stream, events }] of written.entries()) {
    const isLast = index === written.length - 1
    if (index === 3) appendFileSync(join(ledger, '2023-03-24.jsonl'), '{"n":"0000000000000010","b":"00')
    const store = await openJsonlStore({
      folder: ledger,
      role,
      clock: () => (isLast ? secondDay : firstDay),
      create: { book, mode: 'paper', zone: 'UTC' },
    })
    const revision = revisions.get(stream) ?? -1
    const answer = await store.append({
      run: index === 0 ? 0 : 2,
      writes: [
        {
          stream,
          expected: revision < 0 ? 'no-stream' : { revision },
          events: events.map((event, at) => propose(outside(`${stream} ${revision + 1 + at}`), event)),
        },
      ],
    })
    await store.close()
    if (answer._tag === 'Left') throw new Error(`${stream}: ${answer.left.kind}`)
    revisions.set(stream, revision + events.length)
  }
  const run = (...argv: readonly string[]) =>
    execFileSync(process.execPath, [join(root, 'dist/commands/main.js'), ...argv, '--book', book], {
      cwd: folder,
    })
  run('backup', 'copy', '--ledger', 'before')
  run('restore', 'copy', '--ledger', 'after')
  writeFileSync(join(folder, 'after', book, 'POISON'), `${secondDay} pid 1: a sync failed\n`)
  run('repair', '--apply', '--ledger', 'after')
  renameSync(join(folder, 'after', book), join(folder, book))
  for (const part of ['before', 'copy', 'after']) rmSync(join(folder, part), { recursive: true })
}
