// What the account held before the book: adopted by what was seen when the book was opened, and taken back when a trade
// comes to light that explains it. Whoever looks later cannot tell what was there before from what came since: a deposit
// and a trade that is not shown yet may look like two deposits. That is for the operator to say.

import type { AccountBooks } from './account-books.ts'
import { add, type Decimal, isPositive, isZero, negate, subtract } from './decimal.ts'
import { type Instant, millisecondsOf } from './time.ts'
import { ExternalBalanceAdopted, thereBefore } from './truth.ts'
import type { AccountTrade } from './venue.ts'

type Adopted = ReturnType<typeof ExternalBalanceAdopted>

/** What the venue holds more (or less) than expected, by name in the order of the alphabet; what agrees is left out. */
export type Differences = readonly (readonly [name: string, quantity: Decimal])[]

export const differences = (
  expected: ReadonlyMap<string, Decimal>,
  holdings: Readonly<Record<string, Decimal>>,
): Differences =>
  [...new Set([...expected.keys(), ...Object.keys(holdings)])]
    .sort()
    .map(name => [name, subtract(holdings[name] ?? '0', expected.get(name) ?? '0')] as const)
    .filter(([, quantity]) => !isZero(quantity))

/**
 * So long after the book was opened a look still tells what was there before. Far shorter than the overlap in which
 * trades are looked at again: whatever trade of this time an answer lacked comes to light later.
 */
const beginningMs = 300_000

/**
 * Once the book has asked for an order, a fill of ours may be in what is seen. And a trade that is not shown yet takes from
 * one side what it gives to the other: as long as anything is missing, nothing is adopted.
 */
export const heldBefore = (
  { agreed, openedAt, orders }: AccountBooks,
  observed: Instant,
  more: Differences,
  evidence: string,
): readonly Adopted[] => {
  if (agreed !== undefined || openedAt === undefined || orders.size > 0) return []
  if (millisecondsOf(observed) - millisecondsOf(openedAt) > beginningMs) return []
  if (!more.every(([, quantity]) => isPositive(quantity))) return []
  return more.map(([name, quantity]) =>
    ExternalBalanceAdopted({ name, quantity, label: thereBefore, evidence }),
  )
}

/**
 * `trades`: those of the owner that this round is the first to show. One from before the adoption was in the holdings that were adopted,
 * so it was adopted with them: what it moved is taken back, when that is exactly what does not agree now.
 */
export const takenBack = (
  { adoptedAt, applyTrade }: AccountBooks,
  trades: readonly AccountTrade[],
  more: Differences,
  evidence: string,
): readonly Adopted[] => {
  if (adoptedAt === undefined) return []
  const late = trades.filter(({ venueTime }) => venueTime <= adoptedAt)
  const moved = new Map<string, Decimal>()
  for (const trade of late) applyTrade(moved, trade)
  const now = new Map(more)
  if ([...moved].some(([name, quantity]) => !isZero(add(now.get(name) ?? '0', quantity)))) return []
  const label = `taken back, explained by ${late.map(({ symbol, tradeId }) => `${symbol} ${tradeId}`).join(', ')}`
  return [...moved].map(([name, quantity]) =>
    ExternalBalanceAdopted({ name, quantity: negate(quantity), label, evidence }),
  )
}
