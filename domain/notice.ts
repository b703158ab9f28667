// What of all that happens people outside are told: changes of state, never heartbeats.
//
// The same verdict again is no news, and neither is a second drift beside the first.

import type { BookEvent, EventType } from './catalogue.ts'
import type { Recorded, Seq } from './event.ts'
import type { Severity } from './notification.ts'
import type { Topic } from './notify-rules.ts'
import { isOperatorsWord } from './order.ts'
import { guardStream, runStream } from './stream.ts'

export interface News {
  readonly topic: Topic
  readonly severity: Severity
  readonly sentence: string
  readonly seq: Seq
}

/** What must be remembered to tell a change. */
export interface Watched {
  verdict: 'ok' | 'degraded' | 'unhealthy'
  readonly drifts: Set<Seq>
}

export const nothingWatched = (): Watched => ({ verdict: 'ok', drifts: new Set() })

/** The types that can be news. */
export const newsTypes: readonly EventType[] = [
  'AlertRaised',
  'DrawdownBreached',
  'DriftFound',
  'DriftResolved',
  'HealthChecked',
  'LiveGateOpened',
  'LiveGateRefused',
  'OrderOutcomeUnknown',
  'OrderRejected',
  'RecoverySucceeded',
  'RunStarted',
  'RunStopped',
  'ScanFailed',
  'TradingHalted',
  'TradingResumed',
]

/** Takes the event in; gives what is to be told about it, if anything. */
export const newsIn = (watched: Watched, recorded: Recorded<BookEvent>): News | undefined => {
  const { seq, stream, event } = recorded
  const news = (topic: Topic, severity: Severity, sentence: string): News => ({
    topic,
    severity,
    sentence,
    seq,
  })
  switch (event.type) {
    case 'TradingHalted':
      return news('halt', 'error', `${event.data.level} by ${event.data.by}: ${event.data.reason}`)
    case 'TradingResumed':
      return news('halt', 'info', `resumed by ${event.data.by}: ${event.data.reason}`)
    case 'DrawdownBreached': {
      const { equity, peak, drawdown, limit } = event.data
      return news('drawdown', 'error', `${drawdown} of ${limit}: equity ${equity}, it was ${peak}`)
    }
    case 'HealthChecked': {
      const { verdict, checks } = event.data
      if (verdict === watched.verdict) return undefined
      watched.verdict = verdict
      if (verdict === 'ok') return news('health', 'info', 'healthy again')
      const wrong = checks.filter(each => each.verdict !== 'ok').map(({ name, saw }) => `${name}: ${saw}`)
      return news('health', verdict === 'degraded' ? 'warning' : 'error', `${verdict}: ${wrong.join('; ')}`)
    }
    case 'DriftFound':
      watched.drifts.add(seq)
      return watched.drifts.size > 1
        ? undefined
        : news(
            'drift',
            'error',
            `the venue and the ledger disagree about ${event.data.subject} ${event.data.name}`,
          )
    case 'DriftResolved':
      watched.drifts.delete(event.data.drift)
      return watched.drifts.size > 0
        ? undefined
        : news('drift', 'info', 'the venue and the ledger agree again')
    case 'AlertRaised':
      // The guardian says its own, because it must be heard when nothing else runs.
      return stream === guardStream
        ? undefined
        : news('alarm', event.data.severity, `${event.data.subject}: ${event.data.sentence}`)
    case 'RecoverySucceeded':
      return news('recovery', 'info', `healed after ${event.data.attempts} attempts: ${event.data.check}`)
    case 'OrderOutcomeUnknown':
      return news('orders', 'warning', `the answer to ${event.data.orderId} was lost: ${event.data.detail}`)
    case 'OrderRejected':
      return news(
        'orders',
        'warning',
        isOperatorsWord(event.data.reason)
          ? `${event.data.orderId} is given up: ${event.data.reason}`
          : `the venue rejected ${event.data.orderId}: ${event.data.reason}`,
      )
    case 'LiveGateOpened':
      return news('run', 'warning', `the live gate is open for ${event.data.account}`)
    case 'LiveGateRefused':
      return news('run', 'error', `the live gate refused: ${event.data.reason}`)
    case 'RunStarted':
      if (stream !== runStream('execute')) return undefined
      return news('run', 'info', `the executor has started, ${event.data.mode}, ${event.data.version}`)
    case 'RunStopped': {
      if (stream !== runStream('execute')) return undefined
      const { reason, detail } = event.data
      const severity = reason === 'failed' || reason === 'refused' ? 'error' : 'info'
      return news('run', severity, `the executor has stopped: ${reason}${detail === '' ? '' : `, ${detail}`}`)
    }
    case 'ScanFailed':
      return news('scan', 'error', `no scan for ${event.data.session}: ${event.data.detail}`)
    default:
      return undefined
  }
}
