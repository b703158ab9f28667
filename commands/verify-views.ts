// The last part of veritape verify --deep: the views under state/ are folded again from the ledger, as of the event
// that they were written at, and compared byte for byte. A view that differs is no damage of the ledger, but it shows
// what the ledger does not say.

import { foldAll, indexPath, typesOf, views } from '../projections/views.ts'
import type { Engine } from './engine.ts'

export interface ViewsVerified {
  /** Seq that the views were written at. */
  readonly asOf: number
  readonly compared: number
  /** Views that are not what the ledger gives, missing and foreign ones included. */
  readonly differing: readonly string[]
}

/** undefined when there are no views. Throws LedgerDamaged when the ledger cannot be read. */
export const verifyViews = async (engine: Engine): Promise<ViewsVerified | undefined> => {
  for (let attempt = 1; ; attempt++) {
    const index = await engine.views.read(indexPath)
    if (index === undefined) return undefined
    const verified = await compare(engine, asOfIndex(index))
    // Views that were written while they were compared are compared again.
    if (verified.differing.length === 0 || attempt === attemptsMax) return verified
    if ((await engine.views.read(indexPath)) === index) return verified
  }
}

const attemptsMax = 3

/** NaN for an index that is not ours: then no view is as the ledger gives it. */
const asOfIndex = (index: string): number => Number(/"asOf": ?(\d+)/.exec(index)?.[1])

const compare = async (engine: Engine, asOf: number): Promise<ViewsVerified> => {
  const store = await engine.readLedger()
  try {
    const upTo = Number.isNaN(asOf) ? 0 : asOf
    const fold = await foldAll(views, store.readAll({ types: typesOf(views), upTo }))
    const expected = fold.all()
    const there = await engine.views.list()
    const differing: string[] = there.filter(name => !expected.has(name))
    for (const [name, text] of expected) if ((await engine.views.read(name)) !== text) differing.push(name)
    return { asOf: upTo, compared: expected.size, differing: differing.sort() }
  } finally {
    await store.close()
  }
}
