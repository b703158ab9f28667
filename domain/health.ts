// Verdicts about the machine and what was done about them.

import * as z from 'zod'
import { event } from './event.ts'

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
