import { expect, test } from 'vitest'
import { type Disposable, type RetentionRules, removalsOf } from '../../domain/retention.ts'
import { instantOf, millisecondsOf } from '../../domain/time.ts'

const now = '2026-03-31T12:00:00.000Z'
const file = (days: number, bytes = 10, area: Disposable['area'] = 'log'): Disposable => ({
  area,
  path: `${area}-${days}`,
  bytes,
  modified: instantOf(millisecondsOf(now) - days * 86_400_000),
})
const rules: RetentionRules = { daysMax: 30, bytesMax: 1000, freeMin: 100 }
const pathsOf = (files: readonly Disposable[], given: Partial<RetentionRules> = {}, free = 1000) =>
  removalsOf(files, { ...rules, ...given }, now, free).map(({ path, because }) => `${path}: ${because}`)

test('what is older than allowed goes, and what is as old as allowed stays', () => {
  expect(pathsOf([file(31), file(30), file(2)])).toEqual(['log-31: older than allowed'])
})

test('too many bytes: the oldest go until the rest fits', () => {
  expect(pathsOf([file(2, 400), file(3, 400), file(4, 400), file(5, 400)])).toEqual([
    'log-5: more bytes than allowed',
    'log-4: more bytes than allowed',
  ])
})

test('a short disk: the oldest go until the floor is reached, and no more', () => {
  expect(pathsOf([file(2, 60), file(3, 60), file(4, 60)], {}, 0)).toEqual([
    'log-4: the disk is short',
    'log-3: the disk is short',
  ])
})

test('what changed within a day is never touched, whatever is short', () => {
  expect(pathsOf([file(0.5, 5000), file(0.9, 5000, 'leftover')], { daysMax: 0 }, 0)).toEqual([])
})

test('leftovers of interrupted writes go after a day', () => {
  expect(pathsOf([file(1.5, 10, 'leftover'), file(1.5)])).toEqual(['leftover-1.5: older than allowed'])
})
