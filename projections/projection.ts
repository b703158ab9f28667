// A projection: a fold over the ledger with a name. Its result, printed to a file, is a view.
//
// A projection sees events and nothing else, and never refuses one. It declares the types it folds, so that a store
// may skip the others unread. Views carry `asOf`, the seq of the last event that changed them.

import type { EventNamed, EventType } from '../domain/catalogue.ts'
import type { Recorded } from '../domain/event.ts'

export interface Projection<State, Type extends EventType = EventType> {
  readonly name: string
  readonly types: readonly Type[]
  /** A fresh state. The fold owns it: `apply` may change it in place and return it. */
  initial(): State
  apply(state: State, recorded: Recorded<EventNamed<Type>>): State
}
