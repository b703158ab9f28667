// veritape seal and veritape verify, as typed, on a book of several days.

import { generateKeyPairSync } from 'node:crypto'
import fs from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { main } from '../../commands/main.ts'
import { type BookOfDays, bookOfDays } from '../adapters/book-of-days.ts'
import { capturedScreen } from './captured-screen.ts'

let book: BookOfDays
let root = ''
beforeEach(async () => {
  book = await bookOfDays(3)
  root = book.folder.slice(0, -'/cast'.length)
})
afterEach(() => book.remove())

const veritape = async (...argv: string[]) => {
  const { screen, stdout, stderr } = capturedScreen(argv.includes('--json'))
  const where = ['--book', 'cast', '--ledger', root, '--state', `${root}/state`]
  const code = await main([...argv, ...where], new AbortController().signal, screen)
  return { code, out: stdout(), err: stderr() }
}

const keys = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  fs.writeFileSync(`${root}/key.pem`, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  fs.writeFileSync(`${root}/key.pub`, publicKey.export({ type: 'spki', format: 'pem' }))
}

describe('seal', () => {
  test('says what it sealed and prints a line for each day', async () => {
    const { code, out } = await veritape('seal')
    expect(code).toBe(0)
    expect(out).toMatch(/^2023-03-24.jsonl: 5 events, sealed in \d+ % of its bytes$/m)
    expect(out.match(/^\{"book":"cast",.*"date":"2023-03-2[45]".*\}$/gm)).toHaveLength(2)
    expect(book.files()).toContain('2023-03-25.jsonl.gz')
  })

  test('again prints the newest anchor', async () => {
    await veritape('seal')
    const { code, out } = await veritape('seal')
    expect(code).toBe(0)
    expect(out).toContain('already sealed up to 2023-03-25; its anchor:')
    expect(out.match(/^\{/gm)).toHaveLength(1)
  })

  test('of a book of one day has nothing to do', async () => {
    book.remove()
    book = await bookOfDays(1)
    root = book.folder.slice(0, -'/cast'.length)
    expect(await veritape('seal')).toMatchObject({
      code: 0,
      out: 'nothing to seal: a day is closed once a later one has begun\n',
    })
  })

  test('up to a day, for programs', async () => {
    const { out } = await veritape('seal', '2023-03-24', '--json')
    expect(JSON.parse(out)).toMatchObject({ sealed: 1, upTo: '2023-03-24', anchors: [expect.any(String)] })
    expect((await veritape('seal', 'yesterday')).code).toBe(64)
  })

  test('with a key that others can read is refused, and nothing is sealed', async () => {
    keys()
    fs.chmodSync(`${root}/key.pem`, 0o640)
    const { code, err } = await veritape('seal', '--key', `${root}/key.pem`)
    expect(code).toBe(78)
    expect(err).toContain('can be read by others')
    expect(book.files()).toContain('2023-03-24.jsonl')
  })

  test.each([
    ['no file', undefined],
    ['no PEM', 'hello'],
    [
      'another kind of key',
      generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
    ],
  ])('with %s as a key is refused with what to do', async (_, text) => {
    if (text !== undefined) fs.writeFileSync(`${root}/key.pem`, text, { mode: 0o600 })
    const { code, err } = await veritape('seal', '--key', `${root}/key.pem`)
    expect(code).toBe(78)
    expect(err).toMatch(/name the key's file|openssl genpkey -algorithm ed25519/)
  })

  test('of a damaged day is bad data', async () => {
    const file = `${book.folder}/2023-03-24.jsonl`
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('12.5', '12.6'))
    const { code, err } = await veritape('seal')
    expect(code).toBe(65)
    expect(err).toContain('Nothing was sealed')
  })

  test('signs anchors that were not signed before', async () => {
    await veritape('seal')
    keys()
    await veritape('seal', '--key', `${root}/key.pem`)
    const { code, out } = await veritape('verify', '--public-key', `${root}/key.pub`)
    expect(code).toBe(0)
    expect(out).toContain('and so do 2 seals and 2 anchors (2 signatures)')
  })
})

describe('verify', () => {
  test('says what it checked', async () => {
    expect((await veritape('verify')).out).toMatch(/^clean: .* revision holds$/m)
    await veritape('seal')
    expect((await veritape('verify')).out).toContain('2 seals and 2 anchors (no signature looked at)')
  })

  test('with a public key wants every sealed day signed', async () => {
    keys()
    await veritape('seal')
    const { code, out } = await veritape('verify', '--public-key', `${root}/key.pub`)
    expect(code).toBe(1)
    expect(out).toContain('anchors/2023-03-24.json, line 1, byte 0: expected a signature of the key')
  })

  test('with the private key, or none, in place of the public one could not run', async () => {
    keys()
    expect((await veritape('verify', '--public-key', `${root}/key.pem`)).code).toBe(2)
    expect((await veritape('verify', '--public-key', `${root}/none.pub`)).code).toBe(2)
    expect((await veritape('verify', '--anchors', `${root}/none`)).code).toBe(2)
  })

  test('holds the ledger against lines that were kept', async () => {
    const { out } = await veritape('seal')
    const kept = out.split('\n').filter(line => line.startsWith('{'))
    fs.writeFileSync(`${root}/kept`, kept.join('\n'))
    expect((await veritape('verify', '--anchors', `${root}/kept`)).out).toContain('4 anchors')
    fs.writeFileSync(`${root}/kept`, kept.map(line => line.replace('"seq":5', '"seq":6')).join('\n'))
    const verdict = await veritape('verify', '--anchors', `${root}/kept`)
    expect(verdict.code).toBe(1)
    expect(verdict.out).toContain(
      'kept anchor 1, line 1, byte 0: expected seq 6, which was anchored, found 5',
    )
  })

  test('--deep folds the views again, as of when they were written', async () => {
    expect((await veritape('verify', '--deep')).out).not.toContain('folded again')
    await veritape('project', '--once')
    const store = await book.open()
    const { candleGroup } = await import('../cast.ts')
    await store.append(candleGroup(6))
    await store.close()
    const clean = await veritape('verify', '--deep')
    expect(clean.code).toBe(0)
    expect(clean.out).toMatch(/\d+ views folded again as of seq \d+: identical, byte for byte/)
  })

  test('--deep names views that the ledger does not give', async () => {
    await veritape('project', '--once')
    const [name] = fs
      .readdirSync(`${root}/state/cast`)
      .filter(each => each.endsWith('.json') && each !== 'views.json')
    fs.appendFileSync(`${root}/state/cast/${name}`, ' ')
    fs.writeFileSync(`${root}/state/cast/foreign.json`, '{}')
    const { code, out } = await veritape('verify', '--deep')
    expect(code).toBe(1)
    expect(out).toContain(`views that the ledger does not give: ${['foreign.json', name].sort().join(', ')}`)
    expect((await veritape('verify')).code).toBe(0)
  })

  test('says why nobody may write', async () => {
    fs.writeFileSync(`${book.folder}/POISON`, 'EIO; check the disk\n')
    const { code, out } = await veritape('verify')
    expect(code).toBe(0)
    expect(out).toContain('nobody may write: EIO; check the disk')
  })
})
