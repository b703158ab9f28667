// The book changed hands: an executor took it from another one that had not given it back. Behind this line nothing of
// the earlier terms is in the ledger, because every append names the very place at which it stands.

import * as z from 'zod'
import { event } from './event.ts'

export const LeaseTaken = event('LeaseTaken', 1, {
  book: z.string(),
  /** Counts up with every holder. */
  term: z.int().positive(),
  holder: z.string(),
  /** Whose lease ran out. */
  from: z.string(),
})
