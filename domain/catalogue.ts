// Every event that can stand in a ledger, by (type, version). What is not listed here cannot be written.

import * as account from './account.ts'
import * as bars from './bars.ts'
import * as candle from './candle.ts'
import * as champion from './champion.ts'
import * as digest from './evaluation-digest.ts'
import type { Event, EventOf } from './event.ts'
import * as health from './health.ts'
import * as intent from './intent.ts'
import * as leaseTaken from './lease-taken.ts'
import * as notification from './notification.ts'
import * as order from './order.ts'
import * as retention from './retention.ts'
import * as run from './run.ts'
import * as safety from './safety.ts'
import * as scan from './scan.ts'
import * as segment from './segment.ts'
import * as strategy from './strategy.ts'
import * as strategyServer from './strategy-server.ts'
import * as truth from './truth.ts'
import * as warning from './warning.ts'

export const declarations = [
  account.BookOpened,
  run.RunStarted,
  run.RunStopped,
  run.CycleCompleted,
  scan.ScanStarted,
  scan.CandidateFound,
  scan.TickerRejected,
  scan.ScanCompleted,
  scan.WatchlistPublished,
  scan.ScanFailed,
  bars.BarsStored,
  bars.TickerShelved,
  warning.WarningRaised,
  candle.CandleClosed,
  candle.DataGapFound,
  candle.HistoryLoaded,
  champion.ChampionVerified,
  champion.ChampionRefused,
  strategy.StrategyEvaluated,
  strategyServer.StrategyConsulted,
  digest.BacktestStarted,
  digest.EvaluationsDigested,
  intent.IntentRaised,
  intent.IntentDenied,
  intent.IntentExpired,
  intent.CancelWished,
  order.OrderRequested,
  order.OrderWithheld,
  order.OrderAccepted,
  order.OrderRejected,
  order.OrderOutcomeUnknown,
  order.OrderResendRequested,
  order.OrderCancelRequested,
  order.OrderCancelled,
  order.OrderExpired,
  order.OrderFilled,
  safety.TradingHalted,
  safety.TradingResumed,
  safety.LiveGateOpened,
  safety.LiveGateRefused,
  safety.DrawdownBreached,
  truth.HoldingsObserved,
  truth.ReconciliationCompleted,
  truth.DriftFound,
  truth.DriftResolved,
  truth.ExternalTradeObserved,
  truth.ExternalOrderObserved,
  truth.ExternalBalanceAdopted,
  truth.MarketSnapshotTaken,
  health.HealthChecked,
  health.RecoveryAttempted,
  health.RecoverySucceeded,
  health.RecoveryFailed,
  health.AlertRaised,
  retention.RetentionCompleted,
  health.GuardedCheckFailed,
  health.RecoveryActionTaken,
  health.ReconnectRequested,
  health.Reconnected,
  notification.NotificationSent,
  notification.NotificationFailed,
  segment.SegmentOpened,
  segment.SegmentClosed,
  segment.LedgerRecovered,
  segment.LedgerRestored,
  segment.LedgerRepaired,
  leaseTaken.LeaseTaken,
] as const

/** Any event of a book. */
export type BookEvent = EventOf<(typeof declarations)[number]>
export type EventType = BookEvent['type']

/** The event of that type name. */
export type EventNamed<Type extends EventType> = Extract<BookEvent, { type: Type }>

type Declaration = (typeof declarations)[number]

/** By type, then by version: asked for every event that is written or read. */
const byType = new Map<string, Map<number, Declaration>>()
for (const declaration of declarations) {
  const versions = byType.get(declaration.type) ?? new Map<number, Declaration>()
  byType.set(declaration.type, versions.set(declaration.version, declaration))
}

export const declarationOf = (type: string, version: number): Declaration | undefined =>
  byType.get(type)?.get(version)

/** Parses data that claims to be of this type; throws a ZodError with the fields that do not fit. */
export const parseEvent = ({ type, version, data }: Event): BookEvent => {
  const declaration = declarationOf(type, version)
  if (declaration === undefined) throw new UnknownEvent(type, version)
  return { type, version, data: declaration.data.parse(data) } as BookEvent
}

/** A ledger written by a newer program. Projections of money stop here rather than leave something out. */
export class UnknownEvent extends Error {
  constructor(type: string, version: number) {
    super(`the ledger holds ${type} version ${version}, which this program does not know; update veritape`)
    this.name = 'UnknownEvent'
  }
}
