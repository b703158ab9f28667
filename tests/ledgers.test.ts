// Old ledgers parse for ever: tests/ledgers/<version>/ holds at least one line of every event that this version of the
// format could write. A new version of an event adds a folder; what is there is never edited.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { decodeLine } from '../adapters/ledger-line.ts'
import { declarations, parseEvent } from '../domain/catalogue.ts'
import { bytesOf, copyOf, linesOf, segmentsOf } from './cli/files.ts'
import { veritape } from './cli/veritape.ts'

const shelf = join(import.meta.dirname, 'ledgers')
/** SHA-256 of the last line of each, which stands for all lines before it. */
const written: Readonly<Record<string, string>> = {
  v1: '8a9db6ba1c20516b0ae2e2343570dc1b83cc022d20e7739e7f52fa50760b27b1',
}
const versions = readdirSync(shelf).sort()

test('every event of the catalogue stands in an old ledger', () => {
  const found = new Set(
    versions.flatMap(version => linesOf(join(shelf, version, 'every-event')).map(({ t, k }) => `${t}/${k}`)),
  )
  expect([...found].sort()).toEqual(declarations.map(({ type, version }) => `${type}/${version}`).sort())
})

test('no old ledger was added without a promise, or taken away', () => {
  expect(versions).toEqual(Object.keys(written).sort())
})

describe.each(versions)('%s', version => {
  const book = join(shelf, version, 'every-event')
  const texts = segmentsOf(book).flatMap(name =>
    readFileSync(join(book, name), 'utf8').split('\n').slice(0, -1),
  )

  test.each(texts.map(text => [JSON.parse(text).t as string, text]))('%s parses', (_, text) => {
    const { recorded } = decodeLine(text)
    expect(parseEvent(recorded.event)).toEqual(recorded.event)
  })

  test('it was never edited', () => {
    expect(linesOf(book).at(-1)?.h).toBe(written[version])
  })

  test('verify finds it clean, and every view can be folded from it', async () => {
    const cwd = copyOf(join(shelf, version))
    const before = bytesOf(join(cwd, 'every-event'))
    const told = (...argv: string[]) => veritape([...argv, '--ledger', '.', '--book', 'every-event'], { cwd })
    expect(await told('verify')).toMatchObject({ code: 0, stderr: '' })
    expect(await told('rebuild')).toMatchObject({ code: 0, stderr: '' })
    expect(await told('status')).toMatchObject({ code: 0, stderr: '' })
    expect(bytesOf(join(cwd, 'every-event'))).toEqual(before)
  })
})
