// Three questions to the book's venue, each asked once: do you answer, what time is it, do you take our keys. Whatever
// goes wrong is an answer too.
//
// A venue that wants growing nonces is not asked for the account: a second process that signs with the executor's key
// could make the executor's next order too late.

import type { Exchange } from 'ccxt'
import type { Config } from '../domain/config.ts'
import type { NotAsked, VenueFact } from '../domain/health-rules.ts'
import { isRefusalOfKeys, messageOf } from './ccxt-error.ts'
import { type CcxtExchange, type Keys, nonceMustGrow, openCcxt } from './ccxt-exchange.ts'
import { venueKeys } from './venue-keys.ts'
import { VenueMisconfigured } from './venue-misconfigured.ts'
import type { Heard } from './whole-answer.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** The lightest private question of each exchange: its account, without its markets. */
const accountOf: Readonly<Record<string, string>> = {
  alpaca: 'traderPrivateGetV2Account',
  binance: 'privateGetAccount',
  kucoin: 'privateGetAccounts',
}

/** Each question waits for so long at most. Never throws. */
export const probeVenue = async (
  config: Config,
  environment: Environment,
  deadlineMs = 4000,
): Promise<VenueFact | NotAsked> => {
  const asked = whomToAsk(config)
  if ('notAsked' in asked) return asked
  const { name, url, isAccount } = asked
  const keys = isAccount ? keysOf(environment, name) : { notAsked: 'nothing is traded there' }
  try {
    const exchange = await openCcxt({
      exchange: name === 'alpaca-crypto' ? 'alpaca' : name,
      keys: 'notAsked' in keys ? undefined : keys,
      sandbox: isAccount && (config.venue.sandbox || (name === 'alpaca' && config.mode === 'paper')),
      url,
      withMarkets: false,
      spaced: false,
      deadlineMs,
    })
    return await probe(exchange, name, keys)
  } catch (error) {
    // A name or a sandbox that the exchange does not have: the executor cannot reach it either.
    if (!(error instanceof VenueMisconfigured)) throw error
    return { name, unreachable: error.message, credentials: { notAsked: 'no answer' }, skewMs: undefined }
  }
}

interface Asked {
  readonly name: string
  readonly url: string
  /** Whether the book has an account there. */
  readonly isAccount: boolean
}

/** The venue that fills the book's orders, or the one that its candles come from. */
const whomToAsk = ({ mode, venue, market }: Config): Asked | NotAsked => {
  const trades = mode !== 'dry-run' && mode !== 'backtest' && venue.name !== 'paper'
  if (trades) return { name: venue.name, url: venue.url, isAccount: true }
  if (market.source === 'recorded') return { notAsked: 'orders are filled on paper, candles come from files' }
  if (market.source === 'alpaca') return { name: 'alpaca', url: market.url, isAccount: true }
  const name = market.exchange !== '' ? market.exchange : venue.name
  if (name === 'paper') return { notAsked: 'market.exchange names none' }
  return { name, url: market.url, isAccount: false }
}

const keysOf = (environment: Environment, name: string): Keys | NotAsked => {
  try {
    return venueKeys(environment, name)
  } catch (error) {
    if (!(error instanceof VenueMisconfigured)) throw error
    return { notAsked: error.message }
  }
}

const probe = async (
  exchange: CcxtExchange,
  name: string,
  keys: Keys | NotAsked,
): Promise<VenueFact | NotAsked> => {
  const { api } = exchange
  const isAlpaca = exchange.name === 'alpaca'
  // Alpaca tells nothing to strangers, not even its time.
  if (isAlpaca && 'notAsked' in keys) return keys
  const heard: Heard[] = []
  const asked = Date.now()
  let time: number | undefined
  try {
    time = Number(await exchange.act(timeQuestion, heard)) || heard.at(-1)?.date
  } catch (error) {
    if (isRefusalOfKeys(error))
      return { name, unreachable: undefined, credentials: 'refused', skewMs: undefined }
    const unreachable = `${name} gives no usable answer: ${exchange.clean(messageOf(error))}`
    return { name, unreachable, credentials: { notAsked: 'no answer' }, skewMs: undefined }
  }
  const skewMs = time === undefined ? undefined : skewOf(time, asked, Date.now())
  return { name, unreachable: undefined, credentials: await credentialsOf(exchange, api, keys), skewMs }
}

const timeQuestion = (api: Exchange): Promise<unknown> =>
  api.has.fetchTime === true ? api.fetchTime() : api.fetchStatus()

/** Against the middle of the question and its answer; a time in whole seconds is half a second later on average. */
const skewOf = (time: number, asked: number, answered: number): number =>
  Math.round(time + (time % 1000 === 0 ? 500 : 0) - (asked + answered) / 2)

const credentialsOf = async (
  exchange: CcxtExchange,
  api: Exchange,
  keys: Keys | NotAsked,
): Promise<VenueFact['credentials']> => {
  if ('notAsked' in keys) return keys
  if (nonceMustGrow.has(exchange.name))
    return { notAsked: `a second process would spoil the nonces of ${exchange.name}; reconcile tells` }
  const light = accountOf[exchange.name]
  const question = light === undefined ? undefined : (api as unknown as Implicit)[light]
  try {
    await exchange.act(async given => (question === undefined ? given.fetchBalance() : question()), [])
    return 'accepted'
  } catch (error) {
    if (isRefusalOfKeys(error)) return 'refused'
    return { notAsked: exchange.clean(messageOf(error)) }
  }
}

/** The calls that ccxt makes from an exchange's table of paths, bound to their exchange. */
type Implicit = Readonly<Record<string, (() => Promise<unknown>) | undefined>>
