// The one place that knows @eventstore/db-client 6.2.1. Its calls come out as answers of our own; every call has a
// deadline of ours, because the client's are not enforced everywhere; and what an error says is its kind, never its
// text, so that no address or secret of a server gets into a message.
//
// One client for a process and an address: the client keeps its pending batch appends in one map for all clients.

import { readFileSync } from 'node:fs'
import type {
  EventStoreDBClient as Client,
  EventData,
  JSONEventType,
  ResolvedEvent,
  StreamSubscription,
} from '@eventstore/db-client'
import { StoreRefused, StoreUnreachable } from '../domain/remote-store.ts'
import type { EsdbAddress, EsdbCredentials } from './esdb-address.ts'

/** An event as the server keeps it. */
export interface RemoteEvent {
  readonly id: string
  readonly revision: number
  readonly type: string
  readonly data: unknown
  readonly metadata: unknown
}

export interface ProposedRemote {
  readonly id: string
  readonly type: string
  readonly data: object
  readonly metadata: object
}

export type RemoteAppend =
  | { readonly kind: 'written' }
  | { readonly kind: 'wrong-version' }
  | { readonly kind: 'stream-deleted' }
  | { readonly kind: 'too-large' }
  /** Perhaps written. Only a read, or the same request again, can tell. */
  | { readonly kind: 'unknown'; readonly detail: string }

export interface EsdbClient {
  readonly address: EsdbAddress
  /** Appends all events or none behind the event with this revision; -1 begins the stream. Throws StoreRefused. */
  append(stream: string, behind: number, events: readonly ProposedRemote[]): Promise<RemoteAppend>
  /** Events from a revision on, in order; 'missing' when there is no stream, or a deleted one. */
  read(stream: string, from: number, count: number): Promise<readonly RemoteEvent[] | 'missing'>
  readLast(stream: string): Promise<RemoteEvent | undefined>
  /** What the stream's metadata says: nothing, for a stream that nobody touched. */
  metadata(stream: string): Promise<object>
  keepLast(stream: string, count: number): Promise<void>
  /**
   * Events behind a revision as they come. Ends, without an error, whenever the server or the network ends it: the
   * caller goes on from where it is. Throws StoreRefused for a deleted stream.
   */
  subscribe(stream: string, behind: number, signal: AbortSignal): AsyncIterable<RemoteEvent>
  close(): Promise<void>
}

interface Shared {
  readonly client: Client
  users: number
}

const shared = new Map<string, Promise<Shared>>()

/** Gives the process's client for the address. Connects when it is first used. */
export const openEsdbClient = async (
  address: EsdbAddress,
  credentials: EsdbCredentials | undefined,
): Promise<EsdbClient> => {
  const key = `${address.text} ${address.connectionName ?? ''} ${address.tls}`
  const opening = shared.get(key) ?? connect(address, credentials)
  shared.set(key, opening)
  const own = await opening
  own.users++
  let closed = false
  const release = async () => {
    if (closed) return
    closed = true
    own.users--
    if (own.users > 0) return
    shared.delete(key)
    await own.client.dispose()
  }
  return callsOf(own.client, address, credentials, release)
}

const connect = async (
  { endpoints, discover, tls, caFile, connectionName, nodePreference, deadlineMs }: EsdbAddress,
  credentials: EsdbCredentials | undefined,
): Promise<Shared> => {
  const { EventStoreDBClient } = await import('@eventstore/db-client')
  const common = {
    throwOnAppendFailure: true,
    defaultDeadline: deadlineMs,
    ...(connectionName === undefined ? {} : { connectionName }),
  }
  const channel = tls
    ? { insecure: false, ...(caFile === undefined ? {} : { rootCertificate: certificateIn(caFile) }) }
    : { insecure: true }
  const [first] = endpoints
  if (first === undefined) throw new StoreRefused('the address in --store names no host')
  const preference = { nodePreference, maxDiscoverAttempts: 3 } as const
  const client = discover
    ? new EventStoreDBClient({ discover: first, ...preference, ...common }, channel, credentials)
    : endpoints.length > 1
      ? new EventStoreDBClient({ endpoints: [...endpoints], ...preference, ...common }, channel, credentials)
      : new EventStoreDBClient({ endpoint: first, ...common }, channel, credentials)
  return { client, users: 0 }
}

