// A venue's number as an exact decimal: '1e-8' and '0.10' become '0.00000001' and '0.1', and what is no number nothing.

import { type Decimal, readDecimal } from '../domain/decimal.ts'

const form = /^(-?)0*(\d*)(?:\.(\d*?)0*)?(?:[eE]([+-]?\d{1,3}))?$/

/** From text or a number, without rounding; undefined when it is none, or longer than a ledger keeps (40 characters). */
export const exactDecimal = (given: unknown): Decimal | undefined => {
  if (typeof given !== 'string' && typeof given !== 'number') return undefined
  const [, sign, whole = '', fraction = '', power = '0'] = form.exec(String(given)) ?? []
  if (sign === undefined || !/\d/.test(String(given))) return undefined
  const digits = whole + fraction
  const point = whole.length + Number(power)
  const padded = point <= 0 ? '0'.repeat(1 - point) + digits : digits.padEnd(point, '0')
  const at = Math.max(point, 1)
  const before = padded.slice(0, at).replace(/^0+(?=\d)/, '')
  const after = padded.slice(at).replace(/0+$/, '')
  const text = `${before === '' ? '0' : before}${after === '' ? '' : `.${after}`}`
  return readDecimal(text === '0' ? '0' : `${sign}${text}`)
}
