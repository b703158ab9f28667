// The keys of a venue, from the environment or from systemd's credentials, never from a configuration file.
//
//   $CREDENTIALS_DIRECTORY/KRAKEN_API_KEY   a file that systemd puts there (LoadCredential=, SetCredentialEncrypted=)
//   KRAKEN_API_KEY                          a variable; the file wins when both are there

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../domain/config.ts'
import { accountName } from '../domain/live-gate.ts'
import type { Keys } from './ccxt-exchange.ts'
import { codeOf } from './ledger-files.ts'
import { VenueMisconfigured } from './venue-misconfigured.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** A credential by its name; undefined when it is nowhere, or empty. Throws VenueMisconfigured for one that cannot be read. */
export const credential = (environment: Environment, name: string): string | undefined => {
  const folder = environment.CREDENTIALS_DIRECTORY
  const text = (folder === undefined ? undefined : fileOf(join(folder, name))) ?? environment[name]
  const trimmed = text?.trim()
  return trimmed === '' ? undefined : trimmed
}

/** Every credential that systemd gave this process, so that logs can be kept free of them. */
export const systemdCredentials = ({ CREDENTIALS_DIRECTORY: folder }: Environment): readonly string[] => {
  if (folder === undefined || !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return []
  return readdirSync(folder)
    .filter(name => name !== 'APCA_API_BASE_URL')
    .map(name => fileOf(join(folder, name))?.trim() ?? '')
}

/**
 * KRAKEN_API_KEY, KRAKEN_API_SECRET and, where the exchange has one, KRAKEN_API_PASSWORD; for Alpaca's two venues its own
 * APCA_API_KEY_ID and APCA_API_SECRET_KEY. Throws VenueMisconfigured when one is missing: it names it, never its value.
 */
export const venueKeys = (environment: Environment, venue: string): Keys => {
  const stem = venue.toUpperCase().replaceAll('-', '_')
  const isAlpaca = venue === 'alpaca' || venue === 'alpaca-crypto'
  const demanded = (name: string): string => {
    const found = credential(environment, name)
    if (found !== undefined) return found
    throw new VenueMisconfigured(
      `${name} is not set, and ${venue} needs it to trade; set it in the environment or as a systemd credential`,
    )
  }
  const password = credential(environment, `${stem}_API_PASSWORD`)
  if (venue === 'kucoin') demanded('KUCOIN_API_PASSWORD')
  return {
    apiKey: demanded(isAlpaca ? 'APCA_API_KEY_ID' : `${stem}_API_KEY`),
    secret: demanded(isAlpaca ? 'APCA_API_SECRET_KEY' : `${stem}_API_SECRET`),
    ...(password === undefined ? {} : { password }),
  }
}

const alpacaHosts = { paper: 'https://paper-api.alpaca.markets', live: 'https://api.alpaca.markets' }

/**
 * APCA_API_BASE_URL must be there and must be the host of the mode: paper keys at the live host, or the other way round,
 * are a mistake that is found before anything is written. Throws VenueMisconfigured.
 */
const requireAlpacaHost = (
  { mode, venue }: Pick<Config, 'mode' | 'venue'>,
  environment: Environment,
): void => {
  const given = credential(environment, 'APCA_API_BASE_URL')?.replace(/\/+(?:v2\/*)?$/, '')
  const wanted = venue.url !== '' ? venue.url : mode === 'live' ? alpacaHosts.live : alpacaHosts.paper
  if (given === undefined)
    throw new VenueMisconfigured(`APCA_API_BASE_URL is not set; mode ${mode} trades at ${wanted}`)
  if (given !== wanted)
    throw new VenueMisconfigured(
      `APCA_API_BASE_URL is not ${wanted}, where mode ${mode} trades; set it, and the keys of that account`,
    )
}

/**
 * Names the account that the keys of the configured venue open, without telling them. Throws VenueMisconfigured for keys
 * that are missing or belong to another mode.
 */
export const liveAccount = (config: Pick<Config, 'mode' | 'venue'>, environment: Environment): string => {
  const { name } = config.venue
  const { apiKey } = venueKeys(environment, name)
  if (name === 'alpaca' || name === 'alpaca-crypto') requireAlpacaHost(config, environment)
  return accountName(name, apiKey)
}

const fileOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new VenueMisconfigured(
      `credential ${path} cannot be read (${codeOf(error)}); check its permissions`,
    )
  }
}
