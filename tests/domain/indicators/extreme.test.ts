// The extreme of a window.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { extreme } from '../../../domain/indicators/extreme.ts'

test('it is what a search through the window finds, the latest of equals', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 12 }),
      fc.constantFrom('highest' as const, 'lowest' as const),
      (values, length, which) => {
        const window = extreme(length, which)
        for (const [index, value] of values.entries()) {
          window.add(value)
          const last = values.slice(Math.max(0, index + 1 - length), index + 1)
          const best = which === 'highest' ? Math.max(...last) : Math.min(...last)
          expect(window.value()).toBe(index + 1 < length ? undefined : best)
          expect(window.age()).toBe(last.length - 1 - last.lastIndexOf(best))
        }
      },
    ),
  )
})
