// One sentence for a person about any event that people ask about.

import type { BookEvent } from '../domain/catalogue.ts'

/** '1 halt', '2 halts'. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

const priced = (limit?: string, stop?: string): string =>
  limit !== undefined
    ? ` at ${limit} or better`
    : stop !== undefined
      ? ` once ${stop} trades`
      : ' at the market'

/** Plain text, no colour. An event without a sentence of its own is shown as its data. */
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
      return `the venue rejected it: ${data.reason}`
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
    default:
      return JSON.stringify(data)
  }
}
