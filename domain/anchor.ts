// The anchor of a day: its last event and its seal in one line, for keeping where the trading machine cannot reach.
// Whoever rewrites the ledger from some line on, with every hash behind it, cannot rewrite the anchors that were kept.

import type { Seq } from './event.ts'
import type { CalendarDate } from './time.ts'

export interface Anchor {
  readonly book: string
  readonly ledgerId: string
  readonly epoch: string
  readonly date: CalendarDate
  /** The last event of the day. */
  readonly seq: Seq
  readonly hash: string
  /** SHA-256 of the seal of the day's last segment, which vouches for every seal before it. */
  readonly sealSha256: string
}

export type SealStep =
  | {
      readonly kind: 'sealed'
      readonly segment: string
      readonly events: number
      readonly bytes: number
      readonly gzBytes: number
    }
  | {
      readonly kind: 'anchored'
      readonly anchor: Anchor
      /** As it stands in anchors/, without its end of line. */
      readonly line: string
      readonly signed: boolean
      /** False when the same line was there already. */
      readonly written: boolean
    }

export interface SealOptions {
  /** The last day to seal; every closed day when left out. */
  readonly upTo?: CalendarDate
  /** File of the private key (Ed25519, PEM) that signs the anchors. */
  readonly keyFile?: string
}

/** A key file that must not be used, and what to do about it. */
export class KeyRefused extends Error {
  constructor(sentence: string) {
    super(sentence)
    this.name = 'KeyRefused'
  }
}
