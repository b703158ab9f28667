// What a verb is given: the ports, opened on demand, and the effective configuration. commands/main.ts is the only
// place that knows which adapters stand behind it.

import type { SealOptions, SealStep } from '../domain/anchor.ts'
import type { DailyColumns } from '../domain/avwap-scan.ts'
import type { Calendar } from '../domain/calendar.ts'
import type { Candle } from '../domain/candle.ts'
import type { CandleColumns } from '../domain/candle-columns.ts'
import type { BookEvent } from '../domain/catalogue.ts'
import type { Champion } from '../domain/champion.ts'
import type { Clock, SimulatedClock } from '../domain/clock.ts'
import type { Config, ConfigValue } from '../domain/config.ts'
import type { DataFolder } from '../domain/data-folder.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { Earnings } from '../domain/earnings.ts'
import type { Recorded } from '../domain/event.ts'
import type { EventStore, Head, Mode } from '../domain/event-store.ts'
import type { GuardHands } from '../domain/guard.ts'
import type { MemoryFact, NotAsked, VenueFact } from '../domain/health-rules.ts'
import type { KillSwitch } from '../domain/kill-switch.ts'
import type { AuditOptions, AuditReport, AuditStep } from '../domain/ledger-audit.ts'
import type { LedgerCopies } from '../domain/ledger-copies.ts'
import type { CopyOptions, CopyReport, CopyStep } from '../domain/ledger-copy.ts'
import type { RepairReport } from '../domain/ledger-repair.ts'
import type { LiveKeys } from '../domain/live-gate.ts'
import type { Log } from '../domain/log.ts'
import type { MarketData } from '../domain/market-data.ts'
import type { Messenger } from '../domain/notification.ts'
import type { Notifier } from '../domain/notifier.ts'
import type { Order } from '../domain/order.ts'
import type { Releases } from '../domain/release.ts'
import type { DisposableFiles } from '../domain/retention.ts'
import type { Screen } from '../domain/screen.ts'
import type { StrategyServer } from '../domain/strategy-server.ts'
import type { Role } from '../domain/stream.ts'
import type { Instant } from '../domain/time.ts'
import type { Timeframe } from '../domain/timeframe.ts'
import type { Units } from '../domain/units.ts'
import type { Venue } from '../domain/venue.ts'
import type { ViewFolder } from '../domain/view-folder.ts'

/** Recorded candles by the hash of their file, for replays. */
export interface RecordedCandles {
  /** Keeps the file behind a series in the data folder; of a live source these candles. Gives its SHA-256. */
  keep(symbol: string, timeframe: Timeframe, candles?: readonly Candle[]): Promise<string>
  candles(
    dataset: string,
    symbol: string,
    timeframe: Timeframe,
    from: Instant,
    to: Instant,
  ): Promise<readonly Candle[]>
  /** The daily bars of a recorded file, or of a manifest of the bar store. */
  daily(dataset: string): Promise<ReadonlyMap<string, DailyColumns>>
  /** All candles of a series: of the configured file, or of a kept one when `dataset` names it. */
  columns(symbol: string, timeframe: Timeframe, dataset?: string): Promise<CandleColumns>
}

/** What the scan looks at besides recorded candles. Files that cannot be used throw a sentence. */
export interface Universe {
  /** The tickers of the configured lists, each once, sorted; undefined when no list is configured. */
  tickers(): readonly string[] | undefined
  /** Keeps the configured earnings dates in the data folder; gives their SHA-256, undefined when none are configured. */
  keepEarnings(): Promise<string | undefined>
  earnings(sha256: string): Promise<Earnings>
  /** Adds bars to a dataset of the book's store, or begins one; gives the SHA-256 of what it is then. */
  addBars(
    dataset: string | undefined,
    bars: ReadonlyMap<string, readonly Candle[]>,
    anew: readonly string[],
  ): Promise<string>
}

