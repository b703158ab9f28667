// Decimals against integer arithmetic: every sum, difference and product is the one that BigInt gives.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  absolute,
  add,
  compare,
  type Decimal,
  DecimalText,
  divide,
  isPositive,
  isZero,
  larger,
  multiply,
  negate,
  priceFrom,
  readDecimal,
  roundTo,
  smaller,
  subtract,
  sum,
  toNumber,
  toPlaces,
} from '../../domain/decimal.ts'

/** units × 10^-places */
interface Model {
  readonly units: bigint
  readonly places: number
}

const canonical = ({ units, places }: Model): Decimal => {
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, '0')
  const whole = digits.slice(0, digits.length - places)
  const fraction = digits.slice(digits.length - places).replace(/0+$/, '')
  return `${units < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}` as Decimal
}

const model = (text: Decimal): Model => {
  const [whole = '', fraction = ''] = text.split('.')
  return { units: BigInt(whole + fraction), places: fraction.length }
}

/** Both as integers of the same unit. */
const aligned = (a: Decimal, b: Decimal): readonly [bigint, bigint, number] => {
  const [x, y] = [model(a), model(b)]
  const places = Math.max(x.places, y.places)
  return [
    x.units * 10n ** BigInt(places - x.places),
    y.units * 10n ** BigInt(places - y.places),
    places,
  ] as const
}

/** Any decimal that the format allows, up to its 40 characters; long ones as often as short ones. */
const decimals: fc.Arbitrary<Decimal> = fc
  .record({
    digits: fc
      .integer({ min: 1, max: 38 })
      .chain(length => fc.bigInt({ min: 0n, max: 10n ** BigInt(length) - 1n })),
    places: fc.integer({ min: 0, max: 37 }),
    negative: fc.boolean(),
  })
  .map(({ digits, places, negative }) => canonical({ units: negative ? -digits : digits, places }))
  .filter(text => text.length <= 40)

const positive = decimals.map(absolute).filter(isPositive)

const halfEven = (numerator: bigint, denominator: bigint): bigint => {
  const negative = numerator < 0n !== denominator < 0n
  const [n, d] = [numerator < 0n ? -numerator : numerator, denominator < 0n ? -denominator : denominator]
  const cut = n / d
  const twice = (n % d) * 2n
  const up = twice > d || (twice === d && cut % 2n === 1n)
  const rounded = up ? cut + 1n : cut
  return negative ? -rounded : rounded
}

const floor = (n: bigint, d: bigint): bigint => (n % d === 0n || n < 0n === d < 0n ? n / d : n / d - 1n)

describe('exact', () => {
  test('a sum is the sum of integers', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        const [x, y, places] = aligned(a, b)
        expect(add(a, b)).toBe(canonical({ units: x + y, places }))
      }),
      { numRuns: 500 },
    )
  })

  test('a difference is the difference of integers', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        const [x, y, places] = aligned(a, b)
        expect(subtract(a, b)).toBe(canonical({ units: x - y, places }))
      }),
      { numRuns: 500 },
    )
  })

  test('a product is the product of integers, however long the factors', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        const [x, y] = [model(a), model(b)]
        expect(multiply(a, b)).toBe(canonical({ units: x.units * y.units, places: x.places + y.places }))
      }),
      { numRuns: 500 },
    )
  })

  test('the longest decimals lose no digit', () => {
    const long: Decimal = '1234567890123456789012345678901234567891'
    expect(multiply(long, long)).toBe((BigInt(long) * BigInt(long)).toString())
    expect(add(long, '0.00000000000000000000000000000000000001')).toBe(
      `${long}.00000000000000000000000000000000000001`,
    )
  })

  test('a sum of many is the same in any order', () => {
    fc.assert(
      fc.property(fc.array(decimals, { maxLength: 20 }), all => {
        expect(sum([...all].reverse())).toBe(sum(all))
        expect(sum(all)).toBe(all.reduce<Decimal>(add, '0'))
      }),
    )
  })

  test('a comparison is that of integers, and so are the smaller and the larger', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        const [x, y] = aligned(a, b)
        expect(Math.sign(compare(a, b))).toBe(x < y ? -1 : x > y ? 1 : 0)
        expect(compare(smaller(a, b), larger(a, b))).toBeLessThanOrEqual(0)
        expect(add(smaller(a, b), larger(a, b))).toBe(add(a, b))
      }),
    )
  })

  test('zero has one face: no result reads -0', () => {
    expect(negate('0')).toBe('0')
    expect(multiply('-1', '0')).toBe('0')
    expect(subtract('0.10', '0.1')).toBe('0')
    expect(roundTo('-0.4', '1', 'up')).toBe('0')
    expect(divide('0', '-3')).toBe('0')
    expect(isZero('-0')).toBe(true)
    expect(isPositive('0')).toBe(false)
  })

  test('what is computed reads back as a decimal', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        for (const result of [add(a, b), multiply(a, b), negate(a), absolute(a)])
          expect(result).toMatch(/^-?(0|[1-9]\d*)(\.\d*[1-9])?$/)
      }),
    )
  })
})

