// Above the average: long while the close is above its own average, out when it is not.

import { z } from 'zod'
import { figure } from '../domain/figure.ts'
import { sma } from '../domain/indicators/sma.ts'
import { warmingUp } from '../domain/strategies/warming-up.ts'
import type { Strategy } from '../domain/strategy.ts'

const parameters = z.strictObject({ bars: z.int().min(2).max(500) })

export const myStrategy: Strategy<z.infer<typeof parameters>> = {
  name: 'my-strategy',
  parameters,
  warmUp: ({ bars }) => bars,
  start: ({ bars }) => {
    const average = sma(bars)
    return ({ close }, { quantity }) => {
      const mean = average(close)
      if (mean === undefined) return warmingUp
      const above = close > mean
      return {
        action: above && quantity === 0 ? 'buy' : !above && quantity > 0 ? 'sell' : 'none',
        signal: above ? 1 : -1,
        confidence: 1,
        reasons: [`close ${figure(close)}, ${bars}-bar average ${figure(mean)}`],
        indicators: { mean },
      }
    }
  },
}
