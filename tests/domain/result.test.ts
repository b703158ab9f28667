// What the door hands out are fp-ts's own values: its whole modules accept them, and make the same ones.

import * as either from 'fp-ts/lib/Either.js'
import * as option from 'fp-ts/lib/Option.js'
import { expect, test } from 'vitest'
import { isLeft, isNone, isRight, isSome, left, none, right, some } from '../../domain/result.ts'

test('a refusal and an answer are those of fp-ts', () => {
  expect(left('ledger-busy')).toEqual(either.left('ledger-busy'))
  expect(right(7)).toEqual(either.right(7))
  expect([isLeft(either.left(1)), isRight(either.left(1))]).toEqual([true, false])
  expect([isLeft(either.right(1)), isRight(either.right(1))]).toEqual([false, true])
  expect(either.map((count: number) => count + 1)(right(7))).toEqual(right(8))
})

test('a figure that is there and one that is not are those of fp-ts', () => {
  expect(some(0)).toEqual(option.some(0))
  expect(none).toBe(option.none)
  expect([isSome(option.some(0)), isNone(option.some(0))]).toEqual([true, false])
  expect([isSome(option.none), isNone(option.none)]).toEqual([false, true])
  expect(option.getOrElse(() => 1)(none)).toBe(1)
})
