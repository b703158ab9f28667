// Replaying by cutting: the same state as by reading whole events, and no byte may be wrong.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openJsonlReader } from '../../adapters/jsonl-store.ts'
import { replayLedger } from '../../adapters/ledger-replay.ts'
import { listSegments } from '../../adapters/ledger-segment.ts'
import { sha256 } from '../../domain/hash.ts'
import { type Kpi, kpi, kpiFields } from '../../projections/kpi.ts'
import { feed } from '../../projections/projection.ts'
import { writeDays } from '../bench/bench-ledger.ts'

const wanted = new Map(Object.entries(kpiFields))
const place = fs.mkdtempSync(path.join(os.tmpdir(), 'veritape-replay-'))
const folder = `${place}/book`

beforeAll(async () => {
  await writeDays(folder, 3, 1500)
})
afterAll(() => fs.rmSync(place, { recursive: true }))

const replayed = async (from: string): Promise<Kpi> => {
  let state = kpi.initial()
  await replayLedger(from, wanted, cut => {
    state = kpi.apply(state, cut as Parameters<typeof kpi.apply>[1])
  })
  return state
}

test('the key figures of a replay are those of the whole events', async () => {
  const store = await openJsonlReader(folder)
  let state = kpi.initial()
  for await (const recorded of store.readAll()) state = feed(kpi, state, recorded)
  expect(await replayed(folder)).toEqual(state)
  expect(await replayLedger(folder, wanted, () => undefined)).toEqual(await store.head())
  await store.close()
})

test('the figures declare every field that they read', async () => {
  // Whoever reads a field that is not declared gets undefined from a replay, and other figures than above.
  let fills = 0
  const seen = new Set<string>()
  await replayLedger(folder, wanted, ({ event }) => {
    seen.add(event.type)
    if (event.type !== 'OrderFilled') return
    fills++
    expect(Object.keys(event.data)).toEqual([...kpiFields.OrderFilled])
  })
  expect(fills).toBeGreaterThan(10)
  expect([...seen].sort()).toEqual(
    Object.keys(kpiFields)
      .filter(type => type !== 'IntentExpired' && type !== 'OrderWithheld') // the market of the benches has none
      .sort(),
  )
})

/** A copy of the book with some bytes of its second segment changed. */
const changed = (name: string, change: (text: string) => string): string => {
  const copy = `${place}/${name}`
  fs.cpSync(folder, copy, { recursive: true })
  const file = `${copy}/${listSegments(copy)[1]}`
  const before = fs.readFileSync(file, 'latin1')
  const after = change(before)
  expect(after).not.toBe(before)
  fs.writeFileSync(file, after, 'latin1')
  return copy
}

const line = (text: string, index: number): string => `${text.split('\n')[index]}\n`

/** The line with another price and the right hash for it: only the line behind it can tell. */
const forged = (text: string): string => {
  const old = text.split('\n').find(each => each.includes('"close":')) as string
  const covered = old.slice(0, old.indexOf(',"h":"')).replace('"close":"', '"close":"1')
  return text.replace(old, `${covered},"h":"${sha256(covered)}"}`)
}

const damages: Readonly<Record<string, (text: string) => string>> = {
  'another price': text => text.replace('"close":"', '"close":"1'),
  'a line that was made anew': forged,
  'another type': text => text.replace('"t":"CycleCompleted"', '"t":"CycleCompleteD"'),
  'a line that is missing': text => text.replace(line(text, 100), ''),
  'a line that is there twice': text => text.replace(line(text, 100), line(text, 100).repeat(2)),
  'lines that changed places': text =>
    text.replace(line(text, 100) + line(text, 101), line(text, 101) + line(text, 100)),
  'another hash': text => text.replace(/"h":"./, hit => (hit.endsWith('0') ? '"h":"1' : '"h":"0')),
  'another group': text => text.replace(/"b":"0001\//, '"b":"0002/'),
  'no end': text => text.slice(0, -1),
}

for (const [name, change] of Object.entries(damages))
  test(`a replay stops at ${name}`, async () => {
    const copy = changed(name.replaceAll(' ', '-'), change)
    await expect(replayed(copy)).rejects.toThrow(/is damaged|were acknowledged/)
  })

test('a replay stops when the end that was acknowledged is missing', async () => {
  const copy = `${place}/shorter`
  fs.cpSync(folder, copy, { recursive: true })
  fs.rmSync(`${copy}/${listSegments(copy).at(-1)}`)
  await expect(replayed(copy)).rejects.toThrow('was acknowledged')
})
