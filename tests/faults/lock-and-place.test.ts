// The lock in the hands of those who could break it, and places where a ledger must not or cannot be written.

import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openJsonlReader } from '../../adapters/jsonl-store.ts'
import { openLock } from '../../adapters/ledger-lock.ts'
import { LedgerDamaged } from '../../domain/event-store.ts'
import { folderOnDisk } from './folders.ts'
import { type Child, child } from './process.ts'
import { groupOf, openBook, openedAt } from './story.ts'
import { whyNoStrace } from './strace.ts'
import { counting, full, record } from './tally.ts'
import { tell } from './teller.ts'
import { type Acknowledged, acknowledgedOf, candlesIn, prove, segmentsIn } from './witness.ts'

vi.setConfig({ testTimeout: 240_000 })

const root = process.getuid?.() === 0

/** A book with a few events. */
const someBook = async () => {
  const book = `${folderOnDisk()}/book`
  return { book, acknowledged: (await tell(book, [1, 2])).acknowledged }
}

const acknowledgedBy = ({ lines }: Child): readonly Acknowledged[] =>
  lines.flatMap(line => {
    const [word, seq, mark = ''] = line.split(' ')
    return word === 'ACK' ? [{ seq: Number(seq), mark }] : []
  })

test('a child that outlives its killed parent does not keep the lock', async () => {
  const { book, acknowledged } = await someBook()
  const holder = child(['lend', book])
  const pid = Number((await holder.said('LENT')).split(' ')[1])
  onTestFinished(() => {
    process.kill(pid, 'SIGKILL')
  })
  const inherited = fs.readdirSync(`/proc/${pid}/fd`).map(fd => fs.readlinkSync(`/proc/${pid}/fd/${fd}`))
  expect(inherited.filter(file => file.startsWith(book))).toEqual([])
  const lock = openLock(book, 'scan')
  expect(lock.tryTake()).toBe(false)
  holder.process.kill('SIGKILL')
  await holder.ended
  const since = performance.now()
  while (!lock.tryTake()) await sleep(1)
  const ms = performance.now() - since
  expect(ms).toBeLessThan(1000)
  lock.close()
  await prove(book, acknowledged)
  record({
    fault: 'a child outlives the killed holder of the lock',
    times: 1,
    outcomes: { [`lock free after ${ms.toFixed(1)} ms`]: 1 },
    proven: 'G8: no descriptor of the ledger is inherited',
  })
})

for (const [how, change] of [
  ['unlinked', (lock: string) => fs.rmSync(lock)],
  ['renamed', (lock: string) => fs.renameSync(lock, `${lock}.old`)],
  [
    'replaced',
    (lock: string) => {
      fs.writeFileSync(`${lock}.new`, '')
      fs.renameSync(`${lock}.new`, lock)
    },
  ],
] as const)
  test(`a writer whose LOCK is ${how} stops, and the next one finds the ledger whole`, async () => {
    const { book, acknowledged } = await someBook()
    const writer = child(['write', book, 'AAA', '5'])
    await writer.said('ACK')
    const lock = openLock(book, 'scan') // between two appends, so that nobody is inside
    while (!lock.tryTake()) await sleep(1)
    change(`${book}/LOCK`)
    lock.close()
    expect(await Promise.race([writer.ended, sleep(20_000, 'it goes on')])).toBe(1)
    await prove(book, [...acknowledged, ...acknowledgedBy(writer)])
    record({ fault: `LOCK ${how} while in use`, times: 1, outcomes: { 'writer stopped': 1 }, proven: 'G4' })
  })

test('many who wait for the lock keep nobody from other work', async () => {
  const { book, acknowledged } = await someBook()
  const holder = child(['hold', book])
  await holder.said('LOCKED')
  const waiting = Array.from({ length: 8 }, () => openBook(book, () => openedAt, { busyAfterMs: 2000 }))
  let over = false
  const settled = Promise.allSettled(waiting).finally(() => {
    over = true
  })
  let reads = 0
  while (reads < 200 && !over) {
    await fs.promises.readFile(`${book}/HEAD`) // needs a thread of the pool, of which there are four
    reads++
  }
  expect(over).toBe(false)
  for (const answer of await settled)
    expect(answer).toMatchObject({ status: 'rejected', reason: { name: 'LedgerBusy' } })
  holder.process.kill('SIGKILL')
  await holder.ended
  await prove(book, acknowledged)
  record({
    fault: '8 writers of one process wait for a lock that another one holds',
    times: 8,
    outcomes: { 'busy after their time; 200 reads meanwhile': 8 },
    proven: 'G8: waiting takes no thread',
  })
})

