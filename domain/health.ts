// Verdicts about the machine and what was done about them.

import * as z from 'zod'
import { event } from './event.ts'

/** Where candles come from, and where orders go. */
export const Connection = z.enum(['feed', 'venue'])
export type Connection = z.infer<typeof Connection>

export const HealthChecked = event('HealthChecked', 1, {
  verdict: z.enum(['ok', 'degraded', 'unhealthy']),
  checks: z
    .array(
      z.strictObject({
        name: z.string(),
        verdict: z.enum(['ok', 'degraded', 'unhealthy']),
        saw: z.string(),
      }),
    )
    .readonly(),
})
export const RecoveryAttempted = event('RecoveryAttempted', 1, {
  check: z.string(),
  action: z.string(),
  attempt: z.int().positive(),
  because: z.string(),
})
export const RecoverySucceeded = event('RecoverySucceeded', 1, { check: z.string(), attempts: z.int() })
export const RecoveryFailed = event('RecoveryFailed', 1, {
  check: z.string(),
  attempts: z.int(),
  saw: z.string(),
})
export const AlertRaised = event('AlertRaised', 1, {
  severity: z.enum(['warning', 'error']),
  subject: z.string(),
  sentence: z.string(),
})
/** What the guardian found: a check that did not say that all is well. */
export const GuardedCheckFailed = event('GuardedCheckFailed', 1, {
  check: z.string(),
  code: z.int(),
  finding: z.enum(['ill', 'unexpected']),
  /** Name of the pattern that was seen in the output. */
  pattern: z.string().optional(),
  /** SHA-256 of what the check said, in the data folder: its end, without secrets. */
  output: z.string().optional(),
})
/** What an attempt did, behind its RecoveryAttempted. */
export const RecoveryActionTaken = event('RecoveryActionTaken', 1, {
  action: z.string(),
  /** One sentence. */
  saw: z.string(),
  /** SHA-256 of what a command said, in the data folder. */
  output: z.string().optional(),
})
/** A wish to the running executor: drop that connection and make it anew. */
export const ReconnectRequested = event('ReconnectRequested', 1, {
  what: z.array(Connection).readonly(),
})
/** The executor has: what it asks now goes over a new connection. */
export const Reconnected = event('Reconnected', 1, {
  request: z.int().positive(),
  what: z.array(Connection).readonly(),
})
