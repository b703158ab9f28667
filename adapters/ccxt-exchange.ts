// One exchange of ccxt: its own file only, loaded when it is needed, with everything that ccxt leaves open closed.
//
//   ask ──▶ one at a time ──▶ deadline over the whole answer ──▶ value and raw text, or VenueUnavailable
//   act ──▶ one at a time ──▶ once, never again              ──▶ value, or whatever was thrown
//
// Questions are repeated with growing, jittered pauses; acts are not repeated by anybody. Jitter is the only use of
// chance in the program, and it decides nothing but a pause.

import { setTimeout as pause } from 'node:timers/promises'
import type { Exchange } from 'ccxt'
import { type Observed, VenueUnavailable } from '../domain/venue.ts'
import { messageOf, troubleOf } from './ccxt-error.ts'
import { ownSockets } from './own-sockets.ts'
import { redaction } from './redaction.ts'
import { VenueMisconfigured } from './venue-misconfigured.ts'
import { type Heard, wholeAnswers } from './whole-answer.ts'

export interface CcxtSettings {
  /** ccxt's name: 'kraken'. */
  readonly exchange: string
  /** undefined for public data: then nothing that could trade is ever constructed. */
  readonly keys?: Keys | undefined
  readonly sandbox: boolean
  /** A server on this machine that stands for the exchange; '' is the exchange itself. */
  readonly url: string
  /** Whether the list of markets is loaded at the start; on, except for a venue that is spoken to without ccxt's markets. */
  readonly withMarkets?: boolean
  /** Whether ccxt spaces requests as the exchange's published limits ask for; on, except in tests. */
  readonly spaced?: boolean
  /** For the whole of one request. */
  readonly deadlineMs?: number
  readonly wait?: (ms: number) => Promise<unknown>
  readonly now?: () => number
  /** 0 … 1 */
  readonly jitter?: () => number
}

export interface Keys {
  readonly apiKey: string
  readonly secret: string
  /** kucoin's passphrase. */
  readonly password?: string | undefined
}

export interface Answered<Value> extends Observed<Value> {
  readonly heard: readonly Heard[]
}

export interface CcxtExchange {
  readonly name: string
  readonly api: Exchange
  /** A question, asked up to three times. Throws VenueUnavailable, in one sentence without secrets. */
  ask<Value>(what: string, question: (api: Exchange) => Promise<Value>): Promise<Answered<Value>>
  /** Something that changes the account, sent once. `heard` gets every answer; throws what ccxt throws. */
  act<Value>(act: (api: Exchange) => Promise<Value>, heard: Heard[]): Promise<Value>
  /** Whether the exchange has asked us to be quiet, and until when, ms since 1970 UTC. */
  quietUntil(): number
  /** Drops its sockets. It may not be asked again. */
  close(): void
  /** A sentence of ccxt or of the exchange, short and without secrets. */
  clean(text: string): string
}

const attemptsMax = 3
const firstPauseMs = 300
const firstQuietMs = 2_000
const quietMaxMs = 120_000

type Vendor = new (options: Record<string, unknown>) => Exchange

