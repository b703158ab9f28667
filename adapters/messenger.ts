// The Messenger port over HTTPS: one POST a message, a deadline for each, and patience where a channel asks for it.
//
//   VERITAPE_WEBHOOK_URL       any address that takes JSON        ┐ secrets: from systemd's credentials or the environment,
//   VERITAPE_DISCORD_URL       a webhook of Discord               ├ never in a configuration, a ledger, a log or an error
//   VERITAPE_TELEGRAM_TOKEN    of a bot                           │
//   VERITAPE_PING_URL          the dead man's address             ┘

import { setTimeout as pause } from 'node:timers/promises'
import { payloadOf } from '../domain/notice-payload.ts'
import type { Channel, Message, Messenger } from '../domain/notification.ts'
import type { NotifyRules } from '../domain/notify-rules.ts'
import { redaction } from './redaction.ts'
import { credential } from './venue-keys.ts'

type Environment = Readonly<Record<string, string | undefined>>

const secretOf: Readonly<Record<Channel | 'ping', string>> = {
  webhook: 'VERITAPE_WEBHOOK_URL',
  discord: 'VERITAPE_DISCORD_URL',
  telegram: 'VERITAPE_TELEGRAM_TOKEN',
  ping: 'VERITAPE_PING_URL',
}

/** Values that must never appear anywhere: the addresses are secrets as a whole, and so are their paths alone. */
export const messengerSecrets = (environment: Environment): readonly string[] =>
  Object.values(secretOf).flatMap(name => {
    const value = environment[name]?.trim()
    if (value === undefined || value === '') return []
    const path = URL.canParse(value) ? new URL(value).pathname + new URL(value).search : ''
    return [value, ...(path.length > 8 ? [path] : [])]
  })

export interface MessengerSettings {
  readonly telegramApi?: string
  readonly deadlineMs?: number
  readonly wait?: (ms: number) => Promise<unknown>
}

const attemptsMax = 3
/** A channel that asks for more patience than this has failed. */
const patienceMaxMs = 30_000

export const messenger = (
  { channels, telegramChat }: NotifyRules,
  environment: Environment,
  settings: MessengerSettings = {},
): Messenger => {
  const { telegramApi = 'https://api.telegram.org', deadlineMs = 10_000, wait = pause } = settings

  const addressOf = (channel: Channel): string => {
    const secret = demanded(environment, secretOf[channel])
    if (channel === 'telegram' && telegramChat === '')
      throw new NotSet('notify.telegramChat is empty; say which chat hears it')
    const address = channel === 'telegram' ? `${telegramApi}/bot${secret}/sendMessage` : secret
    return usable(address, channel === 'telegram' ? 'telegramApi' : secretOf[channel])
  }

  const send = async (channel: Channel, message: Message, signal: AbortSignal) => {
    try {
      const address = addressOf(channel)
      const body = JSON.stringify(payloadOf(channel, message, telegramChat))
      for (let attempt = 1; ; attempt++) {
        const { status, retryMs } = await ask(address, { method: 'POST', body }, deadlineMs, signal)
        if (status >= 200 && status < 300) return undefined
        const again = status === 429 || status >= 500
        if (!again || attempt >= attemptsMax || retryMs > patienceMaxMs) return `it answered ${status}`
        await wait(retryMs)
      }
    } catch (error) {
      return sentenceIn(error)
    }
  }

  return {
    channels,
    send,
    ping:
      credential(environment, secretOf.ping) === undefined
        ? undefined
        : async signal => {
            try {
              const address = usable(demanded(environment, secretOf.ping), secretOf.ping)
              const { status } = await ask(address, { method: 'GET' }, deadlineMs, signal)
              return status >= 200 && status < 300 ? 'pinged' : `it answered ${status}`
            } catch (error) {
              return sentenceIn(error)
            }
          },
  }
}

class NotSet extends Error {}

const demanded = (environment: Environment, name: string): string => {
  const found = credential(environment, name)
  if (found !== undefined) return found
  throw new NotSet(`${name} is not set; give it in the environment or as a systemd credential`)
}

/** Plain HTTP would show the secret to everybody on the way; to this machine itself it is for tests and relays. */
const usable = (address: string, name: string): string => {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const isLocal = url !== undefined && /^(?:127\.0\.0\.1|localhost|\[::1\])$/.test(url.hostname)
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)) return address
  throw new NotSet(`${name} is no address that begins with https://`)
}

const ask = async (
  address: string,
  { method, body }: { readonly method: string; readonly body?: string },
  deadlineMs: number,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly retryMs: number }> => {
  const response = await fetch(address, {
    method,
    redirect: 'error', // a secret is for one address
    signal: AbortSignal.any([AbortSignal.timeout(deadlineMs), signal]),
    ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
  })
  const text = (await response.text()).slice(0, 4096)
  return { status: response.status, retryMs: retryIn(response.headers.get('retry-after'), text) }
}

/** Seconds in the header, or in the body as Telegram (`parameters.retry_after`) and Discord (`retry_after`) say it. */
const retryIn = (header: string | null, text: string): number => {
  const said = Number(header ?? /"retry_after"\s*:\s*([\d.]+)/.exec(text)?.[1] ?? Number.NaN)
  return Number.isFinite(said) && said >= 0 ? Math.ceil(said * 1000) : 1000
}

/** An error of fetch can name the address: only what kind it is, is told. */
const sentenceIn = (error: unknown): string => {
  if (error instanceof NotSet) return error.message
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
  const kind = error instanceof Error ? error.name : 'unknown'
  return redaction([]).text(kind === 'TimeoutError' ? 'no answer in time' : `no answer: ${kind}${code}`)
}
