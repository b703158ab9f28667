import { expect, test } from 'vitest'
import { printCsv } from '../../projections/csv.ts'

test('a cell with a comma, a quote or a line break is quoted', () => {
  expect(printCsv(['a', 'b', 'c'], [['x,y', 'say "no"', 'two\nlines']])).toBe(
    'a,b,c\n"x,y","say ""no""","two\nlines"\n',
  )
})

test('text that a spreadsheet would run is defused, a negative number is not', () => {
  expect(printCsv(['a', 'b', 'c', 'd'], [['=1+1', '@x', '-5.25', -5.25]])).toBe(
    "a,b,c,d\n'=1+1,'@x,-5.25,-5.25\n",
  )
})

test('no rows is a header', () => {
  expect(printCsv(['a'], [])).toBe('a\n')
})
