// Rounding to whole steps (a venue's tick or lot), exact for decimals of any length: both are written as whole numbers of
// the smaller of their last places, and divided with remainder.

type Text = `${number}`

export type Rounding = 'down' | 'up' | 'nearest'

/** The multiple of `step`, which is positive, that is next to `value`; 'nearest' is half to even. */
export const inSteps = (value: Text, step: Text, rounding: Rounding): Text => {
  const places = Math.max(placesOf(value), placesOf(step))
  const units = unitsOf(value, places)
  const stepUnits = unitsOf(step, places)
  let steps = units / stepUnits
  let rest = units % stepUnits
  if (rest < 0n) {
    steps -= 1n // the quotient was cut towards zero, not down
    rest += stepUnits
  }
  const twice = 2n * rest
  const goesUp =
    rounding === 'up'
      ? rest > 0n
      : rounding === 'nearest' && (twice > stepUnits || (twice === stepUnits && steps % 2n !== 0n))
  return textOf((goesUp ? steps + 1n : steps) * stepUnits, places)
}

const placesOf = (text: string): number => {
  const point = text.indexOf('.')
  return point < 0 ? 0 : text.length - 1 - point
}

/** How many units of so many places the decimal is. */
const unitsOf = (text: string, places: number): bigint => {
  const missing = places - placesOf(text)
  return BigInt(text.replace('.', '')) * 10n ** BigInt(missing)
}

/** The shortest text of so many units. */
const textOf = (units: bigint, places: number): Text => {
  if (units === 0n) return '0'
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, '0')
  const whole = digits.slice(0, digits.length - places)
  const fraction = digits.slice(digits.length - places).replace(/0+$/, '')
  return `${units < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}` as Text
}
