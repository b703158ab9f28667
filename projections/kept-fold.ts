// A fold that is kept: the state of a projection as text, bound to the event that it ends with, so that the next one who
// folds begins there. It is derived: one that does not fit its ledger is thrown away.
//
//   sha256 of the rest
//   {"code":…,"ledgerId":…,"epoch":…,"projection":…,"seq":…,"id":…,"at":…}    which event of which ledger, by which program
//   {…}                                                                       the state; a Map or Set says that it is one

import type { Recorded, Seq } from '../domain/event.ts'
import type { Identity } from '../domain/event-store.ts'
import { sha256 } from '../domain/hash.ts'

/** What a kept state belongs to. */
export interface Binding {
  /** Hash of the program that folded: another one may fold otherwise. */
  readonly code: string
  readonly projection: string
  readonly identity: Pick<Identity, 'ledgerId' | 'epoch'>
}

export interface Kept<State> {
  readonly state: State
  /** The event that the state ends with, which the ledger must still have. */
  readonly seq: Seq
  readonly id: string
  readonly at: string
}

export const printKept = <State>(
  binding: Binding,
  { seq, id, at }: Pick<Recorded, 'seq' | 'id' | 'at'>,
  state: State,
): string => {
  const header = JSON.stringify({ ...headOf(binding), seq, id, at })
  const rest = `${header}\n${JSON.stringify(state, tagged)}\n`
  return `${sha256(rest)}\n${rest}`
}

/** Undefined for a text that is damaged, or was kept of another ledger, projection or program. */
export const readKept = <State>(binding: Binding, text: string): Kept<State> | undefined => {
  const end = text.indexOf('\n')
  const rest = text.slice(end + 1)
  if (sha256(rest) !== text.slice(0, end)) return undefined
  const [header = '', state = ''] = rest.split('\n')
  const { seq, id, at, ...head } = JSON.parse(header) as Record<string, unknown>
  if (JSON.stringify(head) !== JSON.stringify(headOf(binding))) return undefined
  return { state: JSON.parse(state, untagged) as State, seq: Number(seq), id: String(id), at: String(at) }
}

const headOf = ({ code, projection, identity: { ledgerId, epoch } }: Binding) => ({
  code,
  ledgerId,
  epoch,
  projection,
})

const tagged = (_: string, value: unknown): unknown =>
  value instanceof Map ? { $map: [...value] } : value instanceof Set ? { $set: [...value] } : value

const untagged = (_: string, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value
  if ('$map' in value) return new Map(value.$map as [unknown, unknown][])
  return '$set' in value ? new Set(value.$set as unknown[]) : value
}
