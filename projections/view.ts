// A view: what a projection shows, as files under state/<book>/. The same ledger gives the same bytes.

import type { Decimal } from '../domain/decimal.ts'
import type { Seq } from '../domain/event.ts'
import type { AnyProjection } from './projection.ts'

export interface View<State> {
  readonly projection: AnyProjection<State>
  /** Everything there is to show; nothing yet is no file, never an empty one. */
  files(state: State): Iterable<ViewFile>
}

export interface ViewFile {
  /** Under state/<book>/, with '/' between folders. */
  readonly path: string
  /** The seq of the last event that changed the text. */
  readonly asOf: Seq
  /** Printed only when asked for: most files have not changed since they were last written. */
  text(): string
}

/** JSON in the order the keys are given, two spaces deep, with `asOf` first. */
export const jsonFile = (path: string, asOf: Seq, body: () => object): ViewFile => ({
  path,
  asOf,
  text: () => printJson({ asOf, ...body() }),
})

export const printJson = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`

/** A map as an object whose keys stand in code-unit order, which no locale can change. */
export const sortedByKey = <Value, Printed>(
  map: ReadonlyMap<string, Value>,
  print: (value: Value, key: string) => Printed,
): Record<string, Printed> => {
  const keys = [...map.keys()].sort(byCodeUnit)
  return Object.fromEntries(keys.map(key => [key, print(map.get(key) as Value, key)]))
}

/** Fees in third currencies beside a sum of money; nothing where there are none. */
export const otherFeesIn = (
  fees: ReadonlyMap<string, Decimal>,
): { readonly otherFees?: Readonly<Record<string, Decimal>> } =>
  fees.size === 0 ? {} : { otherFees: sortedByKey(fees, amount => amount) }

export const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
