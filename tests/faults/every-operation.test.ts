// Every file operation of a whole story fails, once and for ever, in this process: the story goes on or stops, and
// the ledger is intact. The same for the recovery of a torn book, and for writes that take fewer bytes than asked.

import fs from 'node:fs'
import { beforeEach, expect, test, vi } from 'vitest'
import { type LedgerFiles, nodeFiles } from '../../adapters/ledger-files.ts'
import type { EventStore } from '../../domain/event-store.ts'
import { type Before, type Operation, putDisk, SyncDropped, systemError } from './disk.ts'
import { folderInMemory } from './folders.ts'
import { groupOf, openBook, openedAt } from './story.ts'
import { counting, full } from './tally.ts'
import { nameOf, type Step, type Told, tell, wholeStory } from './teller.ts'
import { acknowledgedOf, prove, segmentsIn, witness } from './witness.ts'

vi.setConfig({ testTimeout: full ? 1_800_000 : 240_000 })

let place = ''
beforeEach(() => {
  place = folderInMemory()
})

interface Telling {
  readonly told: Told
  readonly operations: readonly Operation[]
}

/** The story on a disk that looks at every operation first. */
const toldOn = async (
  folder: string,
  before: Before,
  steps: readonly Step[] = wholeStory,
): Promise<Telling> => {
  const disk = putDisk(folder, before)
  try {
    return { told: await tell(folder, steps), operations: disk.operations }
  } finally {
    disk.remove()
  }
}

/** What a disk may say to each kind of operation. */
const codes: Readonly<Record<Operation['kind'], readonly string[]>> = {
  open: ['EIO', 'EMFILE', 'ENOSPC', 'EROFS', 'EACCES'],
  read: ['EIO'],
  write: ['EIO', 'ENOSPC', 'EDQUOT', 'EROFS', 'EINTR'],
  sync: ['EIO', 'ENOSPC', 'EROFS'],
  truncate: ['EIO', 'EROFS'],
  rename: ['EIO', 'ENOSPC', 'EROFS'],
  mkdir: ['EIO', 'ENOSPC', 'EROFS'],
  list: ['EIO', 'EMFILE'],
  stat: ['EIO', 'EACCES'],
  remove: ['EIO', 'EROFS'],
}

const rare: ReadonlySet<Operation['kind']> = new Set(['sync', 'truncate', 'rename'])

interface Injection {
  readonly number: number
  readonly kind: Operation['kind']
  readonly file: string
  readonly code: string
  readonly forEver: boolean
}

/** All of them, or of every fifth operation one, and all of the rarer kinds. */
const injectionsOf = (operations: readonly Operation[]): readonly Injection[] =>
  operations.flatMap(({ number, kind, file }) => {
    if (!full && number % 5 !== 0 && !rare.has(kind)) return []
    const some = full ? codes[kind] : [codes[kind][number % codes[kind].length] as string]
    return some.flatMap(code => [false, true].map(forEver => ({ number, kind, file, code, forEver })))
  })

/** A sync that fails drops what it should have written. */
const failing =
  ({ number, kind, code, forEver }: Injection): Before =>
  operation => {
    if (operation.number === number || (forEver && operation.number > number && operation.kind === kind))
      throw kind === 'sync' ? new SyncDropped(code) : systemError(code)
    return undefined
  }

/**
 * After a sync of a segment, of HEAD or of a folder has failed, no process of the story may sync it again; but for POISON,
 * whose name is a new one. Before there is a ledger HEAD is made anew, and its name with it.
 */
