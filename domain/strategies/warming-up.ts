// What a strategy answers before it has seen enough.

import type { Evaluation } from '../strategy.ts'

export const warmingUp: Evaluation = Object.freeze({
  action: 'none',
  signal: 0,
  confidence: 0,
  reasons: Object.freeze(['warming up']),
  indicators: Object.freeze({}),
})
