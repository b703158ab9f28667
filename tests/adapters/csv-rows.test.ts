// Rows of csv.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { csvRows } from '../../adapters/csv-rows.ts'

const header = 'a,b,c\n'
const rowsOf = (text: string) => csvRows(header + text, header.length, 3)

test('rows end with a line feed, with a carriage return and one, or with the text', () => {
  const rows = rowsOf('1,2,3\r\n4,5,6\n7,8,9')
  const seen: string[] = []
  while (rows.next()) seen.push(`${rows.line}: ${rows.field(0)} ${rows.field(2)} ${rows.row()}`)
  expect(seen).toEqual(['2: 1 3 1,2,3', '3: 4 6 4,5,6', '4: 7 9 7,8,9'])
})

test('fields are counted, also when there are too many or too few', () => {
  const rows = rowsOf('1,2\n1,2,3,4,5\n\n1,,3')
  const counts: number[] = []
  while (rows.next()) counts.push(rows.fields)
  expect(counts).toEqual([2, 5, 1, 3])
})

const numberOf = (text: string) => {
  const rows = csvRows(`a\n${text}`, 2, 1)
  rows.next()
  return { number: rows.number(0), isFaithful: rows.isFaithful }
}

test.each([
  '',
  '.',
  '.5',
  '5.',
  '1e5',
  '+1',
  '007',
  '00.5',
  '1.2.3',
  ' 1',
  '1 ',
  'NaN',
  '-',
  '0x10',
  '1_000',
])('"%s" is no number', text => {
  expect(numberOf(`${text}`).number).toBeUndefined()
})

test.each([
  ['0', 0],
  ['0.5', 0.5],
  ['10', 10],
  ['23141.57', 23141.57],
  ['-3.5', -3.5],
  ['1677628800000', 1677628800000],
])('%s is a number', (text, number) => {
  expect(numberOf(text)).toMatchObject({ number })
})

test('a number of more than 15 digits is read, and said not to be told apart by a double', () => {
  expect(numberOf('1234567.12345678')).toEqual({ number: 1234567.12345678, isFaithful: true })
  expect(numberOf('1234567.123456789')).toEqual({ number: 1234567.123456789, isFaithful: false })
})

test('a decimal reads as the double that JavaScript reads it as', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 999_999_999_999_999n }),
      fc.integer({ min: 0, max: 15 }),
      (whole, decimals) => {
        const digits = String(whole).padStart(decimals + 1, '0')
        const text =
          decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(digits.length - decimals)}`
        expect(numberOf(text).number).toBe(Number(text))
      },
    ),
    { numRuns: 2000 },
  )
})
