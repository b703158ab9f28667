// A backup is the ledger as it was at one moment, whatever is written meanwhile; and a restored book is another one.

import fs from 'node:fs'
import path from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { copyFile } from '../../adapters/durable-copy.ts'
import { openJsonlReader, openJsonlStore } from '../../adapters/jsonl-store.ts'
import { backUp, checkBackup } from '../../adapters/ledger-backup.ts'
import { readIdentity } from '../../adapters/ledger-identity.ts'
import { openLock } from '../../adapters/ledger-lock.ts'
import { epochAfter, restoreBackup } from '../../adapters/ledger-restore.ts'
import { sealDays } from '../../adapters/ledger-seal-days.ts'
import { verifyLedger } from '../../adapters/ledger-verify.ts'
import { sha256 } from '../../domain/hash.ts'
import { BackupUnusable, PlaceTaken } from '../../domain/ledger-copies.ts'
import { orderPrefix } from '../../domain/order-id.ts'
import { ScanStarted } from '../../domain/scan.ts'
import { ledgerStream } from '../../domain/stream.ts'
import { candleGroup, group, handClock, market, scanOfTheDay, scanStarted, write } from '../cast.ts'
import { bytesOf, temporaryFolder } from '../cli/files.ts'
import { all } from './event-store.contract.ts'
import { otherProcess } from './ledger-process.ts'
import { sealByHand } from './sealed-by-hand.ts'

vi.mock('../../adapters/durable-copy.ts', async load => {
  const actual = await load<typeof import('../../adapters/durable-copy.ts')>()
  return { ...actual, copyFile: vi.fn(actual.copyFile) }
})

const create = { book: 'cast', mode: 'dry-run', zone: 'UTC' } as const
const now = '2026-11-20T18:00:00.000Z'
const inMemory = { allowMemory: true }
const clock = handClock()

let ledgers = ''
let backups = ''
const source = () => ({ folder: `${ledgers}/cast`, dataFolder: `${ledgers}/data` })
const elsewhere = () => ({ folder: `${ledgers}/elsewhere/cast`, dataFolder: `${ledgers}/elsewhere/data` })
beforeEach(() => {
  clock.set('2023-03-24T11:40:00.000Z')
  ledgers = temporaryFolder()
  backups = temporaryFolder()
})

const open = (folder = source().folder, role: 'execute' | 'scan' = 'execute') =>
  openJsonlStore({ folder, role, clock: clock.now, create, ...inMemory })

/** Candles 0 … 4 over two days, the first of them torn and recovered in between. */
const aBook = async () => {
  let store = await open()
  for (let n = 0; n < 3; n++) await store.append(candleGroup(n))
  await store.close()
  fs.appendFileSync(`${source().folder}/2023-03-24.jsonl`, 'torn')
  store = await open()
  clock.set('2023-03-25T00:00:00.000Z')
  for (let n = 3; n < 5; n++) await store.append(candleGroup(n))
  await store.close()
}

const damages = async (folder: string) => {
  const found: string[] = []
  for await (const step of verifyLedger(folder, { deep: true }))
    if (step.kind === 'damage') found.push(JSON.stringify(step.damage))
  return found
}

const eventsOf = async (folder: string) => {
  const reader = await openJsonlReader(folder)
  try {
    return await all(reader.readAll())
  } finally {
    await reader.close()
  }
}

const headOf = async (folder: string) => {
  const reader = await openJsonlReader(folder)
  const head = await reader.head()
  await reader.close()
  return head
}

test('a backup holds the same bytes, and says what it holds', async () => {
  await aBook()
  const report = await backUp(source(), `${backups}/b`, now)
  const { HEAD, ...copied } = bytesOf(`${backups}/b/cast`)
  const { HEAD: original, ...there } = bytesOf(source().folder)
  expect(copied).toEqual(there)
  expect(Object.keys(copied).some(name => name.startsWith('quarantine/'))).toBe(true)
  expect(report).toMatchObject({ book: 'cast', mode: 'dry-run', taken: now, segments: 2, data: [] })
  expect(report.head).toEqual(await headOf(source().folder))
  expect(await checkBackup(`${backups}/b`)).toEqual(report)
  expect(await eventsOf(`${backups}/b/cast`)).toEqual(await eventsOf(source().folder))
})

