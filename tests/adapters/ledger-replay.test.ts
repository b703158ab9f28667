// Replaying by cutting: the same state as by reading whole events, and no byte may be wrong.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openJsonlReader } from '../../adapters/jsonl-store.ts'
import { replayLedger } from '../../adapters/ledger-replay.ts'
import { sealName } from '../../adapters/ledger-seal.ts'
import { sealDays } from '../../adapters/ledger-seal-days.ts'
import { listSegments, sealedName } from '../../adapters/ledger-segment.ts'
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
    const there = kpiFields.OrderFilled.filter(field => field !== 'feeCurrency') // no fill of this market has one
    expect(Object.keys(event.data)).toEqual(there)
  })
  expect(fills).toBeGreaterThan(10)
  // The others are not made by the market of the benches; the test below has them.
  const made = [
    'BookOpened',
    'CandleClosed',
    'CycleCompleted',
    'IntentDenied',
    'IntentRaised',
    'OrderAccepted',
  ]
  expect([...seen].sort()).toEqual([...made, 'OrderFilled', 'OrderRequested', 'StrategyEvaluated'])
})

test.each(['v1', 'v1-reconciled', 'v2'])(
  'of an event of every kind, as in the ledger of %s, the fold reads nothing but what is declared',
  async version => {
    const copy = `${place}/${version}`
    fs.cpSync(`tests/ledgers/${version}/every-event`, copy, { recursive: true })
    const store = await openJsonlReader(copy)
    let state = kpi.initial()
    for await (const recorded of store.readAll()) state = feed(kpi, state, recorded)
    await store.close()
    expect(state).not.toEqual(kpi.initial())
    expect(await replayed(copy)).toEqual(state)
  },
)

test('every type that the figures fold is in one of the ledgers above', async () => {
  const seen = new Set<string>()
  for (const version of ['v1', 'v1-reconciled', 'v2'])
    await replayLedger(`${place}/${version}`, wanted, ({ event }) => seen.add(event.type))
  expect(Object.keys(kpiFields).filter(type => !seen.has(type))).toEqual([])
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

describe('sealed days', () => {
  const sealed = `${place}/sealed`
  const gz = () => `${sealed}/${sealedName(listSegments(sealed)[0] as string)}`

  beforeAll(async () => {
    fs.cpSync(folder, sealed, { recursive: true })
    for await (const _ of sealDays(sealed));
    expect(fs.existsSync(gz())).toBe(true)
  })

  test('the key figures are those of the plain days', async () => {
    expect(await replayed(sealed)).toEqual(await replayed(folder))
  })

  test('a changed byte of the file stops it, although the lines would still unpack', async () => {
    const before = fs.readFileSync(gz())
    const after = Buffer.from(before)
    after[9] = (after[9] as number) ^ 1 // the operating system in the gzip header: nobody unpacks anything else
    expect(gunzipSync(after).equals(gunzipSync(before))).toBe(true)
    overwrite(gz(), after)
    await expect(replayed(sealed)).rejects.toThrow('expected SHA-256')
    overwrite(gz(), before)
  })

  test('another day with a seal of its own does not fit into the chain', async () => {
    const [first, second] = listSegments(sealed) as [string, string]
    const copy = `${place}/swapped`
    fs.cpSync(sealed, copy, { recursive: true })
    for (const end of ['.gz', '.seal.json']) fs.rmSync(`${copy}/${first}${end}`)
    await expect(replayed(copy)).rejects.toThrow(`${second}.gz is damaged: its seal goes on behind event`)
  })

  test('a seal that names another seal before it stops it', async () => {
    const copy = `${place}/resealed`
    fs.cpSync(sealed, copy, { recursive: true })
    const [first] = listSegments(copy) as [string]
    const seal = fs.readFileSync(`${copy}/${sealName(first)}`, 'utf8')
    const epoch = JSON.parse(seal).epoch as string
    overwrite(`${copy}/${sealName(first)}`, seal.replace(epoch, `${epoch.slice(0, -2)}1Z`))
    await expect(replayed(copy)).rejects.toThrow('its seal names another seal')
  })

  const overwrite = (file: string, content: string | Buffer) => {
    fs.rmSync(file) // what is sealed is read-only
    fs.writeFileSync(file, content)
  }
})

describe('a ledger that is long enough for a thread of its own', () => {
  // From the compiled program: Node 20 starts no thread from TypeScript.
  const compiled = '../../dist/adapters/ledger-replay.js'
  const long = `${place}/long`
  const file = () => `${long}/${listSegments(long)[0]}`
  const figures = async () => {
    const { replayLedger } = (await import(compiled)) as typeof import('../../adapters/ledger-replay.ts')
    let state = kpi.initial()
    await replayLedger(long, wanted, cut => {
      state = kpi.apply(state, cut as Parameters<typeof kpi.apply>[1])
    })
    return state
  }

  beforeAll(async () => {
    const { bytes } = await writeDays(long, 1, 60_000)
    expect(bytes).toBeGreaterThan(34 * 1024 * 1024)
  })

  test('gives the same figures', async () => {
    expect(await figures()).toEqual(await replayed(long))
  })

  test('stops at a changed byte, wherever it stands', async () => {
    const { size } = fs.statSync(file())
    for (const share of [0.001, 0.5, 0.9999]) {
      const at = Math.floor(size * share)
      const fd = fs.openSync(file(), 'r+')
      const byte = Buffer.alloc(1)
      fs.readSync(fd, byte, 0, 1, at)
      fs.writeSync(fd, Buffer.from([(byte[0] as number) ^ 1]), 0, 1, at)
      await expect(figures()).rejects.toThrow(/is damaged: expected/)
      fs.writeSync(fd, byte, 0, 1, at)
      fs.closeSync(fd)
    }
    expect((await figures()).results.total.trades).toBeGreaterThan(100)
  })
})
