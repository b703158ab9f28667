// What an operator's repair of a poisoned ledger finds, and what it did.

import type { Seq } from './event.ts'
import type { Head } from './event-store.ts'

export interface RepairReport {
  /** What POISON said; undefined when it is not there, and then there is nothing to repair. */
  readonly poison: string | undefined
  /** What HEAD acknowledges. */
  readonly acknowledged: Seq
  /** The last event that is proven, with all before it: at `acknowledged` or behind it. */
  readonly head: Head
  /** The segments that a failed sync may have concerned, with the bytes of each that are proven. */
  readonly segments: readonly { readonly segment: string; readonly bytes: number }[]
  /** Bytes behind the last whole group, which nobody was told about: they go to the quarantine. */
  readonly torn: { readonly segment: string; readonly offset: number; readonly bytes: number } | undefined
  /** Whether it was done, not only looked at. */
  readonly repaired: boolean
}