const requireNoSecondSync = (
  { number, kind, file, forEver }: Injection,
  operations: readonly Operation[],
) => {
  if (kind !== 'sync' || !(file.endsWith('.jsonl') || file === 'HEAD' || isFolderOfLedger(file))) return
  const named = (name: string) =>
    operations.find(each => each.kind === 'rename' && each.file === name)?.number ?? Number.POSITIVE_INFINITY
  if (Number.isFinite(named('HEAD')) && number < named('LEDGER.json')) return
  const syncs = operations.filter(each => each.kind === 'sync')
  const again = syncs.find(
    (each, at) => each.number > number && each.file === file && syncs[at - 1]?.file !== 'POISON',
  )
  if (again !== undefined)
    throw new Error(`a failed sync of ${file} was tried again (${forEver ? 'for ever' : 'once'})`)
}

/** Checkpoints are no part of it. */
const isFolderOfLedger = (file: string) => ['', 'quarantine', 'anchors'].includes(file)

/** Until then no other process writes either. */
const requirePoisoned = async (folder: string) => {
  let verdict = 'opened'
  try {
    await (await openBook(folder, () => openedAt)).close()
  } catch (error) {
    verdict = nameOf(error)
  }
  if (verdict !== 'poisoned')
    throw new Error(`POISON is there, and to another process the book is ${verdict}`)
}

/** A person has looked, and the disk is whole again: POISON may go. */
const proveAfter = async (folder: string, { acknowledged }: Told) => {
  if (fs.existsSync(`${folder}/POISON`)) await requirePoisoned(folder)
  fs.rmSync(`${folder}/POISON`, { force: true })
  return prove(folder, acknowledged)
}

