// The opening entry of a book: what it starts with and how its days are counted.

import * as z from 'zod'
import { DecimalText } from './decimal.ts'
import { type EventOf, event } from './event.ts'

export const BookOpened = event('BookOpened', 1, {
  /** 'USDT', 'USD': all money of the book is in it. */
  currency: z.string(),
  /** Cash at the start. */
  cash: DecimalText,
  /** 'always' for markets around the clock (365 days a year), 'nyse' for sessions (252). */
  calendar: z.enum(['always', 'nyse']),
  /** IANA zone whose dates are the book's days. */
  zone: z.string(),
})
export type BookOpened = EventOf<typeof BookOpened>
