// One sentence for a person about any event: what happened, in words that need no other page.

import type { BookEvent } from '../domain/catalogue.ts'
import { isOperatorsWord } from '../domain/order.ts'

/** '1 halt', '2 halts'. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

const priced = (limit?: string, stop?: string): string =>
  limit !== undefined
    ? ` at ${limit} or better`
    : stop !== undefined
      ? ` once ${stop} trades`
      : ' at the market'

/** Plain text, no colour. Every event of the catalogue has one: without it this does not compile. */
export const sentenceOf = ({ type, data }: BookEvent): string => {
  switch (type) {
    case 'CandleClosed':
      return `${data.symbol} ${data.timeframe} from ${data.openTime.slice(0, 16)}: open ${data.open} high ${data.high} low ${data.low} close ${data.close} volume ${data.volume}`
    case 'StrategyEvaluated': {
      const numbers = Object.entries(data.indicators).map(
        ([name, value]) => `${name} ${Number(value.toPrecision(7))}`,
      )
      return `${data.champion} says ${data.action} (confidence ${data.confidence.toFixed(2)}): ${data.reasons.join('; ')}${numbers.length > 0 ? ` [${numbers.join(', ')}]` : ''}`
    }
    case 'StrategyConsulted':
      return data.failure === undefined
        ? `the strategy server answered within ${data.latencyMs} ms: ${data.answer?.action}, by ${data.answer?.champion.source}`
        : `no answer of the strategy server after ${data.latencyMs} ms: ${data.failure.reason}, ${data.failure.detail}`
    case 'IntentRaised':
      return `${data.by} wishes to ${data.side} ${data.quantity} ${data.symbol}${priced(data.limitPrice, data.stopPrice)}: ${data.reason}`
    case 'LeaseTaken':
      return `${data.holder} took the book over from ${data.from}, of whom nothing was heard (term ${data.term})`
    case 'IntentDenied':
      return `denied, ${data.reason}: ${data.detail}`
    case 'IntentExpired':
      return `expired: the wish was good until ${data.expiresAt}`
    case 'OrderRequested':
    case 'OrderWithheld':
      return `${type === 'OrderWithheld' ? 'not sent (dry run): ' : ''}${data.side} ${data.quantity} ${data.symbol}${priced(data.limitPrice, data.stopPrice)}, order ${data.orderId}`
    case 'OrderAccepted':
      return `the venue has it as ${data.venueOrderId}`
    case 'OrderRejected':
      return isOperatorsWord(data.reason) ? data.reason : `the venue rejected it: ${data.reason}`
    case 'OrderOutcomeUnknown':
      return `the answer was lost: ${data.detail}`
    case 'OrderFilled':
      return `${data.side} ${data.quantity} ${data.symbol} at ${data.price}, fee ${data.feeCurrency === undefined ? data.fee : `${data.fee} ${data.feeCurrency}`}, ${data.liquidity}, trade ${data.tradeId}`
    case 'OrderExpired':
      return `expired at the venue at ${data.venueTime}`
    case 'OrderCancelled':
      return `cancelled: ${data.reason}`
    case 'CandidateFound':
      return `${data.ticker} rank ${data.rank}, score ${data.score.toFixed(3)}: ${data.reasons.join('; ')}`
    case 'TickerRejected':
      return `scan for ${data.session}: ${data.reason}, ${data.detail}`
    case 'ScanStarted':
      return `scan for ${data.session} over ${data.universe} tickers, bars up to ${data.lastBar}, dataset ${data.dataset.slice(0, 12)}`
    case 'ScanFailed':
      return `no scan for ${data.session}: ${data.detail}`
    case 'WarningRaised':
      return `warning, ${data.check}: ${data.detail}`
    case 'TickerShelved':
      return `${data.ticker} is not asked for before ${data.until}: ${data.reason}, ${data.detail}`
    case 'BarsStored':
      return `${data.current} of ${data.wanted} tickers have the bar of ${data.lastBar}, ${data.added} bars added, dataset ${data.dataset.slice(0, 12)}${data.interrupted === undefined ? '' : `; ${data.interrupted}`}`
    case 'WatchlistPublished':
      return `watchlist of ${data.session}: ${data.tickers.join(', ')}`
    case 'ChampionVerified':
      return `${data.champion} from ${data.source}`
    case 'HistoryLoaded':
      return `${data.champion} warmed up with ${data.candles} candles up to ${data.to}`
    case 'DataGapFound':
      return `${data.missing} candles of ${data.symbol} ${data.timeframe} missing from ${data.from} to ${data.to}`
    case 'TradingHalted':
      return `${data.level} by ${data.by}: ${data.reason}`
    case 'TradingResumed':
      return `resumed by ${data.by}: ${data.reason}`

    // The book, its runs and its gates.
    case 'BookOpened':
      return `the book is opened with ${data.cash} ${data.currency}; its days are those of ${data.zone}`
    case 'RunStarted':
      return `${data.command} started in mode ${data.mode}, version ${data.version}, configuration ${short(data.configHash)}`
    case 'RunStopped':
      return `the run ended, ${endings[data.reason]}${data.detail === '' ? '' : `: ${data.detail}`}`
    case 'CycleCompleted':
      return `cycle ${data.cycle} at ${minuteOf(data.clock)}: ${counted(data.candles, 'candle')}, ${counted(data.intents, 'intent')}, ${counted(data.orders, 'order')}, ${counted(data.fills, 'fill')}, ${counted(data.errors, 'error')}`
    case 'LiveGateOpened':
      return `the live gate is open: real orders on account ${data.account}`
    case 'LiveGateRefused':
      return `the live gate stayed shut: ${data.reason}`
    case 'DrawdownBreached':
      return `drawdown ${data.drawdown} reached the limit of ${data.limit}: equity ${data.equity}, it was ${data.peak}`
    case 'ChampionRefused':
      return `${data.champion} from ${data.source} is refused, ${data.reason}: ${data.detail}`
    case 'ScanCompleted':
      return `scan for ${data.session}: ${counted(data.candidates, 'candidate')} of ${data.scanned} tickers`
    case 'BacktestStarted':
      return `backtest of ${data.champion} over ${counted(data.candles, 'candle')} from ${minuteOf(data.from)} to ${minuteOf(data.to)}`
    case 'EvaluationsDigested':
      return `${counted(data.evaluations, 'evaluation')} of ${data.champion} up to ${minuteOf(data.to)}, digest ${short(data.digest)}`

    // What operators and doubts do to orders.
    case 'CancelWished':
      return `an operator wishes to cancel ${data.orderId}: ${data.reason}`
    case 'OrderCancelRequested':
      return `the venue is asked to cancel ${data.orderId}: ${data.reason}`
    case 'OrderResendRequested':
      return `${data.orderId} is sent again under the same id, time ${data.resend}: ${data.proof}`

    // The venue's account.
    case 'HoldingsObserved':
      return `the venue says we hold ${amountsIn(data.holdings)}`
    case 'ReconciliationCompleted':
      return data.verdict === 'agrees'
        ? `the venue and the ledger agree: ${counted(data.orders, 'order')} and ${counted(data.fills, 'fill')} compared`
        : `the venue and the ledger disagree in ${counted(data.drifts, 'thing')}`
    case 'DriftFound':
      return `${data.subject} ${data.name} drifts: the ledger says ${data.ledger}, the venue ${data.venue}`
    case 'DriftResolved':
      return `the drift of seq ${data.drift} is resolved: ${data.how}`
    case 'ExternalTradeObserved':
      return `the owner's own trade ${data.tradeId}: ${data.side} ${data.quantity} ${data.symbol} at ${data.price}, no order of this book`
    case 'ExternalOrderObserved':
      return `the owner's own order ${data.venueOrderId}: ${data.side} ${data.quantity} ${data.symbol}, left alone`
    case 'ExternalBalanceAdopted':
      return `${data.quantity} ${data.name} is known as not this book's: ${data.label}`
    case 'MarketSnapshotTaken':
      return `prices of ${named(Object.keys(data.tickers), 'nothing')} and ${counted(Object.keys(data.balances).length, 'balance')} as of ${minuteOf(data.taken)}${data.missing.length === 0 ? '' : `; missing: ${data.missing.map(({ what, why }) => `${what}, ${why}`).join('; ')}`}`

    // Health, the guardian and whom it tells.
    case 'HealthChecked': {
      const wrong = data.checks.filter(({ verdict }) => verdict !== 'ok')
      return `${data.verdict}: ${wrong.length === 0 ? `all ${data.checks.length} checks are well` : wrong.map(({ name, saw }) => `${name}, ${saw}`).join('; ')}`
    }
    case 'GuardedCheckFailed':
      return `${data.check} ended with ${data.code}${data.finding === 'unexpected' ? ', which is no verdict of it' : ''}${data.pattern === undefined ? ', and nothing in what it said is known' : `; it spoke of: ${data.pattern}`}`
    case 'RecoveryAttempted':
      return `attempt ${data.attempt}: ${data.action}, because of ${data.because}`
    case 'RecoveryActionTaken':
      return `${data.action}: ${data.saw}`
    case 'ReconnectRequested':
      return `the running executor is asked for a new connection to the ${data.what.join(' and the ')}`
    case 'Reconnected':
      return `the executor has a new connection to the ${data.what.join(' and the ')}, as seq ${data.request} asked`
    case 'RecoverySucceeded':
      return data.attempts === 0
        ? `well again by itself: ${data.check}`
        : `healed after ${counted(data.attempts, 'attempt')}: ${data.check}`
    case 'RecoveryFailed':
      return `not healed by ${counted(data.attempts, 'attempt')}: ${data.saw.trim().split('\n').at(-1)}`
    case 'AlertRaised':
      return `alarm (${data.severity}), ${data.subject}: ${data.sentence}`
    case 'NotificationSent':
      return `told by ${named(data.channels, 'no channel')}: ${data.sentence}`
    case 'NotificationFailed':
      return `${data.channel} could not be told: ${data.detail}`
    case 'RetentionCompleted': {
      const removed = Object.entries(data.removed).map(
        ([area, { files, bytes }]) => `${counted(files, area)} of ${bytes} bytes`,
      )
      return `sealed ${named(data.sealed, 'no day')}, threw away ${named(removed, 'nothing')}; ${data.free} bytes are free`
    }

    // The ledger about itself.
    case 'SegmentOpened':
      return `${data.segment} begins${data.previousSegment === undefined ? ', the first of the book' : ` behind ${data.previousSegment}`}`
    case 'SegmentClosed':
      return `${data.segment} ends, ${data.why === 'day' ? 'the day is over' : 'it is full'}; ${data.nextSegment} follows`
    case 'LedgerRecovered':
      return `${data.bytes} torn bytes at the end of ${data.segment} were set aside: ${data.quarantined}`
    case 'LedgerRestored':
      return `restored from a copy up to seq ${data.seq}; what the book did elsewhere after that is not known here`
    case 'LedgerRepaired':
      return `repaired after a failed sync: everything up to seq ${data.seq} was proven`
  }
}

const endings = {
  finished: 'done',
  signal: 'told to stop',
  refused: 'refused',
  failed: 'failed',
} as const

const short = (hash: string): string => hash.slice(0, 12)
const minuteOf = (instant: string): string => instant.slice(0, 16)
const named = (names: readonly string[], nothing: string): string =>
  names.length === 0 ? nothing : names.join(', ')
const amountsIn = (holdings: Readonly<Record<string, string>>): string =>
  named(
    Object.entries(holdings).map(([name, quantity]) => `${quantity} ${name}`),
    'nothing',
  )