const certificateIn = (file: string): Buffer => {
  try {
    return readFileSync(file)
  } catch {
    throw new StoreRefused(`the certificate file of --store (tlsCAFile) cannot be read; correct its path`)
  }
}

/** Without TLS the client sends no credentials; but that it is given some is how it is told to take the classic route. */
const nobody: EsdbCredentials = { username: 'nobody', password: 'nothing' }

const callsOf = (
  client: Client,
  address: EsdbAddress,
  credentials: EsdbCredentials | undefined,
  close: () => Promise<void>,
): EsdbClient => {
  const { deadlineMs, patienceMs } = address
  const perCall = address.route === 'batch' ? undefined : (credentials ?? (address.tls ? undefined : nobody))

  const refusal = (error: unknown): StoreRefused | undefined => {
    const kind = kindOf(error)
    if (kind === 'access-denied' || kind === 'unauthenticated')
      return new StoreRefused(
        `EventStoreDB at ${address.text} refused this user; check its credentials and what it may do with the streams`,
      )
    if (kind === 'stream-deleted')
      return new StoreRefused(
        `the stream was deleted for ever (tombstoned) in EventStoreDB at ${address.text}; restore the book from a copy under another name`,
      )
    return undefined
  }

  /** A read may be repeated at will. */
  const patiently = async <T>(read: () => Promise<T>): Promise<T> => {
    const since = performance.now()
    for (let attempt = 1; ; attempt++) {
      try {
        return await read()
      } catch (error) {
        const refused = refusal(error)
        if (refused !== undefined) throw refused
        if (kindOf(error) === 'invalid-argument') throw error
        if (performance.now() - since >= patienceMs)
          throw new StoreUnreachable(
            `EventStoreDB at ${address.text} does not answer (${kindOf(error)}); look at the server and the network, then start again`,
          )
        await pause(Math.min(20 * 2 ** attempt, 1000))
      }
    }
  }

  const collect = async (stream: string, options: object): Promise<readonly RemoteEvent[] | 'missing'> => {
    const reading = client.readStream(stream, options)
    const found: RemoteEvent[] = []
    const going = new Promise<readonly RemoteEvent[] | 'missing'>((resolve, reject) => {
      let timer = setTimeout(late, deadlineMs)
      function late() {
        reject(new DeadlinePassed())
        void reading.cancel()
      }
      reading.on('data', ({ event }: ResolvedEvent) => {
        clearTimeout(timer)
        timer = setTimeout(late, deadlineMs)
        if (event !== undefined) found.push(remote(event))
      })
      // A handler stays on it for good: an error may come after the deadline.
      reading.on('error', error => {
        clearTimeout(timer)
        if (kindOf(error) === 'stream-not-found') resolve('missing')
        else reject(error)
      })
      reading.on('end', () => {
        clearTimeout(timer)
        resolve(found)
      })
    })
    return going
  }

  return {
    address,
    append: async (stream, behind, events) => {
      const options = {
        expectedRevision: behind < 0 ? ('no_stream' as const) : BigInt(behind),
        deadline: deadlineMs,
        ...(perCall === undefined ? {} : { credentials: perCall }),
      }
      const proposed = events.map(
        ({ id, type, data, metadata }) =>
          ({ id, type, data, metadata, contentType: 'application/json' }) as EventData,
      )
      try {
        await within(deadlineMs, client.appendToStream(stream, proposed, options))
        return { kind: 'written' }
      } catch (error) {
        const kind = kindOf(error)
        if (kind === 'wrong-expected-version') return { kind: 'wrong-version' }
        if (kind === 'stream-deleted') return { kind: 'stream-deleted' }
        if (kind === 'maximum-append-size-exceeded') return { kind: 'too-large' }
        const refused = refusal(error)
        if (refused !== undefined) throw refused
        return { kind: 'unknown', detail: kind }
      }
    },
    read: (stream, from, count) =>
      patiently(() =>
        collect(stream, { fromRevision: BigInt(from), maxCount: count, direction: 'forwards' }),
      ),
    readLast: async stream => {
      const found = await patiently(() =>
        collect(stream, { fromRevision: 'end', maxCount: 1, direction: 'backwards' }),
      )
      return found === 'missing' ? undefined : found[0]
    },
    metadata: async stream => {
      const found = await patiently(() =>
        collect(`$$${stream}`, { fromRevision: 'end', maxCount: 1, direction: 'backwards' }),
      )
      const [last] = found === 'missing' ? [] : found
      return typeof last?.data === 'object' && last.data !== null ? last.data : {}
    },
    keepLast: (stream, count) =>
      patiently(async () => {
        await within(deadlineMs, client.setStreamMetadata(stream, { maxCount: count }))
      }),
    subscribe: (stream, behind, signal) =>
      subscriptionOf(
        () =>
          client.subscribeToStream(stream, {
            fromRevision: behind < 0 ? 'start' : BigInt(behind),
          }) as StreamSubscription<JSONEventType>,
        deadlineMs,
        signal,
        refusal,
      ),
    close,
  }
}

