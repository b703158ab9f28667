// Old ledgers parse for ever: tests/ledgers/<version>/ holds at least one line of every event that this version of the
// format could write. A new version of an event adds a folder; what is there is never edited.
// declarations.json holds a hash of the shape of every event that was ever released.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { decodeLine } from '../adapters/ledger-line.ts'
import { declarations, parseEvent } from '../domain/catalogue.ts'
import { sha256 } from '../domain/hash.ts'
import { formerShapes } from '../domain/upcast.ts'
import { bytesOf, copyOf, linesOf, segmentsOf } from './cli/files.ts'
import { veritape } from './cli/veritape.ts'

const shelf = join(import.meta.dirname, 'ledgers')
/** SHA-256 of the last line of each, which stands for all lines before it. */
const written: Readonly<Record<string, string>> = {
  v1: '8a9db6ba1c20516b0ae2e2343570dc1b83cc022d20e7739e7f52fa50760b27b1',
  // The events of orders in doubt and of the account's owner.
  'v1-reconciled': '97ac78df877078162527a0bdd65aafe805f449dbb60163ba4748a0f6f679cdc1',
  // v1, backed up and restored.
  'v1-restored': '3cd45c94771fcbf21d8db2010016bab4488eb6ce6df56d4e5ea6df1219070b71',
  // That one, poisoned and repaired.
  'v1-repaired': '5e085412426843d8cbd3ffecb6c25451347827176ae7fbee3ced7425c6c48b4c',
  // The first second versions, and an event of every kind that came with them.
  v2: '05eada6657c531c176393671b733267019270aa57c24c661e6513d782d5fb1ed',
  // Fees in the currency they were taken in, and the dust of an exit.
  v3: '46f3010669f68e22ec38d18b41a3d20c927747aa7c8dd5d67684ed6b0098593b',
  // With what a strategy server answered.
  v4: '484e0389333808afbef01647e9362ee48416ff3a92ebc0a6a7e912705812dcf9',
  // The guardian's own actions, and what people outside were told.
  'v2-guarded': '7b33ec0db05e6ae68a3d78a94952eec7ef5cf756a13410229c001fd0f03b4a19',
  // v1, moved to EventStoreDB, taken over there by another executor, and copied back.
  'v1-taken-over': '7df98e5a286228d630e480a90f261474d288c58bbef9545c4432e1f25c3fef49',
  // Retention, and snapshots with the order book and the balances.
  v5: 'fdf3ae94c72ec2de633598ef7a5bfff7af6bfe035d79a4af2fa0462a87506c71',
}
/**
 * Why nothing of them is proven: they hold a line of each kind, put there so that it can be read, and no decision of a
 * program. Old decisions are proven in tests/stories.
 */
const unproven: Readonly<Record<string, string>> = {
  'v1-reconciled': 'the ledger holds a decision, seq 4, of no run that was started',
  'v2-guarded': 'nothing was decided on any day: there is nothing to prove',
}
const versions = readdirSync(shelf)
  .filter(name => !name.endsWith('.json'))
  .sort()

const known = [...declarations, ...formerShapes.map(({ declaration }) => declaration)]

test('every event of the catalogue, and every former shape, stands in an old ledger', () => {
  const found = new Set(
    versions.flatMap(version => linesOf(join(shelf, version, 'every-event')).map(({ t, k }) => `${t}/${k}`)),
  )
  expect([...found].sort()).toEqual(known.map(({ type, version }) => `${type}/${version}`).sort())
})

const runOf = (book: string): number => Number(linesOf(book).find(({ t }) => t === 'RunStarted')?.n)

test('no old ledger was added without a promise, or taken away', () => {
  expect(versions).toEqual(Object.keys(written).sort())
})

// ── shapes ──────────────────────────────────────────────────────────────────────────────────────────────────────

const Released = z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/))
const released = Released.parse(JSON.parse(readFileSync(join(shelf, 'declarations.json'), 'utf8')))

/** Of the shape as JSON schema: what parses, not how it is written down here. */
const hashOfShape = ({ data }: { readonly data: unknown }): string =>
  sha256(JSON.stringify(z.toJSONSchema(data as z.ZodType, { unrepresentable: 'any' })))

test.each(known.map(each => [`${each.type}/${each.version}`, each] as const))(
  '%s has the shape it was released with',
  (name, each) => {
    expect(
      released[name],
      `${name} is new: add "${name}": "${hashOfShape(each)}" to tests/ledgers/declarations.json and a line of it to a ledger there`,
    ).toBeDefined()
    expect(
      hashOfShape(each),
      `${name} was released with another shape, and lines of it stand in ledgers. Leave it as it was, declare version ` +
        `${each.version + 1} beside it, and lead up to that in domain/upcast.ts (docs/ledger-format.md, Shapes over time)`,
    ).toBe(released[name])
  },
)

test('no shape that was ever released is forgotten', () => {
  expect(Object.keys(released).sort()).toEqual(known.map(({ type, version }) => `${type}/${version}`).sort())
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

  test('the proof makes no decision of it again, and says why', async () => {
    const { code, stdout, stderr } = await veritape(
      ['replay', '--prove', '--ledger', '.', '--book', 'every-event'],
      { cwd: copyOf(join(shelf, version)) },
    )
    const why =
      unproven[version] ??
      `what the run of seq ${runOf(book)} decided cannot be decided again without its configuration: 'c0f1' is no SHA-256`
    expect(stdout + stderr).toContain(why)
    expect(code).toBe(version === 'v2-guarded' ? 0 : 65)
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
