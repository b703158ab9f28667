// An order id is a function of the book, its epoch and the seq of the intent: 'k3x9p2q-1044'.
//
// Seven base-36 digits name book and epoch, the rest is the intent's seq, so that a venue's order list can be read
// back into the ledger. At most 18 characters, the tightest text limit of the venues in use (Kraken's cl_ord_id).

import type { Seq } from './event.ts'
import { sha256 } from './hash.ts'

/** What all order ids of one epoch of a book begin with. Another epoch never shares it, so no id is used twice. */
export const orderPrefix = (book: string, epoch: string): string => {
  const number = BigInt(`0x${sha256(`${book}\n${epoch}`).slice(0, 16)}`) % 36n ** 7n
  return number.toString(36).padStart(7, '0')
}

export const orderIdOf = (prefix: string, intent: Seq): string => `${prefix}-${intent}`

/** The intent's seq when the id is one of ours in this epoch; undefined when it is anybody else's. */
export const intentOf = (prefix: string, orderId: string): Seq | undefined => {
  const [, seq] = new RegExp(`^${prefix}-([1-9]\\d{0,9})$`).exec(orderId) ?? []
  return seq === undefined ? undefined : Number(seq)
}
