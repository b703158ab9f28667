// The part of a configuration about what people outside are told, and how often. Addresses and tokens are no part of it:
// they are secrets.

import * as z from 'zod'
import { Channel } from './notification.ts'

/** What there is to tell. */
export const Topic = z.enum([
  'alarm',
  'drawdown',
  'drift',
  'halt',
  'health',
  'orders',
  'recovery',
  'run',
  'scan',
])
export type Topic = z.infer<typeof Topic>

export const NotifyRules = z.strictObject({
  /** Where to; empty: nothing is told. */
  channels: z.array(Channel),
  /** Which news; empty means all. */
  topics: z.array(Topic),
  /** More messages than this in an hour are held back, and told of in one. */
  perHour: z.int().positive().max(1000),
  /** The same words are not said again within this. */
  repeatSeconds: z.int().nonnegative().max(86_400),
  /** The chat of Telegram that hears it: a number, or @name. */
  telegramChat: z.string().regex(/^(?:-?\d{1,20}|@[A-Za-z0-9_]{3,64})?$/, "a chat's number, or @name"),
  /** Progress is told to the dead man's address at most so often. */
  pingSeconds: z.int().min(5).max(3600),
})
export type NotifyRules = z.infer<typeof NotifyRules>

export const notifyDefaults: NotifyRules = {
  channels: [],
  topics: [],
  perHour: 20,
  repeatSeconds: 600,
  telegramChat: '',
  pingSeconds: 60,
}
