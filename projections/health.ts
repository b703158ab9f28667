// The last health check of a book, for people and programs that look at files.

import type { EventNamed } from '../domain/catalogue.ts'
import type { Seq } from '../domain/event.ts'
import type { Projection } from './projection.ts'
import { jsonFile, type ViewFile } from './view.ts'

export interface Health {
  asOf: Seq
  /** When the ledger took it. */
  at: string
  data: EventNamed<'HealthChecked'>['data'] | undefined
}

export const health: Projection<Health, 'HealthChecked'> = {
  name: 'health',
  types: ['HealthChecked'],
  initial: () => ({ asOf: 0, at: '', data: undefined }),
  apply: (_, { seq, at, event }) => ({ asOf: seq, at, data: event.data }),
}

export const healthFiles = function* ({ asOf, at, data }: Health): Generator<ViewFile> {
  if (data !== undefined) yield jsonFile('health.json', asOf, () => ({ checked: at, ...data }))
}
