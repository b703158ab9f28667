// What a verb is given: the ports, opened on demand, and the effective configuration. commands/main.ts is the only
// place that knows which adapters stand behind it.

import type { DailyColumns } from '../domain/avwap-scan.ts'
import type { Calendar } from '../domain/calendar.ts'
import type { Candle } from '../domain/candle.ts'
import type { CandleColumns } from '../domain/candle-columns.ts'
import type { Champion } from '../domain/champion.ts'
import type { Clock, SimulatedClock } from '../domain/clock.ts'
import type { Config } from '../domain/config.ts'
import type { EventStore, Head, Mode } from '../domain/event-store.ts'
import type { MarketData } from '../domain/market-data.ts'
import type { Order } from '../domain/order.ts'
import type { Role } from '../domain/stream.ts'
import type { CalendarDate, Instant } from '../domain/time.ts'
import type { Timeframe } from '../domain/timeframe.ts'
import type { Venue } from '../domain/venue.ts'
import type { Screen } from './screen.ts'

/** One value of the configuration with where it came from: 'default', 'file …', 'environment …', 'flag --…'. */
export interface ConfigValue {
  readonly key: string
  readonly value: unknown
  readonly source: string
}

export interface Log {
  info(fields: object, sentence: string): void
  warn(fields: object, sentence: string): void
  error(fields: object, sentence: string): void
}

/** The KILL file of a book: halts trading without the ledger. */
export interface KillSwitch {
  /** Durable before it resolves; works while the ledger is busy or damaged. */
  pull(level: 'reducing' | 'halted', by: string, reason: string): Promise<void>
  /** What the file says; undefined when there is none. A file of any other content halts. */
  read(): { readonly level: 'reducing' | 'halted'; readonly reason: string } | undefined
  release(): Promise<void>
}

/** Views: written atomically, read only by people and other programs. */
export interface ViewFolder {
  readonly path: string
  /** True when the bytes on disk changed. */
  write(name: string, text: string): Promise<boolean>
  read(name: string): Promise<string | undefined>
  list(): Promise<readonly string[]>
  clear(): Promise<void>
}

/** Bytes that events refer to by their SHA-256: `ledger/data/<sha256>`. */
export interface DataFolder {
  /** Durable before it resolves. Gives the SHA-256. */
  put(bytes: Uint8Array): Promise<string>
  /** Copies a file in, unless it is there. */
  putFile(path: string): Promise<string>
  /** Throws when it is missing or its hash is not its name. */
  get(sha256: string): Promise<Uint8Array>
  /** Path of the checked file, for readers of files. */
  pathOf(sha256: string): Promise<string>
}

/** Recorded candles by the hash of their file, for replays. */
export interface RecordedCandles {
  /** Keeps the file behind a series in the data folder; gives its SHA-256. */
  keep(symbol: string, timeframe: Timeframe): Promise<string>
  candles(
    dataset: string,
    symbol: string,
    timeframe: Timeframe,
    from: Instant,
    to: Instant,
  ): Promise<readonly Candle[]>
  daily(dataset: string): Promise<ReadonlyMap<string, DailyColumns>>
  /** All candles of a series: of the configured file, or of a kept one when `dataset` names it. */
  columns(symbol: string, timeframe: Timeframe, dataset?: string): Promise<CandleColumns>
}

export type AuditStep =
  | { readonly kind: 'progress'; readonly bytes: number; readonly bytesTotal: number }
  | {
      readonly kind: 'damage'
      readonly damage: {
        readonly segment: string
        readonly line: number
        readonly byte: number
        readonly expected: string
        readonly found: string
      }
    }

export interface AuditReport {
  readonly segments: readonly string[]
  readonly events: number
  readonly bytes: number
  readonly head: Head
  /** Bytes behind what is acknowledged: a write under way, or torn by a crash. No damage. */
  readonly unacknowledgedBytes: number
  readonly damages: number
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
  /** Opens for writing in a role; creates the ledger of a new book when `create` says its mode. */
  writeLedger(role: Role, create?: Mode): Promise<EventStore>
  /** Holds the book for one executor; throws Stop 75 when another process holds it. */
  holdExecutor(): Promise<() => void>
  /** Proves the ledger's bytes without writing; each damage is a step, the report is the end. */
  auditLedger(options: { readonly date?: CalendarDate }): AsyncGenerator<AuditStep, AuditReport>
  readonly kill: KillSwitch
  readonly views: ViewFolder
  readonly data: DataFolder
  readonly recorded: RecordedCandles
  readonly calendar: Calendar
  market(): Promise<MarketData>
  /** The venue of the book's configuration; `orders` is what it may know of the past. */
  venue(market: MarketData, orders: () => Iterable<Order>): Promise<Venue>
  champions(): Promise<readonly Champion[]>
  /** Folder of the examples that ship with the program. */
  readonly examples: string
  /** Runs another public command in this process, as if typed; 'silent' keeps what it says to itself. */
  run(argv: readonly string[], how: 'shown' | 'silent'): Promise<number>
}