export interface Engine {
  readonly config: Config
  readonly configValues: readonly ConfigValue[]
  /** SHA-256 of the canonical text of everything in the configuration that can change a decision. */
  readonly configHash: string
  readonly configText: string
  readonly version: string
  /** SHA-256 over the program's own files. */
  codeHash(): string
  readonly runtime: { readonly node: string; readonly icu: string; readonly tzdata: string }
  readonly screen: Screen
  readonly log: Log
  readonly clock: Clock
  /** The same clock when the book's data is recorded: its time is the recording's, not the wall's. */
  readonly simulated: SimulatedClock | undefined
  /** What --as-of said. */
  readonly asOf: Instant | undefined
  /** Tells who started this process that it is ready and that it gets on. */
  readonly notifier: Notifier
  /** The machine's units. */
  readonly units: Units
  /** Releases of the program in a folder of the machine. */
  releases(folder: string): Promise<Releases>
  /** Bytes on the disk where the ledger lies. */
  diskOfLedger(): { readonly free: number; readonly total: number }
  /** What retention may throw away. */
  readonly disposable: DisposableFiles
  /** The process that executes the book on this machine; undefined when none does, or it cannot be seen. */
  executorMemory(): MemoryFact | undefined
  /** Asks the book's venue whether it answers, takes our keys and has our time. Never throws, and waits some seconds at most. */
  askVenue(): Promise<VenueFact | NotAsked>
  readonly guardHands: GuardHands
  /** The text without secrets: before it is kept anywhere. */
  clean(text: string): string
  readonly messenger: Messenger
  /** What POISON says: a sync failed, and nobody may write. Undefined when it is not there, or the ledger is no folder. */
  poison(): string | undefined
  /** Who executes the book ('pid 12'), or 'nobody'. Undefined when it cannot be seen from here. */
  executorHolder(): string | undefined
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal
  /** Folder of the book's ledger, for people. */
  readonly ledgerPath: string
  /** Opens for reading; throws NoSuchBook when there is no ledger yet. */
  readLedger(): Promise<EventStore>
  /** Whether there is a ledger of that book in the same ledger folder. */
  hasBook(book: string): Promise<boolean>
  /** Another book of the same ledger folder. */
  readBook(book: string): Promise<EventStore>
  /**
   * Opens for writing in a role; creates the ledger of a new book when `create` says its mode. 'urgent' may use up
   * the room on the disk that is kept for a halt.
   */
  writeLedger(role: Role, create?: Mode, urgency?: 'urgent'): Promise<EventStore>
  /** Holds the book for one executor; throws Stop 75 when another process holds it. */
  holdExecutor(): Promise<() => void>
  /**
   * Goes through the whole ledger and verifies every line on the way; gives the events of the wanted types, with
   * the wanted fields of their data only. Throws LedgerDamaged at the first line that does not hold.
   */
  replay(
    wanted: ReadonlyMap<string, readonly string[]>,
    visit: (cut: Pick<Recorded<BookEvent>, 'seq' | 'event'>) => void,
  ): Promise<Head>
  /** Proves the ledger's bytes without writing; each damage is a step, the report is the end. */
  auditLedger(options: AuditOptions): AsyncGenerator<AuditStep, AuditReport>
  /** Seals and anchors every closed day; throws KeyRefused for a key that others can read. */
  sealLedger(options: SealOptions): AsyncGenerator<SealStep, void>
  /**
   * The way out of POISON: looks, or with `apply` writes anew what is proven, so that writers may write again. Throws
   * LedgerDamaged when what was acknowledged is not all there, RepairFailed when the disk failed once more, LedgerBusy.
   */
  repairLedger(apply: boolean): Promise<RepairReport>
  /** The book's ledger as files and as text: backups, restores, exports. */
  readonly copies: LedgerCopies
  /** Copies the book's ledger to another store. Throws CopyRefused, StoreUnreachable. */
  copyLedger(options: CopyOptions): AsyncGenerator<CopyStep, CopyReport>
  readonly kill: KillSwitch
  readonly views: ViewFolder
  readonly data: DataFolder
  readonly recorded: RecordedCandles
  readonly universe: Universe
  readonly calendar: Calendar
  market(): Promise<MarketData>
  /**
   * The venue of the book's configuration. `orders` is what it may know of the past, `prefix` that of the book's order ids,
   * `opening` what the book was opened with, for a venue whose account is derived from the book.
   */
  venue(
    market: MarketData,
    orders: () => Iterable<Order>,
    prefix: string,
    opening?: () => { readonly currency: string; readonly cash: Decimal } | undefined,
  ): Promise<Venue>
  /** Strategies that another process decides for. */
  readonly strategyServer: StrategyServer
  /** Names the account that the venue's keys open. Throws when they are missing, or when the venue has not what is asked of it. */
  account(): Promise<string>
  /** What the environment says about trading for real. */
  readonly liveKeys: LiveKeys
  champions(): Promise<readonly Champion[]>
  /** Changes whenever a champion file does. */
  championStamp(): Promise<string>
  /** Folder of the examples that ship with the program. */
  readonly examples: string
  /** Runs another public command in this process, as if typed; 'silent' keeps what it says to itself. */
  run(argv: readonly string[], how: 'shown' | 'silent'): Promise<number>
}
