// Measurements in sentences.

import { expect, test } from 'vitest'
import { figure } from '../../domain/figure.ts'

test.each([
  [23141.574999, '23141.57'],
  [100, '100'],
  [0.1 + 0.2, '0.3'],
  [-1.5, '-1.5'],
])('%d reads %s', (measure, text) => {
  expect(figure(measure)).toBe(text)
})