describe('quotients', () => {
  test('a quotient has 18 places, half to even', () => {
    fc.assert(
      fc.property(
        decimals,
        decimals.filter(b => !isZero(b)),
        (a, b) => {
          const [x, y] = aligned(a, b)
          expect(divide(a, b)).toBe(canonical({ units: halfEven(x * 10n ** 18n, y), places: 18 }))
        },
      ),
      { numRuns: 500 },
    )
  })

  test('halves go to the even neighbour', () => {
    expect(divide('1', '2000000000000000000')).toBe('0')
    expect(divide('3', '2000000000000000000')).toBe('0.000000000000000002')
    expect(divide('2', '3')).toBe('0.666666666666666667')
  })

  test('a quotient is rounded once: what is a hair above the half goes up', () => {
    // 1/2 of the 18th place and 1 of the 75th: rounding to some precision first would make it a half.
    const hair: Decimal = '0.00000000000000000000000000000000000001'
    const divisor: Decimal = '20000000000000000000000000000000000000'
    const dividend = add('10000000000000000000', hair)
    expect(divide(dividend, divisor)).toBe('0.000000000000000001')
  })

  test('nothing is divided by zero', () => {
    expect(() => divide('1', '0')).toThrow('division of 1 by zero')
    expect(() => divide('1', '0.00')).toThrow('by zero')
  })
})

describe('rounding to a step', () => {
  test('down is towards minus infinity, up towards plus infinity, nearest takes the even half', () => {
    fc.assert(
      fc.property(decimals, positive, (value, step) => {
        const [x, y, places] = aligned(value, step)
        const down = floor(x, y)
        const up = x % y === 0n ? down : down + 1n
        expect(roundTo(value, step, 'down')).toBe(canonical({ units: down * y, places }))
        expect(roundTo(value, step, 'up')).toBe(canonical({ units: up * y, places }))
        expect(roundTo(value, step, 'nearest')).toBe(canonical({ units: halfEven(x, y) * y, places }))
      }),
      { numRuns: 500 },
    )
  })

  test('what is on a step stays there, whichever way it is rounded', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), positive, (times, step) => {
        const value = multiply(`${times}` as Decimal, step)
        for (const mode of ['down', 'up', 'nearest'] as const) expect(roundTo(value, step, mode)).toBe(value)
      }),
    )
  })

  test('a measurement becomes a price on the tick', () => {
    expect(priceFrom(0.1 + 0.2, '0.01', 'nearest')).toBe('0.3')
    expect(priceFrom(28_010.019, '0.01', 'down')).toBe('28010.01')
    expect(priceFrom(28_010.011, '0.05', 'up')).toBe('28010.05')
    expect(priceFrom(1e21, '1', 'down')).toBe('1000000000000000000000')
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('%s is no price', measure => {
    expect(() => priceFrom(measure, '0.01', 'nearest')).toThrow('is no price')
  })
})

describe('text', () => {
  test.each([
    '1e5',
    '1E-7',
    'NaN',
    'Infinity',
    '-Infinity',
    '+1',
    '.5',
    '5.',
    '00',
    '01.5',
    '1,5',
    ' 1',
    '1 ',
    '1\n',
    '',
    '-',
    '--1',
    '0x10',
    '1_000',
    '٣',
    '1.2.3',
    '9'.repeat(41),
  ])('%j is no decimal', text => {
    expect(readDecimal(text)).toBeUndefined()
    expect(DecimalText.safeParse(text).success).toBe(false)
  })

  test.each([1, 0.5, Number.NaN, 10n, null, undefined])('%s is no text', value => {
    expect(DecimalText.safeParse(value).success).toBe(false)
  })

  test('every plain decimal of up to 40 characters reads as itself', () => {
    fc.assert(
      fc.property(decimals, text => {
        expect(readDecimal(text)).toBe(text)
        expect(DecimalText.parse(text)).toBe(text)
      }),
    )
  })

  test('for people and statistics there are places and doubles', () => {
    expect(toPlaces('2.675', 2)).toBe('2.68')
    expect(toPlaces('2.665', 2)).toBe('2.66')
    expect(toPlaces('10', 2)).toBe('10.00')
    expect(toNumber('0.1')).toBe(0.1)
  })
})
