// What a check of a ledger's bytes says while it runs and when it is done.

import type { Head } from './event-store.ts'

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
