// A simulated venue for a test: a process of its own, that a client under test trades against over HTTP.
//
//   const venue = await startVenue('kraken', { folder, script: { clock: { mode: 'fixed', at: '2026-03-02T10:00:00Z' } } })
//   redirect(exchange, venue)                       // an unmodified ccxt exchange now speaks with it
//   await venue.faults.add({ on: 'place', fault: { kind: 'answer-lost' } })
//   …
//   const { byClientId } = await venue.books()      // what really happened there
//   await venue.stop()

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Decimal } from '../../domain/decimal.ts'
import { type BooksReport, reportOf } from './books.ts'
import { compiledSimulator } from './compiled.ts'
import type { Wish } from './control.ts'
import type { FaultRuleScript, Fired } from './faults.ts'
import { readBooks } from './journal.ts'
import { readScript, type VenueName, type VenueScript } from './script.ts'
import type { Seen } from './server.ts'

export interface VenueOptions {
  /** Where the venue keeps its journal. Start it again on the same folder and it goes on where it was. */
  readonly folder: string
  /** Markets, balances, clock, faults; everything has a default (script.ts). */
  readonly script?: VenueScript
  /** To come back at the address of an earlier start; any free port when absent. */
  readonly port?: number
  /** It ends by itself after so long: 300 s. */
  readonly liveForS?: number
}

export interface Venue {
  readonly name: VenueName
  /** The address that stands for all hosts of the venue: 'http://127.0.0.1:40123'. */
  readonly url: string
  readonly controlUrl: string
  readonly process: ChildProcess
  /** What a client signs with. */
  readonly keys: { readonly key: string; readonly secret: string; readonly passphrase: string }
  readonly faults: {
    /** Rules fire in the order they were added, each once unless it says otherwise. */
    add(...rules: readonly FaultRuleScript[]): Promise<void>
    clear(): Promise<void>
    fired(): Promise<readonly Fired[]>
  }
  readonly clock: {
    /** ISO text, UTC. Only a clock that is not real can be set or advanced. */
    now(): Promise<string>
    set(at: string): Promise<void>
    advance(ms: number): Promise<void>
    /** How far the venue's wall clock, against which signatures are checked, is ahead of the machine's. */
    skew(ms: number): Promise<void>
  }
  /** The books as the running venue has them; time is brought forward first, so fills that are due are in them. */
  books(): Promise<BooksReport>
  /** The books as they are on disk: also of a venue that was killed. */
  booksOnDisk(): BooksReport
  /** Every request that arrived, oldest first, also those that a fault kept from the venue. */
  requests(): Promise<readonly Seen[]>
  price(symbol: string): Promise<Decimal>
  /** One more point on the price's path: resting orders and stops meet it at once. */
  setPrice(symbol: string, price: Decimal): Promise<void>
  /** Fills an order, open or just closed, out of the blue: all of its rest at its limit, unless told otherwise. */
  fill(wish: Wish<'/fill'>): Promise<void>
  /** Money comes (or goes, when negative) without a trade. */
  pay(wish: Wish<'/pay'>): Promise<void>
  /** The account's owner trades by hand: at the market, or with a limit. */
  ownerOrder(wish: Wish<'/owner-order'>): Promise<{ readonly orderId: string }>
  ownerCancel(orderId: string): Promise<void>
  /** Ends it in good order. Throws when the simulator itself had an error: then the test has shown nothing. */
  stop(): Promise<void>
  /** SIGKILL, and the wait for the end. */
  kill(): Promise<void>
}

/** Starts a venue and waits until it listens. */
export const startVenue = async (
  name: VenueName,
  { folder, script = {}, port = 0, liveForS = 300 }: VenueOptions,
): Promise<Venue> => {
  const { keys } = readScript(name, script)
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'script.json')
  writeFileSync(file, JSON.stringify(script))
  const program = await compiledSimulator()
  const child = spawn(
    process.execPath,
    [
      program,
      name,
      '--folder',
      folder,
      '--script',
      file,
      '--port',
      String(port),
      '--live-for',
      String(liveForS),
    ],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  const ended = new Promise<number | string>(resolve =>
    child.on('exit', (code, signal) => resolve(code ?? signal ?? 'unknown')),
  )
  const { url, control } = await firstLine(child, ended)

  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${control}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const answer = (await response.json()) as T & { error?: string }
    if (!response.ok) throw new Error(`venue ${name}: ${answer.error}`)
    return answer
  }
  const post = (path: string, body: unknown) => call<void>('POST', path, body)
  const state = () =>
    call<{ now: string; errors: readonly string[]; prices: Record<string, Decimal> }>('GET', '/state')

  return {
    name,
    url,
    controlUrl: control,
    process: child,
    keys,
    faults: {
      add: (...rules) => post('/faults', { rules }),
      clear: () => call('DELETE', '/faults'),
      fired: () => call('GET', '/faults'),
    },
    clock: {
      now: async () => (await state()).now,
      set: at => post('/clock', { set: at }),
      advance: ms => post('/clock', { advanceMs: ms }),
      skew: ms => post('/clock', { skewMs: ms }),
    },
    books: () => call('GET', '/books'),
    booksOnDisk: () => reportOf(readBooks(folder)),
    requests: () => call('GET', '/requests'),
    price: async symbol => {
      const price = (await state()).prices[symbol]
      if (price === undefined) throw new Error(`venue ${name} has no market ${symbol}`)
      return price
    },
    setPrice: (symbol, price) => post('/price', { symbol, price }),
    fill: wish => post('/fill', wish),
    pay: wish => post('/pay', wish),
    ownerOrder: wish => call('POST', '/owner-order', wish),
    ownerCancel: orderId => post('/owner-cancel', { orderId }),
    stop: async () => {
      const { errors } = await state()
      child.stdin?.end()
      await ended
      if (errors.length > 0)
        throw new Error(`the simulator of ${name} had errors of its own:\n${errors.join('\n')}`)
    },
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

const firstLine = (
  child: ChildProcess,
  ended: Promise<number | string>,
): Promise<{ url: string; control: string }> =>
  new Promise((resolve, reject) => {
    let text = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if (text.includes('\n')) resolve(JSON.parse(text) as { url: string; control: string })
    })
    ended.then(how => reject(new Error(`the venue simulator ended before it listened: ${how}`))).catch(reject)
  })

/** The books of a folder through the program's own command, as somebody without this API would read them. */
export const booksByCommand = async (folder: string): Promise<BooksReport> =>
  JSON.parse(
    execFileSync(process.execPath, [await compiledSimulator(), 'books', folder], { encoding: 'utf8' }),
  ) as BooksReport

/** What is rewritten of a ccxt exchange: the addresses, nothing else. */
interface Redirectable {
  urls: { api?: unknown }
}

/** Points every address of an unmodified ccxt exchange at the venue; paths stay as they are. Gives the exchange back. */
export const redirect = <Exchange extends Redirectable>(
  exchange: Exchange,
  { url }: { readonly url: string },
): Exchange => {
  const walk = (value: unknown): unknown =>
    typeof value === 'string'
      ? value.replace(/^https?:\/\/[^/]+/, url)
      : Object.fromEntries(
          Object.entries(value as Record<string, unknown>).map(([key, inner]) => [key, walk(inner)]),
        )
  exchange.urls.api = walk(exchange.urls.api)
  return exchange
}
