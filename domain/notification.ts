// What was said to people outside, and what could not be said. A notification decides nothing: one that fails is a
// warning, and trading goes on.

import * as z from 'zod'
import { event } from './event.ts'

export const Channel = z.enum(['webhook', 'telegram', 'discord'])
export type Channel = z.infer<typeof Channel>

export const NotificationSent = event('NotificationSent', 1, {
  /** Seq up to which there is nothing left to say; 0 for a message that is about no event. */
  about: z.int().nonnegative(),
  channels: z.array(Channel).readonly(),
  sentence: z.string(),
})
export const NotificationFailed = event('NotificationFailed', 1, {
  about: z.int().nonnegative(),
  /** A channel, or 'ping' for the dead man's ping. */
  channel: z.enum([...Channel.options, 'ping']),
  /** Without addresses and tokens. */
  detail: z.string(),
})

export const severities = ['info', 'warning', 'error'] as const
export type Severity = (typeof severities)[number]

/** One message for people. */
export interface Message {
  readonly book: string
  readonly severity: Severity
  /** 'halt', 'health', 'alarm' … */
  readonly subject: string
  readonly sentence: string
  /** The event behind it; 0 when there is none. */
  readonly seq: number
  readonly at: string
}

/** The port to the people outside. */
export interface Messenger {
  /** Channels that are configured. */
  readonly channels: readonly Channel[]
  /** Sends it once, and again where a channel asks for patience. Gives why it failed, without secrets. Never throws. */
  send(channel: Channel, message: Message, signal: AbortSignal): Promise<string | undefined>
  /** Asks the dead man's address; undefined when there is none. Gives why it failed, or 'pinged'. Never throws. */
  readonly ping: ((signal: AbortSignal) => Promise<string>) | undefined
}
