// esdb://host:2113?tls=true&tlsCAFile=/etc/…: where an EventStoreDB is, in the words of its own connection strings,
// with a few of ours. An address never holds a password.
//
//   esdb://host:2113                    one node
//   esdb://a:2113,b:2113,c:2113         a cluster: its members say who leads
//   esdb+discover://name:2113           a cluster behind a DNS name

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { StoreRefused } from '../domain/remote-store.ts'

/** How appends travel. 'classic': one call each, with a deadline. 'batch': one long call for all. */
export type Route = 'classic' | 'batch'

export interface EsdbAddress {
  readonly endpoints: readonly { readonly address: string; readonly port: number }[]
  readonly discover: boolean
  readonly tls: boolean
  readonly caFile: string | undefined
  /** Name of the connection in the server's log. */
  readonly connectionName: string | undefined
  readonly nodePreference: 'leader' | 'follower' | 'random' | 'read_only_replica'
  /** How long one call may take before its outcome counts as unknown. */
  readonly deadlineMs: number
  /** How long a call is repeated, or an unknown outcome asked for, before the command gives up with 75. */
  readonly patienceMs: number
  /** How long an executor's hold on a book lasts without being renewed. */
  readonly leaseMs: number
  /** The server's MaxAppendSize: a write group must fit. */
  readonly appendBytesMax: number
  readonly route: Route
  /** For people: scheme and hosts. */
  readonly text: string
}

const form = /^(esdb(?:\+discover)?):\/\/([^/?#]+)\/?(?:\?(.*))?$/

const parameters = [
  'tls',
  'tlsCAFile',
  'connectionName',
  'nodePreference',
  'deadlineMs',
  'patienceMs',
  'leaseMs',
  'appendBytesMax',
  'append',
] as const
type Parameter = (typeof parameters)[number]

export const isEsdb = (store: string): boolean => /^esdb(\+discover)?:/.test(store)

/** Throws StoreRefused for text that is no address, without repeating it: it may hold what it should not. */
export const readEsdbAddress = (store: string): EsdbAddress => {
  const [, scheme, hosts, query] = form.exec(store) ?? []
  if (scheme === undefined || hosts === undefined) throw refused('is no address; write esdb://host:2113')
  if (hosts.includes('@'))
    throw refused(`holds a user or password, which everybody can see; ${credentialsAdvice}`)
  const given = new Map<Parameter, string>()
  for (const [name, value] of new URLSearchParams(query ?? '')) {
    const known = parameters.find(each => each.toLowerCase() === name.toLowerCase())
    if (known === undefined)
      throw refused(`has a parameter that is not known; there are ${parameters.join(', ')}`)
    given.set(known, value)
  }
  const tls = choice(given.get('tls'), 'tls', ['true', 'false'] as const, 'true') === 'true'
  return {
    endpoints: hosts.split(',').map(endpointOf),
    discover: scheme === 'esdb+discover',
    tls,
    caFile: given.get('tlsCAFile'),
    connectionName: given.get('connectionName'),
    nodePreference: choice(
      given.get('nodePreference'),
      'nodePreference',
      ['leader', 'follower', 'random', 'read_only_replica'] as const,
      'leader',
    ),
    deadlineMs: count(given.get('deadlineMs'), 'deadlineMs', 5_000),
    patienceMs: count(given.get('patienceMs'), 'patienceMs', 20_000),
    leaseMs: count(given.get('leaseMs'), 'leaseMs', 15_000),
    appendBytesMax: count(given.get('appendBytesMax'), 'appendBytesMax', 1024 * 1024),
    route: choice(given.get('append'), 'append', ['classic', 'batch'] as const, 'classic'),
    text: `${scheme}://${hosts}`,
  }
}

const refused = (what: string): StoreRefused => new StoreRefused(`the address in --store ${what}`)

const endpointOf = (host: string): EsdbAddress['endpoints'][number] => {
  const [, address, port] = /^([A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\])(?::(\d{1,5}))?$/.exec(host) ?? []
  if (address === undefined) throw refused('names a host that is none; write esdb://host:2113')
  return { address, port: Number(port ?? 2113) }
}

const choice = <Value extends string>(
  text: string | undefined,
  name: Parameter,
  values: readonly Value[],
  otherwise: Value,
): Value => {
  const found = text === undefined ? otherwise : values.find(value => value === text)
  if (found === undefined) throw refused(`has a wrong ${name}; it is one of ${values.join(', ')}`)
  return found
}

const count = (text: string | undefined, name: Parameter, otherwise: number): number => {
  if (text === undefined) return otherwise
  if (!/^[1-9]\d{0,9}$/.test(text)) throw refused(`has a wrong ${name}; it is a number above 0`)
  return Number(text)
}

// ── who we are ──────────────────────────────────────────────────────────────────────────────────────────────────

export interface EsdbCredentials {
  readonly username: string
  readonly password: string
}

const variable = 'VERITAPE_ESDB_CREDENTIALS'
const credentialFile = 'esdb'
const credentialsAdvice = `put user:password into ${variable}, or into the systemd credential '${credentialFile}'`

/**
 * The user and password: a file `esdb` among the systemd credentials, else the environment; undefined without either.
 * Throws StoreRefused, which does not show them.
 */
export const readEsdbCredentials = (
  environment: Readonly<Record<string, string | undefined>>,
): EsdbCredentials | undefined => {
  const folder = environment.CREDENTIALS_DIRECTORY
  const text = (folder === undefined ? undefined : fileIn(folder)) ?? environment[variable]
  if (text === undefined) return undefined
  const [, username, password] = /^([^:\s]+):(\S+)\s*$/.exec(text) ?? []
  if (username === undefined || password === undefined)
    throw new StoreRefused(
      `the credentials of EventStoreDB are not of the form user:password; ${credentialsAdvice}`,
    )
  return { username, password }
}

const fileIn = (folder: string): string | undefined => {
  try {
    return readFileSync(join(folder, credentialFile), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
