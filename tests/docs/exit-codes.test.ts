// docs/exit-codes.md is the table of the code.

import { expect, test } from 'vitest'
import { exit, exitTable } from '../../commands/exit.ts'
import { tableRows } from './markdown-table.ts'

test('the document has the codes and meanings of the program, in order', () => {
  expect(tableRows('docs/exit-codes.md', ['code', 'meaning'])).toEqual(exitTable)
})

test('every named exit code is explained', () => {
  expect(exitTable.map(([code]) => code)).toEqual(expect.arrayContaining(Object.values(exit).map(String)))
})
