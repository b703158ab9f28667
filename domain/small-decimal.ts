// Exact decimals that fit into a double: nearly all prices, quantities and amounts of a real book do.
//
// A decimal is a whole number of units with so many places: '12.50' is 1250 units of 2 places. As long as the units
// stay below 2^53, sums, differences and products of doubles are exact, and much faster than numbers of any length.
// Every function gives undefined when one of its numbers is too long; decimal.ts then calculates it the long way.

type Text = `${number}`

const longest = 17
const powers = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent)

/** Places of the text that `unitsOf` read last. */
let places = 0

/** The units of a decimal, with its places in `places`; NaN when it is too long or not a plain decimal. */
const unitsOf = (text: string): number => {
  const { length } = text
  if (length > longest) return Number.NaN
  const negative = text.charCodeAt(0) === 45
  if (!isDigit(text.charCodeAt(negative ? 1 : 0)) || !isDigit(text.charCodeAt(length - 1))) return Number.NaN
  let units = 0
  let point = -1
  for (let at = negative ? 1 : 0; at < length; at++) {
    const digit = text.charCodeAt(at) - 48
    if (digit >= 0 && digit <= 9) units = units * 10 + digit
    else if (digit === -2 && point < 0) point = at
    else return Number.NaN
  }
  places = point < 0 ? 0 : length - 1 - point
  // Checked at the end: digits can only have been lost when the sum of them grew beyond.
  if (units > Number.MAX_SAFE_INTEGER) return Number.NaN
  return negative ? -units : units
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57

/** The shortest text of so many units; undefined when they are not exact. */
const textOf = (units: number, scale: number): Text | undefined => {
  if (!(Math.abs(units) <= Number.MAX_SAFE_INTEGER)) return undefined
  if (units === 0) return '0'
  while (scale > 0 && units % 10 === 0) {
    units /= 10
    scale--
  }
  if (scale === 0) return `${units}` as Text
  // In two parts, each printed as a small whole number: a long one takes several times as long to print.
  const power = powers[scale]
  if (power === undefined) return undefined
  const size = Math.abs(units)
  let whole = Math.floor(size / power)
  let rest = size - whole * power
  if (rest < 0) {
    whole -= 1 // the quotient was rounded up
    rest += power
  }
  const digits = `${rest}`
  return `${units < 0 ? '-' : ''}${whole}.${digits.length < scale ? digits.padStart(scale, '0') : digits}` as Text
}

/** a + sign × b */
export const sumOfSmall = (a: Text, b: Text, sign: 1 | -1): Text | undefined => {
  let first = unitsOf(a)
  const scale = places
  let second = unitsOf(b)
  const more = places - scale
  if (more > 0) first *= powers[more] ?? Number.NaN
  else if (more < 0) second *= powers[-more] ?? Number.NaN
  if (!(Math.abs(first) <= Number.MAX_SAFE_INTEGER && Math.abs(second) <= Number.MAX_SAFE_INTEGER))
    return undefined
  return textOf(first + sign * second, more > 0 ? scale + more : scale)
}

export const productOfSmall = (a: Text, b: Text): Text | undefined => {
  const first = unitsOf(a)
  const scale = places
  const second = unitsOf(b)
  return textOf(first * second, scale + places)
}

/** Negative, 0 or positive; undefined when one of them is too long. */
export const compareSmall = (a: Text, b: Text): number | undefined => {
  let first = unitsOf(a)
  const scale = places
  let second = unitsOf(b)
  const more = places - scale
  if (more > 0) first *= powers[more] ?? Number.NaN
  else if (more < 0) second *= powers[-more] ?? Number.NaN
  if (!(Math.abs(first) <= Number.MAX_SAFE_INTEGER && Math.abs(second) <= Number.MAX_SAFE_INTEGER))
    return undefined
  return first < second ? -1 : first > second ? 1 : 0
}

/** a / b to 18 places, half to even; b is not zero. */
export const quotientOfSmall = (a: Text, b: Text): Text | undefined => {
  const first = unitsOf(a)
  const scale = places
  const second = unitsOf(b)
  const exponent = 18 + places - scale
  if (
    !(
      Math.abs(first) <= Number.MAX_SAFE_INTEGER &&
      second !== 0 &&
      Math.abs(second) <= Number.MAX_SAFE_INTEGER
    )
  )
    return undefined
  if (exponent < 0) return undefined
  const negative = first < 0 !== second < 0
  const dividend = BigInt(Math.abs(first)) * 10n ** BigInt(exponent)
  const divisor = BigInt(Math.abs(second))
  let units = dividend / divisor
  const twice = (dividend - units * divisor) * 2n
  if (twice > divisor || (twice === divisor && units % 2n === 1n)) units++
  if (units === 0n) return '0'
  const digits = units.toString().padStart(19, '0')
  const whole = digits.slice(0, -18)
  const rest = digits.slice(-18).replace(/0+$/, '')
  return `${negative ? '-' : ''}${whole}${rest === '' ? '' : `.${rest}`}` as Text
}
