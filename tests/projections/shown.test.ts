import { expect, test } from 'vitest'
import { none, some } from '../../domain/result.ts'
import { rounded, shown } from '../../projections/shown.ts'

test('a missing figure is shown as n/a, a zero as zero', () => {
  expect([shown(none), shown(some(0)), shown(some('12.5'))]).toEqual(['n/a', 0, '12.5'])
})

test('statistics have six places, and what is not finite is missing', () => {
  expect([rounded(1 / 3), rounded(1 / 0), rounded(0 / 0)]).toEqual([some(0.333333), none, none])
})
