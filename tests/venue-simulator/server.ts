// The HTTP server of a simulated venue: every request is read whole, named, met by a fault or none, acted on, written to
// the journal, and only then answered.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { seeded } from './chance.ts'
import type { CancelRace, Exchange } from './exchange.ts'
import type { Fault, Faults, Operation } from './faults.ts'
import type { Journal } from './journal.ts'
import { type Answer, json, type Request, type Route, type Skin, textOf, type Visit } from './skin.ts'

/** What a request was, for a test that asks. Signatures and keys are left out. */
export interface Seen {
  readonly number: number
  /** The machine's time of arrival, ms since 1970 UTC. */
  readonly arrivedAt: number
  readonly method: string
  readonly path: string
  readonly operation: Operation
  readonly params: Readonly<Record<string, unknown>>
  /** The kind of the fault that met it. */
  fault?: Fault['kind']
  /** Of the venue's own answer, which the client has not seen when it was lost; absent when the venue never heard it. */
  status?: number
}

export interface VenueServer {
  readonly server: Server
  readonly seen: readonly Seen[]
  /** Errors of the simulator itself. There should be none: a test that finds one has found a bug in it. */
  readonly errors: readonly string[]
}

const secret = new Set(['signature', 'nonce', 'timestamp', 'recvWindow'])

export const venueServer = (
  skin: Skin,
  exchange: Exchange,
  journal: Journal,
  faults: Faults,
): VenueServer => {
  const seen: Seen[] = []
  const errors: string[] = []
  const random = seeded(exchange.script.seed + 1)

  const routeOf = ({ method, path }: Request): readonly [Route | undefined, Record<string, string>] => {
    for (const route of skin.routes) {
      const match = route.method === method ? route.path.exec(path) : null
      if (match !== null) return [route, namedIn(match)]
    }
    return [undefined, {}]
  }

  const act = (request: Request, fault: Fault | undefined): Answer => {
    const [route, named] = routeOf(request)
    exchange.advance()
    if (route === undefined) return skin.unknownPath(request)
    const refusal = route.signed === true ? skin.authenticate(request) : undefined
    if (refusal !== undefined) return refusal
    const visit: Visit = {
      request,
      exchange,
      named,
      race:
        fault?.kind === 'filled-first' || fault?.kind === 'filled-after' || fault?.kind === 'cancel-pending'
          ? (fault as CancelRace)
          : undefined,
      param: name => textOf(request.params[name]),
      listed: list => (fault?.kind === 'reordered' ? shuffled(list, random) : list),
    }
    if (fault?.kind === 'unseen') exchange.lag(fault.ms)
    try {
      return route.answer(visit)
    } finally {
      exchange.lag(exchange.script.readLagMs)
      journal.commit()
    }
  }

  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await read(incoming, seen.length + 1)
    exchange.clock.step()
    const [route] = routeOf(request)
    const operation = route?.operation ?? 'other'
    const { number, method, path, search, body } = request
    const params = Object.fromEntries(Object.entries(request.params).filter(([name]) => !secret.has(name)))
    const entry: Seen = { number, arrivedAt: Date.now(), method, path, operation, params }
    seen.push(entry)
    const fault = faults.next({ number, operation, text: `${decodeURIComponent(path)}?${search}\n${body}` })
    if (fault !== undefined) entry.fault = fault.kind
    const heard = (): Answer => {
      const answer = act(request, fault)
      entry.status = answer.status
      return answer
    }
    await (fault === undefined ? send(response, heard()) : spoil(fault, operation, skin, response, heard))
  }

  const server = createServer((incoming, response) => {
    serve(incoming, response).catch((error: Error) => {
      if (response.destroyed || response.writableEnded) return
      errors.push(error.stack ?? error.message)
      process.stderr.write(`${error.stack ?? error.message}\n`)
      send(response, json({ simulator: error.message }, 500)).catch(() => response.destroy())
    })
  })
  // A client that goes on waiting is one of the faults: the server never ends a request by itself.
  server.requestTimeout = 0
  server.headersTimeout = 0
  return { server, seen, errors }
}