test('a writer that has the ledger open stops when another process poisons it', async () => {
  const { book, acknowledged } = await someBook()
  const store = await openBook(book, () => openedAt)
  const next = await candlesIn(store)
  const first = await store.append(groupOf(next))
  if (first._tag === 'Left') throw new Error(first.left.kind)
  fs.writeFileSync(`${book}/POISON`, 'a sync failed in another process\n')
  for (let again = 0; again < 3; again++)
    await expect(store.append(groupOf(next + 1))).rejects.toMatchObject({ verdict: 'poisoned' })
  const reader = await openJsonlReader(book)
  expect((await reader.head()).seq).toBe(first.right.events.at(-1)?.seq) // reading goes on
  await reader.close()
  await store.close()
  fs.rmSync(`${book}/POISON`)
  await prove(book, [...acknowledged, ...first.right.events.map(acknowledgedOf)])
  record({
    fault: 'POISON of another process while a writer is open',
    times: 3,
    outcomes: { 'refused; readers read': 3 },
    proven: 'G1 G8',
  })
})

test('a segment that is replaced by a copy of itself while in use is where the next line goes', async () => {
  const { book } = await someBook()
  const store = await openBook(book, () => openedAt)
  const acknowledged: Acknowledged[] = []
  const append = async (n: number) => {
    const answer = await store.append(groupOf(n))
    if (answer._tag === 'Left') throw new Error(answer.left.kind)
    acknowledged.push(...answer.right.events.map(acknowledgedOf))
  }
  const first = await candlesIn(store)
  await append(first)
  const segment = `${book}/${segmentsIn(book).at(-1)}`
  fs.copyFileSync(segment, `${segment}.copy`)
  fs.renameSync(`${segment}.copy`, segment)
  await append(first + 1)
  await append(first + 2)
  await store.close()
  await prove(book, acknowledged)
  record({
    fault: 'a segment replaced by its copy while a writer has it open',
    times: 1,
    outcomes: { 'written to the file that has the name': 1 },
    proven: 'G1',
  })
})

// --kill-child: who kills unshare(1) kills what runs in it.
const namespaces = ['unshare', '--net', '--ipc', '--uts', '--pid', '--kill-child', ...(root ? [] : ['-r'])]
const unshares = spawnSync(namespaces[0] as string, [...namespaces.slice(1), 'true']).status === 0
if (!unshares)
  record({
    fault: 'two containers on one volume',
    times: 0,
    outcomes: { 'unshare may not': 0 },
    proven: 'nothing',
  })

test.runIf(unshares)('two containers with namespaces of their own exclude each other', async () => {
  const { book, acknowledged } = await someBook()
  const holder = child(['hold', book], namespaces)
  await holder.said('LOCKED')
  const other = child(['open', book, '300'], namespaces)
  expect(await other.said('REFUSED')).toContain('held for')
  const lock = openLock(book, 'scan')
  expect(lock.tryTake()).toBe(false)
  lock.close()
  holder.process.kill('SIGKILL')
  await holder.ended
  await sleep(50)
  const free = child(['open', book], namespaces)
  expect(await free.said('OPENED')).toBe('OPENED')
  await free.ended
  await prove(book, acknowledged)
  const outcomes = { 'second is busy; free when the first is killed': 2 }
  record({ fault: 'two containers (namespaces) on one volume', times: 2, outcomes, proven: 'G4' })
})

/** Numbers that statfs(2) gives for file systems whose locks or syncs are somebody else's. */
const remote = new Map([
  ['nfs', 0x6969],
  ['smb2', 0xfe534d42],
  ['cifs', 0xff534d42],
  ['fuse', 0x65735546],
  ['9p', 0x01021997],
  ['ceph', 0x00c36400],
  ['lustre', 0x0bd00bd0],
  ['gfs2', 0x01161970],
  ['afs', 0x5346414f],
  ['virtiofs or anything unknown', 0x12345678],
])

test('a ledger on a file system that is not trusted is neither created nor opened for writing', async () => {
  const { book } = await someBook()
  const place = folderOnDisk()
  const before = fs.readFileSync(`${book}/${segmentsIn(book)[0]}`)
  const count = counting()
  const trueAnswer = fs.statfsSync
  for (const [name, type] of remote) {
    vi.spyOn(fs, 'statfsSync').mockImplementation((...all: Parameters<typeof fs.statfsSync>) =>
      Object.assign(trueAnswer(...all), { type }),
    )
    try {
      for (const folder of [book, `${place}/new`])
        await expect(openBook(folder, () => openedAt)).rejects.toMatchObject({
          verdict: 'not-ours',
          message: expect.stringContaining(type.toString(16)),
        })
      count.add(`${name} refused`, 2)
    } finally {
      vi.restoreAllMocks()
    }
    expect(fs.readFileSync(`${book}/${segmentsIn(book)[0]}`).equals(before)).toBe(true)
    expect(fs.readdirSync(`${place}/new`)).toEqual([])
  }
  count.row('file systems that are not trusted', 'G4')
})

