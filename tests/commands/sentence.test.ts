// Every event has a sentence for people: asked of an event of each kind as the old ledgers keep them.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sentenceOf } from '../../commands/sentence.ts'
import { type BookEvent, declarations, parseEvent } from '../../domain/catalogue.ts'
import { upcast } from '../../domain/upcast.ts'
import { linesOf } from '../cli/files.ts'

const shelf = join(import.meta.dirname, '../ledgers')
const events: BookEvent[] = readdirSync(shelf)
  .filter(name => !name.endsWith('.json'))
  .flatMap(version => linesOf(join(shelf, version, 'every-event')))
  .map(({ t, k, d }) => parseEvent(upcast({ type: t, version: k, data: d })))
const types = [...new Set(declarations.map(({ type }) => type))]

test.each(types)('%s', type => {
  const found = events.filter(event => event.type === type)
  expect(found.length).toBeGreaterThan(0)
  for (const event of found) {
    const sentence = sentenceOf(event)
    expect(sentence).toMatch(/^[^\n]*[a-z]{2,} [^\n]*$/) // words on one line
    expect(sentence).not.toMatch(/[{}]|undefined|\[object|NaN/)
    expect(sentence).not.toBe(JSON.stringify(event.data))
  }
})
