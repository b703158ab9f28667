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

// Some venues take a number for an id and nothing else: bitfinex, 45 bits, which a double holds exactly.
//
//   18 bits of the prefix │ 27 bits of the seq
//
// The number alone tells the intent, and the prefix is compared: two epochs of a book share the 18 bits once in 262,144.

const seqBits = 27
const seqs = 2 ** seqBits
const tags = 2 ** 18

const tagOf = (prefix: string): number => Number.parseInt(prefix, 36) % tags

/** 'k3x9p2q-1044' as a number below 2^45, for venues that want one; undefined beyond seq 134,217,727 or for another's id. */
export const numberOf = (orderId: string): number | undefined => {
  const [, prefix = '', digits] = /^([0-9a-z]{7})-([1-9]\d{0,9})$/.exec(orderId) ?? []
  const seq = Number(digits)
  return digits === undefined || seq >= seqs ? undefined : tagOf(prefix) * seqs + seq
}

/** The id behind such a number when it is one of this epoch's; undefined when it is anybody else's. */
export const orderIdFrom = (prefix: string, number: number): string | undefined => {
  if (!Number.isSafeInteger(number) || Math.floor(number / seqs) !== tagOf(prefix)) return undefined
  const seq = number % seqs
  return seq === 0 ? undefined : orderIdOf(prefix, seq)
}
