// The streams of closed segments, as sorted text: it answers as a map would.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type PastStream, pastOf } from '../../adapters/ledger-past.ts'

const numbers = (last: number): PastStream => ({ revision: 1, first: 1, last })

test('a stream is found among any others, and one that is not there is not', () => {
  const name = fc.stringMatching(/^[!#-[\]-~]{1,12}$/)
  const change = fc.record({ stream: name, revision: fc.nat(), first: fc.nat(), last: fc.nat() })
  fc.assert(
    fc.property(
      fc.array(fc.array(change, { maxLength: 40 }), { maxLength: 5 }),
      fc.array(name),
      (rounds, others) => {
        const model = new Map<string, PastStream>()
        let past = pastOf()
        for (const round of rounds) {
          for (const { stream, ...numbers } of round) {
            past.set(stream, numbers)
            model.set(stream, numbers)
          }
          for (const stream of [...model.keys(), ...others])
            expect(past.of(stream)).toEqual(model.get(stream))
          past = pastOf(past.print())
          for (const stream of [...model.keys(), ...others])
            expect(past.of(stream)).toEqual(model.get(stream))
        }
      },
    ),
  )
})

test('it is printed in the order of the names, whatever the order of the changes', () => {
  const past = pastOf()
  for (const stream of ['order-b', 'order', 'account', 'order-a']) past.set(stream, numbers(7))
  const text = 'account 1 1 7\norder 1 1 7\norder-a 1 1 7\norder-b 1 1 7\n'
  expect(past.print().toString()).toBe(text)
  past.set('order', numbers(9))
  expect(past.print().toString()).toBe(text.replace('order 1 1 7', 'order 1 1 9'))
})

test('a hundred thousand streams take little memory, and each is found', () => {
  const past = pastOf()
  for (let n = 0; n < 100_000; n++)
    past.set(`order-k3x9p2q-${n * 7}`, { revision: n % 5, first: n, last: n + 3 })
  expect(past.print().length).toBeLessThan(4_000_000)
  for (let n = 0; n < 100_000; n += 1111)
    expect(past.of(`order-k3x9p2q-${n * 7}`)).toEqual({ revision: n % 5, first: n, last: n + 3 })
  expect(past.of('order-k3x9p2q-1')).toBeUndefined()
})