test('what belongs to running processes and to this machine stays behind', async () => {
  await aBook()
  for (const name of ['KILL', 'EXECUTOR', 'RESTORING', 'POISON', 'RESERVE', 'CHECKPOINT', 'HEAD.tmp'])
    fs.writeFileSync(`${source().folder}/${name}`, 'x')
  fs.writeFileSync(`${source().folder}/notes.txt`, 'whatever else lies there')
  await backUp(source(), `${backups}/b`, now)
  expect(fs.readdirSync(`${backups}/b`).sort()).toEqual(['BACKUP.json', 'cast'])
  expect(fs.readdirSync(`${backups}/b/cast`).sort()).toEqual(
    ['2023-03-24.jsonl', '2023-03-25.jsonl', 'HEAD', 'LEDGER.json', 'notes.txt', 'quarantine'].sort(),
  )
})

test('bytes that nobody was told about are not part of a backup', async () => {
  await aBook()
  fs.appendFileSync(`${source().folder}/2023-03-25.jsonl`, '{"n":"00000000000000')
  const { head } = await backUp(source(), `${backups}/b`, now)
  const reader = await openJsonlReader(`${backups}/b/cast`)
  expect(await reader.head()).toEqual(head)
  await reader.close()
  expect(fs.readFileSync(`${backups}/b/cast/2023-03-25.jsonl`, 'utf8')).toMatch(/"\}\n$/)
})

test('sealed days come along with their seals', async () => {
  await aBook()
  sealByHand(source().folder, '2023-03-24.jsonl')
  await backUp(source(), `${backups}/b`, now)
  expect(fs.readdirSync(`${backups}/b/cast`)).toEqual(
    expect.arrayContaining(['2023-03-24.jsonl.gz', '2023-03-24.jsonl.seal.json', '2023-03-25.jsonl']),
  )
  expect(await damages(`${backups}/b/cast`)).toEqual([])
  await restoreBackup(`${backups}/b`, elsewhere(), now, inMemory)
  await (await open(elsewhere().folder)).close()
  expect(await damages(elsewhere().folder)).toEqual([])
})

test.each(['2023-03-24.jsonl', '2023-03-25.jsonl'])(
  'days that are sealed while they are copied, behind %s, come along as they are proven',
  async behind => {
    await aBook()
    clock.set('2023-03-26T00:00:00.000Z')
    const store = await open()
    await store.append(candleGroup(5))
    await store.close()
    const { copyFile: really } = await vi.importActual<typeof import('../../adapters/durable-copy.ts')>(
      '../../adapters/durable-copy.ts',
    )
    vi.mocked(copyFile).mockImplementation(async (from, to, bytes) => {
      await really(from, to, bytes)
      if (from === `${source().folder}/${behind}`) await all(sealDays(source().folder))
    })
    try {
      const { head } = await backUp(source(), `${backups}/b`, now)
      expect(head).toEqual(await headOf(source().folder))
    } finally {
      vi.mocked(copyFile).mockImplementation(really)
    }
    expect(await damages(`${backups}/b/cast`)).toEqual([])
    expect(await eventsOf(`${backups}/b/cast`)).toEqual(await eventsOf(source().folder))
  },
)

test('the files that events refer to come along, and those that are missing are named', async () => {
  const kept = sha256('bars')
  const lost = sha256('lost')
  fs.mkdirSync(source().dataFolder)
  fs.writeFileSync(`${source().dataFolder}/${kept}`, 'bars')
  fs.writeFileSync(`${source().dataFolder}/${sha256('of another book')}`, 'of another book')
  const store = await open(source().folder, 'scan')
  const started = (dataset: string) => ScanStarted({ ...scanStarted.data, dataset })
  await store.append(
    group(write(scanOfTheDay, 'no-stream', [market(0), started(kept)], [market(1), started(lost)])),
  )
  await store.close()
  const report = await backUp(source(), `${backups}/b`, now)
  expect(report).toMatchObject({ data: [kept], dataMissing: [lost] })
  expect(fs.readdirSync(`${backups}/b/data`)).toEqual([kept])
  await restoreBackup(`${backups}/b`, elsewhere(), now, inMemory)
  expect(fs.readFileSync(`${elsewhere().dataFolder}/${kept}`, 'utf8')).toBe('bars')
  fs.writeFileSync(`${backups}/b/data/${kept}`, 'Bars')
  await expect(checkBackup(`${backups}/b`)).rejects.toThrow('is damaged: its bytes have the SHA-256')
})

test('a backup goes into a folder of its own, outside the book', async () => {
  await aBook()
  fs.writeFileSync(`${backups}/something`, '')
  await expect(backUp(source(), backups, now)).rejects.toThrow(PlaceTaken)
  await expect(backUp(source(), `${source().folder}/b`, now)).rejects.toThrow('best on another disk')
  expect(fs.readdirSync(backups)).toEqual(['something'])
})

test.each([
  ['a changed byte', (copy: string) => change(`${copy}/cast/2023-03-24.jsonl`, 700), 'is damaged at byte'],
  ['a cut end', (copy: string) => cut(`${copy}/cast/2023-03-25.jsonl`), 'is damaged'],
  [
    'more than was copied',
    (copy: string) => fs.appendFileSync(`${copy}/cast/2023-03-25.jsonl`, 'x'),
    '1 bytes more',
  ],
  ['another HEAD', (copy: string) => fs.writeFileSync(`${copy}/cast/HEAD`, 'x'), 'HEAD'],
  ['no manifest', (copy: string) => fs.rmSync(`${copy}/BACKUP.json`), 'one that was not finished'],
  ['another manifest', (copy: string) => fs.writeFileSync(`${copy}/BACKUP.json`, '{}'), 'does not parse'],
  ['a missing day', (copy: string) => fs.rmSync(`${copy}/cast/2023-03-24.jsonl`), 'is damaged'],
])('%s is found by a check, and never restored', async (_, damage, sentence) => {
  await aBook()
  await backUp(source(), `${backups}/b`, now)
  damage(`${backups}/b`)
  await expect(checkBackup(`${backups}/b`)).rejects.toThrow(sentence)
  await expect(checkBackup(`${backups}/b`)).rejects.toThrow(BackupUnusable)
  await expect(restoreBackup(`${backups}/b`, elsewhere(), now, inMemory)).rejects.toThrow(BackupUnusable)
  expect(fs.existsSync(elsewhere().folder)).toBe(false)
})

const change = (file: string, at: number) => {
  const bytes = fs.readFileSync(file)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  fs.writeFileSync(file, bytes)
}
const cut = (file: string) => fs.truncateSync(file, fs.statSync(file).size - 500)

// ── restore ─────────────────────────────────────────────────────────────────────────────────────────────────────

test('a restored book goes on in a new epoch, and says so in its next event', async () => {
  await aBook()
  const { head } = await backUp(source(), `${backups}/b`, now)
  const before = readIdentity(source().folder)
  const { epochNow } = await restoreBackup(`${backups}/b`, elsewhere(), now, inMemory)
  expect(readIdentity(elsewhere().folder)).toEqual({ ...before, epoch: epochNow })
  expect(await headOf(elsewhere().folder)).toEqual(head)
  const store = await open(elsewhere().folder)
  const own = await all(store.read(ledgerStream))
  expect(own.at(-1)?.event).toEqual({
    type: 'LedgerRestored',
    version: 1,
    data: { book: 'cast', from: before?.epoch, epoch: epochNow, ...head },
  })
  expect(own.filter(({ event }) => event.type === 'LedgerRecovered')).toHaveLength(1)
  expect(await store.append(candleGroup(5))).toMatchObject({ right: { repeated: false } })
  await store.close()
  // Opened again, nothing more is to be said.
  await (await open(elsewhere().folder)).close()
  expect(
    (await eventsOf(elsewhere().folder)).filter(({ event }) => event.type === 'LedgerRestored'),
  ).toHaveLength(1)
  expect(await damages(elsewhere().folder)).toEqual([])
})

test('a restored book is halted before anybody can open it', async () => {
  await aBook()
  await backUp(source(), `${backups}/b`, now)
  await restoreBackup(`${backups}/b`, elsewhere(), now, inMemory)
  expect(JSON.parse(fs.readFileSync(`${elsewhere().folder}/KILL`, 'utf8'))).toMatchObject({
    level: 'halted',
    by: 'restore',
    reason: expect.stringContaining('reconcile with the venue first'),
  })
})

test('an order id of before is never made again', async () => {
  await aBook()
  await backUp(source(), `${backups}/b`, now)
  const first = await restoreBackup(`${backups}/b`, elsewhere(), now, inMemory)
  const epochs = [readIdentity(source().folder)?.epoch ?? '', first.epochNow]
  await (await open(elsewhere().folder)).close()
  await backUp(elsewhere(), `${backups}/c`, now)
  fs.rmSync(elsewhere().folder, { recursive: true })
  // At the same instant of the clock as the first one.
  const second = await restoreBackup(`${backups}/c`, elsewhere(), now, inMemory)
  epochs.push(second.epochNow)
  expect(new Set(epochs.map(epoch => orderPrefix('cast', epoch))).size).toBe(3)
  expect(epochAfter('cast', now, [now])).toBe('2026-11-20T18:00:00.001Z')
  expect(epochAfter('cast', now, ['2026-11-20T18:00:00.001Z'])).toBe(now)
})

test('a restore goes where the book has no ledger, never over one', async () => {
  await aBook()
  await backUp(source(), `${backups}/b`, now)
  const before = bytesOf(source().folder)
  await expect(restoreBackup(`${backups}/b`, source(), now, inMemory)).rejects.toThrow(PlaceTaken)
  await expect(restoreBackup(`${backups}/b`, source(), now, inMemory)).rejects.toThrow('never over one')
  expect(bytesOf(source().folder)).toEqual(before)
})

test('a restore that was interrupted is begun anew', async () => {
  await aBook()
  await backUp(source(), `${backups}/b`, now)
  await restoreBackup(`${backups}/b`, elsewhere(), now, inMemory)
  fs.rmSync(`${elsewhere().folder}/LEDGER.json`)
  fs.writeFileSync(`${elsewhere().folder}/RESTORING`, '')
  fs.truncateSync(`${elsewhere().folder}/2023-03-25.jsonl`, 100)
  await expect(open(elsewhere().folder)).rejects.toThrow('holds')
  await restoreBackup(`${backups}/b`, elsewhere(), now, inMemory)
  expect(await damages(elsewhere().folder)).toEqual([])
  expect(fs.readdirSync(elsewhere().folder)).not.toContain('RESTORING')
})

/** As a restore that was killed right before its end leaves it. */
const almostRestored = async () => {
  await aBook()
  await backUp(source(), `${backups}/b`, now)
  await restoreBackup(`${backups}/b`, elsewhere(), now, inMemory)
  fs.writeFileSync(`${elsewhere().folder}/RESTORING`, '')
}

test('a restore that was killed right before its end is ended by the next writer', async () => {
  await almostRestored()
  await (await open(elsewhere().folder)).close()
  expect(fs.readdirSync(elsewhere().folder)).not.toContain('RESTORING')
  // From here on events may have been acknowledged: whatever is lost, nothing of it is thrown away.
  fs.rmSync(`${elsewhere().folder}/LEDGER.json`)
  const before = bytesOf(elsewhere().folder)
  await expect(restoreBackup(`${backups}/b`, elsewhere(), now, inMemory)).rejects.toThrow(PlaceTaken)
  expect(bytesOf(elsewhere().folder)).toEqual(before)
})

test('a backup of a book whose restore was killed right before its end can be restored', async () => {
  await almostRestored()
  await backUp(elsewhere(), `${backups}/c`, now)
  fs.writeFileSync(`${backups}/c/cast/RESTORING`, '') // as backups were taken once
  await checkBackup(`${backups}/c`)
  fs.rmSync(elsewhere().folder, { recursive: true })
  await restoreBackup(`${backups}/c`, elsewhere(), now, inMemory)
  expect(fs.readdirSync(elsewhere().folder)).not.toContain('RESTORING')
  await (await open(elsewhere().folder)).close()
  expect(await damages(elsewhere().folder)).toEqual([])
})

test.each(['RESTORING.tmp', 'KILL.tmp'])(
  'a restore that died over %s leaves a place for a book',
  async name => {
    await aBook()
    await backUp(source(), `${backups}/b`, now)
    fs.mkdirSync(elsewhere().folder, { recursive: true })
    fs.writeFileSync(`${elsewhere().folder}/${name}`, '')
    await restoreBackup(`${backups}/b`, elsewhere(), now, inMemory)
    expect(await damages(elsewhere().folder)).toEqual([])
    const fresh = `${ledgers}/fresh/cast`
    fs.mkdirSync(fresh, { recursive: true })
    fs.writeFileSync(`${fresh}/${name}`, '')
    await (await open(fresh)).close()
  },
)

test('a restore waits for nobody: a held book is busy', async () => {
  await aBook()
  await backUp(source(), `${backups}/b`, now)
  fs.mkdirSync(elsewhere().folder, { recursive: true })
  const lock = openLock(elsewhere().folder, 'execute')
  lock.tryTake()
  await expect(restoreBackup(`${backups}/b`, elsewhere(), now, inMemory)).rejects.toMatchObject({
    name: 'LedgerBusy',
  })
  lock.close()
})

test('a ledger without an event is backed up and restored too', async () => {
  await (await open()).close()
  const report = await backUp(source(), `${backups}/b`, now)
  expect(report.head.seq).toBe(0)
  await restoreBackup(`${backups}/b`, elsewhere(), now, inMemory)
  const store = await open(elsewhere().folder)
  expect(await store.append(candleGroup(0))).toMatchObject({ right: { events: [{ seq: 2 }] } })
  await store.close()
})

// ── while others write ──────────────────────────────────────────────────────────────────────────────────────────

test('a backup taken at any moment while others write restores clean, to the very head it names', async () => {
  await (await open()).close()
  const writers = ['A/A', 'B/B'].map(name => otherProcess('append', source().folder, name, '100000'))
  await Promise.all(writers.map(writer => writer.line()))
  const heads: number[] = []
  for (let n = 0; n < 12; n++) {
    const { head } = await backUp(source(), `${backups}/${n}`, now)
    heads.push(head.seq)
    await restoreBackup(`${backups}/${n}`, elsewhere(), now, inMemory)
    expect(await headOf(elsewhere().folder)).toEqual(head)
    expect(await damages(elsewhere().folder)).toEqual([])
    fs.rmSync(path.dirname(elsewhere().folder), { recursive: true })
  }
  for (const writer of writers) writer.process.kill('SIGKILL')
  await Promise.all(writers.map(writer => writer.ended))
  expect(new Set(heads).size).toBeGreaterThan(6) // they did write meanwhile
  expect(heads).toEqual(heads.toSorted((a, b) => a - b))
  const last = await eventsOf(source().folder)
  const copied = await eventsOf(`${backups}/0/cast`)
  expect(last.slice(0, copied.length)).toEqual(copied)
})