test.runIf(whyNoStrace() === undefined)('the kernel says it is NFS: refused', async () => {
  const { book, acknowledged } = await someBook()
  // f_type is the first word of what statfs fills in.
  const poked = ['strace', '-f', '-qq', '-o', '/dev/null', '-P', book, '-e', 'trace=statfs']
  const inject = ['-e', 'inject=statfs:poke_exit=@arg2=6969000000000000']
  const refused = child(['open', book], [...poked, ...inject])
  expect(await refused.said('REFUSED')).toContain('type 0x6969')
  await prove(book, acknowledged)
})

test.runIf(root)('a folder that can only be read: no writer, but readers', async () => {
  const { book, acknowledged } = await someBook()
  const mount = (...options: readonly string[]) => spawnSync('mount', [...options, book])
  expect(mount('--bind', book).status).toBe(0)
  const umount = () => spawnSync('umount', ['-l', book])
  onTestFinished(() => {
    umount()
  })
  expect(mount('-o', 'remount,bind,ro').status).toBe(0)
  await expect(openBook(book, () => openedAt)).rejects.toMatchObject({ code: 'EROFS' })
  const reader = await openJsonlReader(book)
  let read = 0
  for await (const _ of reader.readAll()) read++
  expect(read).toBe(7)
  await reader.close()
  umount()
  await prove(book, acknowledged)
  record({
    fault: 'a folder that can only be read',
    times: 1,
    outcomes: { 'writer refused, reader reads': 1 },
    proven: 'G8',
  })
})

test('few file descriptors: it works or says so, and nothing is half done', async () => {
  const { book, acknowledged } = await someBook()
  const count = counting()
  const limits = full ? Array.from({ length: 20 }, (_, index) => 16 + index) : [19, 21, 23]
  for (const limit of limits) {
    const few = child(['open', book, '5000', String(limit)])
    const code = await few.ended
    const said = few.lines.at(-1) ?? `nothing (${code})`
    if (said.startsWith('REFUSED') && !said.includes('EMFILE')) throw new Error(`${limit}: ${said}`)
    count.add(said.split(' ').slice(0, 2).join(' '))
    const proof = await prove(book, acknowledged)
    expect(proof.cuts).toBe(0)
  }
  count.row(`only ${limits[0]} … ${limits.at(-1)} file descriptors`, 'G8: a clear error, no partial state')
})

test('a replaced LEDGER.json, or a folder of somebody else, is not touched', async () => {
  const { book } = await someBook()
  const other = await someBook()
  fs.writeFileSync(`${other.book}/LEDGER.json`, '{"formatVersion":1}')
  await expect(openBook(other.book, () => openedAt)).rejects.toThrow(LedgerDamaged)
  fs.rmSync(`${book}/LEDGER.json`)
  const before = fs.readdirSync(book)
  await expect(openBook(book, () => openedAt)).rejects.toThrow(LedgerDamaged)
  expect(fs.readdirSync(book)).toEqual(before)
})

test('an opening that is refused leaves no descriptor open', async () => {
  const { book } = await someBook()
  const openNow = () => fs.readdirSync('/proc/self/fd').map(fd => linkOf(`/proc/self/fd/${fd}`))
  const [segment] = segmentsIn(book)
  const bytes = fs.readFileSync(`${book}/${segment}`)
  const refusals: readonly (readonly [string, () => void])[] = [
    ['poisoned', () => fs.writeFileSync(`${book}/POISON`, '')],
    ['corrupt', () => fs.writeFileSync(`${book}/${segment}`, bytes.subarray(0, 700))],
    ['corrupt', () => fs.writeFileSync(`${book}/HEAD`, 'nothing')],
  ]
  for (const [verdict, damage] of refusals) {
    damage()
    await expect(openBook(book, () => openedAt)).rejects.toMatchObject({ verdict })
    fs.rmSync(`${book}/POISON`, { force: true })
    expect(openNow().filter(file => file.startsWith(book))).toEqual([])
  }
})

/** Where a descriptor leads; the one that lists the folder is gone by then. */
const linkOf = (descriptor: string): string => {
  try {
    return fs.readlinkSync(descriptor)
  } catch {
    return ''
  }
}
