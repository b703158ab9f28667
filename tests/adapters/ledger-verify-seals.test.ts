// Verifying a sealed book: every flipped bit of a compressed segment, of a seal and of a signed anchor is found, and
// so is a forger who recomputes everything but the signature.

import { generateKeyPairSync, hash, type KeyObject } from 'node:crypto'
import fs from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readPublicKey } from '../../adapters/ledger-anchor.ts'
import { nodeFiles } from '../../adapters/ledger-files.ts'
import { printSlot } from '../../adapters/ledger-head.ts'
import { readIdentity } from '../../adapters/ledger-identity.ts'
import { sealSegment } from '../../adapters/ledger-sealing.ts'
import { type VerifyOptions, verifyLedger } from '../../adapters/ledger-verify.ts'
import { full } from '../faults/tally.ts'
import { type BookOfDays, bookOfDays, firstDay } from './book-of-days.ts'

let book: BookOfDays
let publicKey: KeyObject
let keyFile = ''
beforeEach(async () => {
  book = await bookOfDays(3)
  const keys = generateKeyPairSync('ed25519')
  keyFile = `${book.folder}/../key.pem`
  fs.writeFileSync(keyFile, keys.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  fs.writeFileSync(`${keyFile}.pub`, keys.publicKey.export({ type: 'spki', format: 'pem' }))
  publicKey = readPublicKey(`${keyFile}.pub`)
})
afterEach(() => book.remove())

const gz = `${firstDay}.jsonl.gz`
const seal = `${firstDay}.jsonl.seal.json`
const pathOf = (name: string) => `${book.folder}/${name}`

/** Flips every bit of a file, one at a time, and gives those that nobody noticed. In short, one bit of each byte. */
const unnoticed = async (name: string, look: () => Promise<readonly { readonly segment: string }[]>) => {
  const good = fs.readFileSync(pathOf(name))
  const missed: number[] = []
  const elsewhere = new Set<string>()
  for (let bit = 0; bit < good.length * 8; bit += full ? 1 : 9) {
    const bytes = Buffer.from(good)
    const at = bit >> 3
    bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7))
    overwrite(name, bytes)
    const damages = await look()
    if (damages.length === 0) missed.push(bit)
    else if (!damages.some(({ segment }) => segment === name)) elsewhere.add(damages[0]?.segment ?? '')
  }
  overwrite(name, good)
  return { missed, elsewhere: [...elsewhere], bits: good.length * 8 }
}

const overwrite = (name: string, bytes: string | Buffer) => {
  fs.rmSync(pathOf(name), { force: true })
  fs.writeFileSync(pathOf(name), bytes)
}

describe('a flipped bit is found, and named by its file', () => {
  const dayOne = async () => (await book.verify({ date: firstDay })).damages

  test('in a compressed segment, in every one of its bits', async () => {
    await book.seal()
    const { missed, elsewhere, bits } = await unnoticed(gz, dayOne)
    expect([missed, elsewhere]).toEqual([[], []])
    expect(bits).toBeGreaterThan(5000)
    expect(await dayOne()).toEqual([])
  }, 120_000)

  test('in a seal, in every one of its bits', async () => {
    await book.seal()
    const { missed, elsewhere, bits } = await unnoticed(seal, dayOne)
    // A seal with another hash of the compressed file says that the compressed file is another one.
    expect([missed, elsewhere]).toEqual([[], [gz]])
    expect(bits).toBeGreaterThan(5000)
    expect(await dayOne()).toEqual([])
  }, 120_000)

  test('in a signed anchor, in every one of its bits', async () => {
    await book.seal({ keyFile })
    const look = async () => (await book.verify({ date: firstDay, publicKey })).damages
    const { missed, elsewhere, bits } = await unnoticed(`anchors/${firstDay}.json`, look)
    // The last one is the end of line, the only byte that an anchor can do without.
    expect([missed.filter(bit => bit < bits - 8), elsewhere]).toEqual([[], []])
  }, 120_000)
})