const proveEach = async (
  operations: readonly Operation[],
  prepare: (folder: string) => void,
  steps: readonly Step[],
) => {
  const count = counting()
  for (const injection of injectionsOf(operations)) {
    const folder = `${place}/book`
    prepare(folder)
    try {
      const telling = await toldOn(folder, failing(injection), steps)
      requireNoSecondSync(injection, telling.operations)
      await proveAfter(folder, telling.told)
      count.add(telling.told.troubles.length === 0 ? 'not noticed, harmless' : telling.told.end)
    } catch (error) {
      const { number, kind, file, code, forEver } = injection
      const where = `${code} ${forEver ? 'for ever from' : 'at'} operation ${number}, ${kind} of '${file}'`
      throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
    fs.rmSync(folder, { recursive: true, force: true })
  }
  return count
}

test('without a fault the story is told to its end', async () => {
  const { told } = await toldOn(`${place}/book`, () => undefined)
  expect(told).toMatchObject({ end: 'told', troubles: [] })
  expect(await proveAfter(`${place}/book`, told)).toMatchObject({ cuts: 0 })
  expect(segmentsIn(`${place}/book`)).toHaveLength(4)
})

test('every operation of create, append, roll, close and open may fail once and for ever', async () => {
  const { operations } = await toldOn(`${place}/whole`, () => undefined)
  const count = await proveEach(operations, () => {}, wholeStory)
  count.row('each file operation of the story refused, once and for ever (in the process)', 'G1 G2 G7 G8')
  expect(count.outcomes.poisoned).toBeGreaterThan(0)
  expect(count.outcomes['gave-up']).toBeGreaterThan(0)
  expect(count.outcomes.told).toBeGreaterThan(0)
})

/** A book whose last write was torn by a crash, HEAD before it. */
const tornBook = async (folder: string) => {
  const { acknowledged } = await tell(folder, [1, 2])
  const [segment = ''] = segmentsIn(folder)
  const size = fs.statSync(`${folder}/${segment}`).size
  await tell(`${folder}-longer`, [1, 2, 1])
  fs.appendFileSync(
    `${folder}/${segment}`,
    fs.readFileSync(`${folder}-longer/${segment}`).subarray(size, size + 700),
  )
  fs.rmSync(`${folder}-longer`, { recursive: true })
  return acknowledged
}

test('every operation of a recovery may fail once and for ever, and the torn bytes are kept', async () => {
  const acknowledged = await tornBook(`${place}/torn`)
  const prepare = (folder: string) => fs.cpSync(`${place}/torn`, folder, { recursive: true })
  prepare(`${place}/whole`)
  const { operations, told } = await toldOn(`${place}/whole`, () => undefined, ['restart', 1])
  expect(told.troubles).toEqual([])
  expect(operations.some(({ kind }) => kind === 'truncate')).toBe(true)
  const count = counting()
  for (const injection of injectionsOf(operations)) {
    const folder = `${place}/book`
    prepare(folder)
    const before = fs.readFileSync(`${folder}/${segmentsIn(folder)[0]}`)
    try {
      const telling = await toldOn(folder, failing(injection), ['restart', 1])
      requireNoSecondSync(injection, telling.operations)
      await proveAfter(folder, {
        ...telling.told,
        acknowledged: [...acknowledged, ...telling.told.acknowledged],
      })
      requireKept(folder, before)
      count.add(telling.told.end)
    } catch (error) {
      const { number, kind, file, code, forEver } = injection
      throw new Error(`${code} ${forEver ? 'for ever' : 'once'}, ${number} ${kind} '${file}': ${error}`, {
        cause: error,
      })
    }
    fs.rmSync(folder, { recursive: true })
  }
  count.row('each file operation of a recovery refused, once and for ever', 'G7: recovery may be repeated')
})

/** The torn bytes lie in the quarantine, whole, and exactly one event tells of them. */
const requireKept = (folder: string, before: Buffer) => {
  const kept = fs.readdirSync(`${folder}/quarantine`).filter(name => name.endsWith('.torn'))
  if (kept.length !== 1) throw new Error(`the quarantine holds ${kept.length} files`)
  const bytes = fs.readFileSync(`${folder}/quarantine/${kept[0]}`)
  if (!before.subarray(before.length - bytes.length).equals(bytes))
    throw new Error('the quarantine has other bytes')
  const told = witness(folder).filter(({ type }) => type === 'LedgerRecovered')
  if (told.length !== 1) throw new Error(`${told.length} events tell of the recovery`)
}

test('a write of any length but the whole is refused as a full disk and leaves no byte', async () => {
  const folder = `${place}/book`
  let taken: number | undefined
  const files: LedgerFiles = {
    ...nodeFiles,
    write: (fd, bytes, length, position) =>
      position !== null || taken === undefined
        ? nodeFiles.write(fd, bytes, length, position)
        : nodeFiles.write(fd, bytes, taken, null),
    sync: () => {}, // durability is another test's
  }
  const store = await openBook(folder, () => openedAt, { files })
  const first = await store.append(groupOf(0))
  if (first._tag === 'Left') throw new Error('the first append is refused')
  const acknowledged = first.right.events.map(acknowledgedOf)
  const segment = `${folder}/${segmentsIn(folder)[0]}`
  const before = fs.readFileSync(segment)
  const longest = await longestGroup(store, segment, before.length)
  const written = fs.readFileSync(segment)
  const count = counting()
  for (taken = 0; taken < longest; taken++) {
    const answer = await store.append(groupOf(2))
    if (answer._tag !== 'Left' || answer.left.kind !== 'disk-full')
      throw new Error(`${taken} bytes: not refused`)
    count.add('refused as disk-full, cut back')
    if (!full || taken % 50 === 0) expect(fs.readFileSync(segment).equals(written)).toBe(true)
  }
  taken = undefined
  expect(await store.append(groupOf(2))).toMatchObject({ right: { repeated: false } })
  await store.close()
  await prove(folder, acknowledged)
  count.row('a write that takes 0 … n - 1 of n bytes without an error', 'G2: detected by count, cut back')
})

/** The length in bytes of group 1 in the ledger; group 2 is never longer than 700 characters less. */
const longestGroup = async (store: EventStore, segment: string, before: number): Promise<number> => {
  const answer = await store.append(groupOf(1))
  if (answer._tag === 'Left') throw new Error('the second append is refused')
  return fs.statSync(segment).size - before - 700
}
