// http: whatever a strategy server answers. Another process decides; this one asks it, records what it heard, and
// holds the answer to the same ladder as any other wish.

import * as z from 'zod'
import type { Strategy } from '../strategy.ts'
import { evaluationOf } from '../strategy-server.ts'

/** Plain http must not leave the machine. No user, path or query: an address is recorded, and may not hold a secret. */
const ServerUrl = z
  .string()
  .regex(
    /^(http:\/\/(127\.0\.0\.1|localhost|\[::1\])|https:\/\/[a-z0-9]([a-z0-9.-]{0,200}[a-z0-9])?)(:\d{1,5})?$/,
    'https://HOST or http://127.0.0.1:PORT, with nothing behind it',
  )

const parameters = z.strictObject({
  /** Where the server listens; asked is POST /strategy/evaluate there. */
  url: ServerUrl,
  /** Candles in a question, the one that is asked about among them. */
  candles: z.int().min(2).max(1000),
  /** How long it may take to the last byte of its answer, ms. */
  deadlineMs: z.int().min(50).max(30_000),
})

export const http: Strategy<z.infer<typeof parameters>> = {
  name: 'http',
  parameters,
  warmUp: ({ candles }) => candles - 1,
  start: () => (bar, holding, consulted) => evaluationOf(consulted, bar.openTime, holding),
  server: given => given,
}
