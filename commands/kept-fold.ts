// Folds a projection from where the last fold of it was kept, and keeps it again: the cost is what was written since, not
// the age of the book.

import type { BookEvent } from '../domain/catalogue.ts'
import type { Recorded } from '../domain/event.ts'
import type { EventStore } from '../domain/event-store.ts'
import { type Binding, printKept, readKept } from '../projections/kept-fold.ts'
import type { AnyProjection } from '../projections/projection.ts'
import type { Engine } from './engine.ts'

/** Everything up to the head. What cannot be kept or read costs time, and nothing else. */
export const foldFromKept = async <State>(
  engine: Pick<Engine, 'views' | 'codeHash' | 'log'>,
  store: EventStore,
  projection: AnyProjection<State>,
): Promise<State> => {
  const binding = { code: engine.codeHash(), projection: projection.name, identity: store.identity }
  const name = `checkpoints/${projection.name}.fold`
  const kept = await usable<State>(engine, store, binding, name)
  const { seq: head } = await store.head()
  let state = kept?.state ?? projection.initial()
  const types = new Set<string>(projection.types)
  const after = kept?.seq ?? 0
  if (head <= after) return state
  for await (const recorded of store.readAll({ after, upTo: head, types }))
    state = projection.apply(state, recorded)
  try {
    const last = await eventAt(store, head)
    if (last !== undefined) await engine.views.write(name, printKept(binding, last, state))
  } catch (error) {
    engine.log.warn({ name }, `not kept, the next one takes longer: ${String(error)}`)
  }
  return state
}

const usable = async <State>(
  { views }: Pick<Engine, 'views'>,
  store: EventStore,
  binding: Binding,
  name: string,
) => {
  const text = await views.read(name).catch(() => undefined)
  const kept = text === undefined ? undefined : readKept<State>(binding, text)
  if (kept === undefined || (await store.head()).seq < kept.seq) return undefined
  const last = await eventAt(store, kept.seq)
  return last?.id === kept.id && last.at === kept.at ? kept : undefined
}

const eventAt = async (store: EventStore, seq: number): Promise<Recorded<BookEvent> | undefined> => {
  for await (const recorded of store.readAll({ after: seq - 1, upTo: seq })) return recorded
  return undefined
}
