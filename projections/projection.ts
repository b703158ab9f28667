// A projection: a fold over the ledger with a name. Its result, printed to a file, is a view.
//
// A projection sees events and nothing else, and never refuses one. It declares the types it folds, so that a store
// may skip the others unread. Its state remembers `asOf`, the seq of the last event that changed what it shows.

import type { BookEvent, EventNamed, EventType } from '../domain/catalogue.ts'
import type { Recorded } from '../domain/event.ts'

export interface Projection<State, Type extends EventType = EventType> {
  readonly name: string
  readonly types: readonly Type[]
  /** A fresh state. The fold owns it: `apply` may change it in place and return it. */
  initial(): State
  apply(state: State, recorded: Recorded<EventNamed<Type>>): State
}

/** A projection of whichever types: what a list of projections holds. It is only fed the types that it declares. */
export interface AnyProjection<State> {
  readonly name: string
  readonly types: readonly EventType[]
  initial(): State
  apply(state: State, recorded: Recorded<BookEvent>): State
}

/** The state after the event; unchanged when the projection does not fold its type. */
export const feed = <State>(
  projection: AnyProjection<State>,
  state: State,
  recorded: Recorded<BookEvent>,
): State => (projection.types.includes(recorded.event.type) ? projection.apply(state, recorded) : state)

/** The state after all these events, from the beginning. */
export const fold = <State>(
  projection: AnyProjection<State>,
  events: Iterable<Recorded<BookEvent>>,
): State => {
  let state = projection.initial()
  for (const recorded of events) state = feed(projection, state, recorded)
  return state
}