/** Loads the exchange and its markets. Throws VenueMisconfigured, VenueUnavailable. */
export const openCcxt = async (settings: CcxtSettings): Promise<CcxtExchange> => {
  const { exchange: name, keys, deadlineMs = 10_000 } = settings
  const { wait = pause, now = Date.now, jitter = Math.random } = settings
  const api = await constructCcxt(settings)
  const { text: redact } = redaction(
    [keys?.apiKey, keys?.secret, keys?.password].filter(each => each !== undefined),
  )
  const clean = (text: string) => redact(text.replaceAll(/\s+/g, ' ')).slice(0, 300)

  let hearing: Heard[] = []
  let quiet = 0
  let scoldings = 0
  let clockAdjusted = false
  const sockets = ownSockets()
  api.fetchImplementation = wholeAnswers(deadlineMs, heard => hearing.push(heard), sockets)

  /** Nonces must grow, and an exchange must see them in the order in which they were made: one request at a time. */
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const mine = last.then(work, work)
    last = mine.catch(() => {})
    return mine
  }

  const beQuiet = (heard: Heard | undefined): number => {
    const asked = heard?.retryAfterMs ?? firstQuietMs * 2 ** scoldings
    scoldings += 1
    quiet = now() + Math.min(quietMaxMs, asked) * (1 + jitter() / 2)
    return Math.ceil((quiet - now()) / 1000)
  }

  const ask = <Value>(what: string, question: (given: Exchange) => Promise<Value>) =>
    inTurn(async (): Promise<Answered<Value>> => {
      for (let attempt = 1; ; attempt += 1) {
        if (now() < quiet)
          throw new VenueUnavailable(
            `${name} has asked for fewer requests; the next one in ${Math.ceil((quiet - now()) / 1000)} s`,
          )
        const heard: Heard[] = []
        hearing = heard
        try {
          const value = await question(api)
          scoldings = 0
          return { value, raw: redact(heard.map(({ body }) => body).join('\n')), heard }
        } catch (error) {
          const said = clean(messageOf(error))
          switch (troubleOf(error, heard.at(-1)?.status)) {
            case 'rate-limited':
              throw new VenueUnavailable(
                `${name} has asked for fewer requests (${what}); the next one in ${beQuiet(heard.at(-1))} s: ${said}`,
              )
            case 'clock':
              if (attempt >= attemptsMax)
                throw new VenueUnavailable(
                  `${name} does not accept the time of this machine (${what}); set its clock, with chrony or ` +
                    `systemd-timesyncd: ${said}`,
                )
              if (!clockAdjusted && api.has.fetchTime === true && !nonceMustGrow.has(name)) {
                clockAdjusted = true
                await adjustClock(api)
              }
              break
            case 'maintenance':
              throw new VenueUnavailable(`${name} is closed for maintenance (${what}): ${said}`)
            case 'refused':
              throw new VenueUnavailable(`${name} refuses to answer (${what}): ${said}`)
            case 'transient':
              if (attempt >= attemptsMax)
                throw new VenueUnavailable(`${name} gives no usable answer (${what}): ${said}`)
          }
        }
        await wait(firstPauseMs * 2 ** (attempt - 1) * (0.5 + jitter()))
      }
    })

  const connection: CcxtExchange = {
    name,
    api,
    ask,
    act: (act, heard) =>
      inTurn(async () => {
        hearing = heard
        try {
          return await act(api)
        } catch (error) {
          if (troubleOf(error, heard.at(-1)?.status) === 'rate-limited') beQuiet(heard.at(-1))
          throw error
        }
      }),
    quietUntil: () => quiet,
    close: () => sockets.drop(),
    clean,
  }
  if (settings.withMarkets === false) return connection
  // Always anew: ccxt remembers a failure and would answer every later call with it.
  const { value: markets } = await ask('its markets', given => given.loadMarkets(true))
  if (Object.keys(markets).length === 0)
    throw new VenueUnavailable(`${name} gives no usable answer (its markets): the list is empty`)
  return connection
}

const adjustClock = async (api: Exchange): Promise<void> => {
  api.options.adjustForTimeDifference = true
  try {
    await api.loadTimeDifference()
  } catch {
    // The question is asked again with the clock as it is, and its own error is the one to tell.
  }
}

/** The exchange before it has asked anything. Throws VenueMisconfigured. */
export const constructCcxt = async ({
  exchange,
  keys,
  sandbox,
  url,
  spaced = true,
}: CcxtSettings): Promise<Exchange> => {
  const Constructor = await vendorOf(exchange)
  const api = new Constructor({
    ...(keys === undefined ? {} : { ...keys }),
    enableRateLimit: spaced,
    enableLastJsonResponse: true,
    options: optionsOf[exchange] ?? {},
    // Exact decimals from the first byte to the ledger: numbers stay the text that they came as.
    number: String,
  })
  api.timeout = 600_000 // the deadline is ours
  if (nonceMustGrow.has(exchange)) {
    const original = api.nonce.bind(api)
    let nonce = 0
    api.nonce = () => {
      nonce = Math.max(nonce + 1, original())
      return nonce
    }
  }
  if (sandbox) {
    // setSandboxMode does not mind an exchange without one: it takes the addresses away and says nothing.
    if (api.urls.test === undefined)
      throw new VenueMisconfigured(`${exchange} has no sandbox; trade on paper with venue.name paper instead`)
    api.setSandboxMode(true)
  }
  if (url !== '') api.urls.api = redirected(api.urls.api, url) as typeof api.urls.api
  return api
}

const vendorOf = async (exchange: string): Promise<Vendor> => {
  if (!/^[a-z0-9]+$/.test(exchange)) throw new VenueMisconfigured(`'${exchange}' is no exchange of ccxt`)
  try {
    const address = new URL(`./src/${exchange}.js`, import.meta.resolve('ccxt')).href
    const { default: Constructor } = (await import(address)) as { default: Vendor }
    return Constructor
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error
    throw new VenueMisconfigured(
      `ccxt has no exchange '${exchange}'; write its name as ccxt does, such as kraken`,
    )
  }
}

/** Elsewhere a nonce is a timestamp that must be near the exchange's own, and may go back when our clock is corrected. */
export const nonceMustGrow: ReadonlySet<string> = new Set(['bitfinex', 'kraken'])

/** Spot only, and no calls that spot trading does not need. */
const optionsOf: Readonly<Record<string, Record<string, unknown>>> = {
  binance: {
    defaultType: 'spot',
    fetchMarkets: { types: ['spot'] },
    fetchCurrencies: false,
    fetchMargins: false,
  },
  kucoin: { fetchMarkets: { types: ['spot'] }, uta: false },
}

/** The same paths at another host. */
const redirected = (urls: unknown, to: string): unknown =>
  typeof urls === 'string'
    ? urls.replace(/^https?:\/\/[^/]+/, to)
    : Object.fromEntries(
        Object.entries(urls as Record<string, unknown>).map(([key, each]) => [key, redirected(each, to)]),
      )
