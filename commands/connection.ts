// A connection that can be made anew while a run goes on: whoever holds the port speaks through whatever is behind it now.
//
// The rules of a market stay those of the first connection. They are part of the run's recorded configuration, and a
// replay decides by them; new ones come with the next run.

import type { BookEvent } from '../domain/catalogue.ts'
import { because, propose, type Recorded } from '../domain/event.ts'
import { type Connection as Named, Reconnected, type ReconnectRequested } from '../domain/health.ts'
import { runStream } from '../domain/stream.ts'
import type { Bookkeeper } from './bookkeeper.ts'
import type { Engine } from './engine.ts'

interface Closable {
  close?(): void
}

export interface Connection<Port> {
  readonly port: Port
  /** Opens a new one, then drops the old one; when it cannot be opened the old one stays. Throws what opening throws. */
  remake(): Promise<void>
}

export const connection = async <Port extends object & Closable>(
  open: () => Promise<Port>,
): Promise<Connection<Port>> => {
  const first = await open()
  let current = first
  return {
    port: through(() => current, first),
    remake: async () => {
      const next = await open()
      current.close?.()
      current = next
    },
  }
}

/** `account` is a port of its own, which its holder keeps. */
const through = <Port extends object>(current: () => Port, first: Port): Port =>
  new Proxy(first, {
    get: (_, name) => {
      if (name === 'rules') return Reflect.get(first, name)
      const value: unknown = Reflect.get(current(), name)
      if (name !== 'account' || typeof value !== 'object' || value === null) return value
      return through(() => Reflect.get(current(), name) as object, value)
    },
  })

type Request = Recorded<ReturnType<typeof ReconnectRequested>>

/** How a running executor obeys a guardian. */
export interface Reconnector {
  hear(recorded: Recorded<BookEvent>): void
  /** What was wished before this run began is done: its connections are new. */
  forget(): void
  /** Makes anew what was asked for, and says so. A wish that could not be met stands, and the error is thrown. */
  obey(keeper: Bookkeeper): Promise<void>
}

export const reconnector = (
  { log }: Pick<Engine, 'log'>,
  connections: Readonly<Record<Named, Pick<Connection<unknown>, 'remake'>>>,
): Reconnector => {
  let wished: Request[] = []
  return {
    hear: recorded => {
      if (recorded.event.type === 'ReconnectRequested') wished.push(recorded as Request)
    },
    forget: () => {
      wished = []
    },
    obey: async keeper => {
      for (const request of [...wished]) {
        const { what } = request.event.data
        log.warn({ request: request.seq }, `the guardian asks for a new connection: ${what.join(', ')}`)
        for (const each of what) await connections[each].remake()
        wished = wished.filter(each => each !== request)
        const done = Reconnected({ request: request.seq, what })
        await keeper.append([{ stream: runStream('execute'), events: [propose(because(request), done)] }])
      }
    },
  }
}