test('a signature with other bits where base64 has no meaning is another one', async () => {
  await book.seal({ keyFile })
  const name = `anchors/${firstDay}.json`
  const text = fs.readFileSync(pathOf(name), 'utf8')
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const other = text.replace(/(.)(=="\})/, (_, last, end) => `${alphabet[alphabet.indexOf(last) ^ 1]}${end}`)
  expect(other).not.toBe(text)
  overwrite(name, other)
  expect((await book.verify({ publicKey })).damages).toMatchObject([{ segment: name }])
})

test('a seal that says the same in other words is another one', async () => {
  await book.seal()
  overwrite(seal, JSON.stringify(JSON.parse(fs.readFileSync(pathOf(seal), 'utf8'))))
  const found = (await book.verify({ date: firstDay })).damages.map(({ segment }) => segment)
  expect(found).toEqual([`${firstDay}.jsonl`, seal, ...Array(3).fill(`anchors/${firstDay}.json`)])
})

test('damage in a compressed segment names the file and the byte where its member begins', async () => {
  await book.seal()
  const bytes = fs.readFileSync(pathOf(gz))
  bytes[400] = (bytes[400] as number) ^ 4
  overwrite(gz, bytes)
  const { damages } = await book.verify()
  expect(damages[0]).toMatchObject({ segment: gz, byte: 0, expected: 'a gzip member' })
  expect(damages.some(({ expected }) => expected.startsWith('SHA-256'))).toBe(true)
})

describe('a missing file is found', () => {
  beforeEach(async () => {
    await book.seal()
  })

  test('the seal', async () => {
    fs.rmSync(pathOf(seal))
    expect((await book.verify()).damages.map(({ segment }) => segment)).toContain(seal)
  })

  test('the compressed segment', async () => {
    fs.rmSync(pathOf(gz))
    expect((await book.verify()).damages.length).toBeGreaterThan(0)
  })

  test('both, with the anchor of the day still there', async () => {
    fs.rmSync(pathOf(gz))
    fs.rmSync(pathOf(seal))
    const found = (await book.verify()).damages.map(({ segment }) => segment)
    expect(found).toContain(`anchors/${firstDay}.json`)
  })
})

test('a day that was unpacked again by hand is no damage as long as its seal stands', async () => {
  await book.seal()
  const { execFileSync } = await import('node:child_process')
  fs.writeFileSync(pathOf(`${firstDay}.jsonl`), execFileSync('zcat', [pathOf(gz)]))
  expect((await book.verify()).damages).toEqual([])
})

test('one day alone is verified with the seal before it taken on trust', async () => {
  await book.seal()
  const { damages, report } = await book.verify({ date: '2023-03-25' })
  expect(damages).toEqual([])
  expect(report).toMatchObject({ seals: 1, anchors: 1, signatures: 0 })
})

test('a seal that is not the one that the next seal names is found', async () => {
  await book.seal()
  const path = pathOf('2023-03-25.jsonl.seal.json')
  const text = fs.readFileSync(path, 'utf8')
  overwrite(
    '2023-03-25.jsonl.seal.json',
    text.replace(/"previousSeal": "\w{64}"/, `"previousSeal": "${'a'.repeat(64)}"`),
  )
  expect((await book.verify()).damages).toMatchObject([
    {
      segment: '2023-03-25.jsonl.seal.json',
      expected: expect.stringMatching(/^previousSeal \w{64}$/),
      found: 'a'.repeat(64),
    },
    { segment: 'anchors/2023-03-25.json' },
  ])
})

describe('days that are sealed while the ledger is verified are no damage', () => {
  /** Verifies a book of four days, and seals it when the lines of `when` have been gone through. */
  const sealedAt = async (when: string, options: VerifyOptions = {}) => {
    const found: unknown[] = []
    const steps = verifyLedger(book.folder, options)
    let step = await steps.next()
    for (let isSealed = false; step.done !== true; step = await steps.next()) {
      if (step.value.kind === 'damage') found.push(step.value.damage)
      else if (!isSealed && step.value.segment === when) {
        isSealed = true
        await book.seal({ keyFile })
      }
    }
    return { found, report: step.value }
  }
  beforeEach(async () => {
    const three = book
    book = await bookOfDays(4)
    fs.cpSync(keyFile, `${book.folder}/../key.pem`)
    keyFile = `${book.folder}/../key.pem`
    three.remove()
  })

  test.each([
    // What was gone through before its seal came is held against it all the same.
    '2023-03-24.jsonl',
    '2023-03-25.jsonl',
    '2023-03-26.jsonl',
    '2023-03-27.jsonl',
  ])('behind the lines of %s', async when => {
    const { found, report } = await sealedAt(when, { publicKey })
    expect(found).toEqual([])
    expect(report).toMatchObject({ seals: 3, anchors: 3, signatures: 3 })
  })

  test('nor where one day alone is verified', async () => {
    const { found, report } = await sealedAt('2023-03-25.jsonl', { date: '2023-03-25' })
    expect(found).toEqual([])
    expect(report).toMatchObject({ seals: 1, anchors: 1 })
  })

  test('and a seal that says other than the lines is found though it came late', async () => {
    const steps = verifyLedger(book.folder)
    const found: unknown[] = []
    let step = await steps.next()
    for (let isSealed = false; step.done !== true; step = await steps.next()) {
      if (step.value.kind === 'damage') found.push(step.value.damage)
      else if (!isSealed && step.value.segment === '2023-03-25.jsonl') {
        isSealed = true
        await book.seal()
        overwrite(seal, fs.readFileSync(pathOf(seal), 'utf8').replace(/"events": \d+/, '"events": 1'))
      }
    }
    expect(found).toMatchObject([
      { segment: seal, expected: 'events 5' },
      { segment: '2023-03-25.jsonl.seal.json', expected: expect.stringMatching(/^previousSeal/) },
      { segment: `anchors/${firstDay}.json` },
    ])
  })
})

// ── a forger with all rights on the machine, but without the key ────────────────────────────────────────────────

/** Changes one event of a sealed day, and recomputes every later hash, every seal, every anchor and HEAD. */
const forge = async () => {
  const { gunzipSync } = await import('node:zlib')
  const dates = ['2023-03-24', '2023-03-25']
  const plain = new Map<string, string>()
  for (const date of dates) plain.set(`${date}.jsonl`, gunzipAll(gunzipSync, pathOf(`${date}.jsonl.gz`)))
  plain.set('2023-03-26.jsonl', fs.readFileSync(pathOf('2023-03-26.jsonl'), 'utf8'))
  let previous = '0'.repeat(64)
  let seq = 0
  for (const [name, text] of plain) {
    let out = ''
    for (const line of text.split('\n').slice(0, -1)) {
      seq++
      const body = line.slice(0, -144 + 1).replace(seq === 2 ? '"volume":"12.5"' : /^$/, '"volume":"99.5"')
      const linked = `${body},"p":"${previous}"`
      previous = hash('sha256', linked, 'hex')
      out += `${linked},"h":"${previous}"}\n`
    }
    for (const old of [`${name}.gz`, `${name}.seal.json`]) fs.rmSync(pathOf(old), { force: true })
    overwrite(name, out)
  }
  const last = '2023-03-26.jsonl'
  const mark = { seq, segment: last, end: fs.statSync(pathOf(last)).size, hash: previous }
  fs.writeFileSync(pathOf('HEAD'), printSlot(mark).repeat(2))
  const identity = readIdentity(book.folder)
  if (identity === undefined) throw new Error('no ledger')
  let before: Awaited<ReturnType<typeof sealSegment>> | undefined
  for (const date of dates)
    before = await sealSegment({ folder: book.folder, identity, files: nodeFiles }, `${date}.jsonl`, before)
}

const gunzipAll = (gunzip: (bytes: Buffer) => Buffer, path: string): string =>
  gunzip(fs.readFileSync(path)).toString()

describe('a sealed event that was changed, with every later hash and seal recomputed', () => {
  test('is found by the anchors', async () => {
    await book.seal()
    await forge()
    const { damages, report } = await book.verify()
    expect(report.seals).toBe(2)
    expect(damages.map(({ segment }) => segment)).toContain(`anchors/${firstDay}.json`)
    expect(damages.every(({ segment }) => segment.startsWith('anchors/'))).toBe(true)
  })

  test('and stops the next sealing, which does not touch the anchors', async () => {
    await book.seal()
    await forge()
    const before = fs.readFileSync(pathOf(`anchors/${firstDay}.json`))
    await expect(book.seal()).rejects.toThrow('says other than the seal of that day')
    expect(fs.readFileSync(pathOf(`anchors/${firstDay}.json`))).toEqual(before)
  })

  test('and with the anchors written anew, by their signatures alone', async () => {
    await book.seal({ keyFile })
    await forge()
    fs.rmSync(pathOf('anchors'), { recursive: true })
    await book.seal()
    expect((await book.verify()).damages).toEqual([])
    expect((await book.verify({ publicKey })).damages).toMatchObject([
      {
        segment: 'anchors/2023-03-24.json',
        expected: expect.stringContaining('a signature of the key'),
        found: 'none',
      },
      { segment: 'anchors/2023-03-25.json' },
    ])
  })

  test('and with anchors signed by another key, by their signatures alone', async () => {
    await book.seal({ keyFile })
    await forge()
    fs.rmSync(pathOf('anchors'), { recursive: true })
    fs.writeFileSync(
      keyFile,
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
      {
        mode: 0o600,
      },
    )
    await book.seal({ keyFile })
    expect((await book.verify({ publicKey })).damages).toMatchObject([
      { found: expect.stringContaining('one that does not hold') },
      { found: expect.stringContaining('one that does not hold') },
    ])
  })

  test('and with the anchors removed, by the anchors that are missing', async () => {
    await book.seal({ keyFile })
    await forge()
    fs.rmSync(pathOf('anchors'), { recursive: true })
    expect((await book.verify({ publicKey })).damages).toMatchObject([{ found: 'none' }, { found: 'none' }])
  })

  test('and with no trace of seals and anchors left, by a line that was kept elsewhere', async () => {
    const kept = (await book.seal()).flatMap(step => (step.kind === 'anchored' ? [step.line] : []))
    expect((await book.verify({ keptAnchors: kept })).damages).toEqual([])
    await forge()
    fs.rmSync(pathOf('anchors'), { recursive: true })
    const { damages } = await book.verify({ keptAnchors: kept })
    expect(damages[0]).toMatchObject({
      segment: 'kept anchor 1',
      expected: expect.stringContaining('which was anchored'),
    })
  })
})

test('what POISON says is part of the report', async () => {
  expect((await book.verify()).report.poison).toBeUndefined()
  fs.writeFileSync(pathOf('POISON'), 'a sync failed\n')
  const { damages, report } = await book.verify()
  expect([damages, report.poison]).toEqual([[], 'a sync failed'])
})