/** Answers as the fault has it. `heard` lets the venue act; it is called at most twice. */
const spoil = async (
  fault: Fault,
  operation: Operation,
  skin: Skin,
  response: ServerResponse,
  heard: () => Answer,
): Promise<void> => {
  const reset = () => response.socket?.resetAndDestroy()
  switch (fault.kind) {
    case 'request-lost':
      reset()
      return
    case 'answer-lost':
      heard()
      reset()
      return
    case 'delayed': {
      const early = fault.where === 'answer' ? heard() : undefined
      await sleep(fault.ms)
      await send(response, early ?? heard())
      return
    }
    case 'duplicated':
      heard()
      await send(response, heard())
      return
    case 'rate-limited':
      await send(response, skin.rateLimited(fault.retryAfterS))
      return
    case 'maintenance':
      await send(response, skin.maintenance(operation))
      return
    case 'server-error':
      if (fault.landed) heard()
      await send(response, {
        status: fault.status,
        headers: { 'content-type': 'text/plain' },
        body: `error code: ${fault.status}`,
      })
      return
    case 'html':
      if (fault.landed) heard()
      await send(response, {
        status: fault.status,
        headers: { 'content-type': 'text/html; charset=UTF-8' },
        body: page,
      })
      return
    case 'bad-body': {
      const answer = fault.landed ? heard() : json({ will: 'be cut in two' })
      const bodies = {
        garbage: '\u0000\u001f{]not json',
        truncated: half(answer.body),
        empty: '',
        'empty-object': '{}',
      }
      await send(response, { ...answer, status: 200, body: bodies[fault.body] })
      return
    }
    case 'stall': {
      const answer = fault.landed ? heard() : json({ never: 'seen' })
      if (fault.where === 'body') begin(response, answer, answer.body.slice(0, 1))
      await gone(response, fault.ms)
      reset()
      return
    }
    case 'cut-in-body': {
      begin(response, fault.landed ? heard() : json({ never: 'seen whole' }))
      await sleep(20)
      if (fault.how === 'reset') reset()
      else response.socket?.destroy()
      return
    }
    case 'redirect':
      if (fault.landed) heard()
      await send(response, { status: 302, headers: { location: fault.location }, body: '' })
      return
    case 'reordered':
    case 'unseen':
    case 'filled-first':
    case 'filled-after':
    case 'cancel-pending':
      await send(response, heard())
  }
}

const page =
  '<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><h1>Checking your browser</h1></body></html>'
const half = (text: string): string => text.slice(0, Math.ceil(text.length / 2))

/** Groups that took part in the match. */
const namedIn = ({ groups = {} }: RegExpExecArray): Record<string, string> =>
  Object.fromEntries(
    Object.entries<string | undefined>(groups).flatMap(([name, text]) =>
      text === undefined ? [] : [[name, decodeURIComponent(text)]],
    ),
  )

/** Headers that promise the whole body, and a part of it. */
const begin = (response: ServerResponse, { status, headers, body }: Answer, part = half(body)): void => {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.write(part)
}

const send = (response: ServerResponse, { status, headers, body }: Answer): Promise<void> =>
  new Promise(resolve => {
    if (response.destroyed) return resolve()
    response.on('close', resolve)
    response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
    response.end(body)
  })

/** Until the client has gone, or the time is over (0: never). */
const gone = (response: ServerResponse, ms: number): Promise<void> =>
  new Promise(resolve => {
    const timer = ms > 0 ? setTimeout(resolve, ms) : undefined
    response.on('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })

const read = async (incoming: IncomingMessage, number: number): Promise<Request> => {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks).toString('utf8')
  const [path = '/', search = ''] = (incoming.url ?? '/').split('?', 2)
  return {
    number,
    method: incoming.method ?? 'GET',
    path,
    search,
    headers: incoming.headers,
    body,
    params: { ...Object.fromEntries(new URLSearchParams(search)), ...bodyParams(body) },
  }
}

const bodyParams = (body: string): Record<string, unknown> => {
  if (!body.startsWith('{')) return Object.fromEntries(new URLSearchParams(body))
  try {
    return JSON.parse(body) as Record<string, unknown>
  } catch {
    return {}
  }
}

const shuffled = <T>(list: readonly T[], random: () => number): readonly T[] =>
  list
    .map(item => [random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item)
