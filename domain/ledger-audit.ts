// What a check of a ledger's bytes says while it runs and when it is done.

import type { Head } from './event-store.ts'
import type { CalendarDate } from './time.ts'

export interface AuditOptions {
  /** Only the segments of this date. */
  readonly date?: CalendarDate
  /** Parses every event against its declaration as well. */
  readonly deep?: boolean
  /** File of the public key (Ed25519, PEM) that the anchors must be signed with. */
  readonly publicKeyFile?: string
  /** File of anchors that were kept elsewhere, a line each. */
  readonly keptAnchorsFile?: string
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
  /** Seals, anchors and signatures that were checked. */
  readonly seals: number
  readonly anchors: number
  readonly signatures: number
  /** What POISON says; nobody may write while it is there. */
  readonly poison: string | undefined
  readonly damages: number
}