const remote = ({
  id,
  revision,
  type,
  data,
  metadata,
}: NonNullable<ResolvedEvent['event']>): RemoteEvent => ({
  id,
  revision: Number(revision),
  type,
  data,
  metadata,
})

async function* subscriptionOf(
  open: () => StreamSubscription<JSONEventType>,
  deadlineMs: number,
  signal: AbortSignal,
  refusal: (error: unknown) => StoreRefused | undefined,
): AsyncGenerator<RemoteEvent> {
  const subscription = open()
  const waiting: RemoteEvent[] = []
  let over = false
  let failed: unknown
  let wake = () => {}
  const end = () => {
    over = true
    wake()
  }
  const unconfirmed = setTimeout(end, deadlineMs)
  subscription.on('confirmation', () => clearTimeout(unconfirmed))
  subscription.on('data', ({ event }: ResolvedEvent) => {
    if (event === undefined) return
    waiting.push(remote(event))
    if (waiting.length >= 1000) subscription.pause()
    wake()
  })
  // All three mean the same, and none of them is sure to come with another.
  subscription.on('end', end)
  subscription.on('close', end)
  subscription.on('error', (error: unknown) => {
    failed = error
    end()
  })
  signal.addEventListener('abort', end)
  try {
    while (!signal.aborted) {
      const next = waiting.shift()
      if (next !== undefined) {
        yield next
        if (waiting.length === 0) subscription.resume()
      } else if (over) break
      else
        await new Promise<void>(resolve => {
          wake = resolve
        })
    }
    const refused = failed === undefined ? undefined : refusal(failed)
    if (refused !== undefined) throw refused
  } finally {
    clearTimeout(unconfirmed)
    signal.removeEventListener('abort', end)
    void subscription.unsubscribe().catch(() => {}) // it is over either way
  }
}

class DeadlinePassed extends Error {
  readonly type = 'deadline-passed'
}

/** The promise, or DeadlinePassed; what becomes of it later is nobody's trouble any more. */
const within = async <T>(ms: number, promise: Promise<T>): Promise<T> => {
  promise.catch(() => {})
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlinePassed()), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

export const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

const statusNames = new Map([
  [1, 'cancelled'],
  [4, 'deadline-exceeded'],
  [14, 'unavailable'],
  [16, 'unauthenticated'],
])

/** The kind of an error of the client: some have a type, some only the code of gRPC. */
const kindOf = (error: unknown): string => {
  const { type, code } = (error ?? {}) as { type?: unknown; code?: unknown }
  if (typeof type === 'string') return type
  return (typeof code === 'number' ? statusNames.get(code) : undefined) ?? 'no answer that we know'
}
