// Every length and every bit of a small book, from the outside: what a damaged book does to whoever verifies, opens
// or reads it. (tests/adapters/ledger-recovery.test.ts enumerates the verdicts behind this, in the same way.)
//
//   HEAD current   all damage is named, nothing opens for writing, nothing on the disk is changed
//   HEAD behind    the last group was never acknowledged: damage in it is torn, goes to the quarantine and is told
//   HEAD lost      nobody may write, and a person decides

import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { openJsonlReader } from '../../adapters/jsonl-store.ts'
import { UnknownEvent } from '../../domain/catalogue.ts'
import { type EventStore, LedgerDamaged } from '../../domain/event-store.ts'
import { folderInMemory } from './folders.ts'
import { openBook, openedAt } from './story.ts'
import { counting, full } from './tally.ts'
import { tell } from './teller.ts'
import {
  type Acknowledged,
  acknowledgedOf,
  damagesIn,
  type Line,
  prove,
  segmentsIn,
  witness,
} from './witness.ts'

vi.setConfig({ testTimeout: full ? 1_800_000 : 240_000 })

let place = ''
/** A book of three groups: three candles with what the strategy says of them, seven lines in all. */
let book = ''
let segment = ''
let good: Buffer
let lines: readonly Line[]
/** Byte behind each group. */
let ends: readonly number[]
let headCurrent: Buffer
let headBehind: Buffer
let acknowledged: readonly Acknowledged[]

beforeEach(async () => {
  place = folderInMemory()
  book = `${place}/book`
  const behind = await tell(book, [1, 'restart', 1])
  headBehind = fs.readFileSync(`${book}/HEAD`)
  const told = await tell(book, [2, 'restart', 1])
  acknowledged = [...behind.acknowledged, ...told.acknowledged]
  segment = `${book}/${segmentsIn(book)[0]}`
  good = fs.readFileSync(segment)
  headCurrent = fs.readFileSync(`${book}/HEAD`)
  lines = witness(book)
  let at = 0
  ends = lines.flatMap(({ text }) => {
    at += text.length + 1
    return text.slice(29, 33) === text.slice(34, 38) ? [at] : []
  })
})

/** All else in the book is made by those who look at it. */
const kept: ReadonlySet<string> = new Set(['LEDGER.json', 'LOCK'])

const put = (bytes: Buffer, head: Buffer | undefined) => {
  for (const name of fs.readdirSync(book))
    if (!kept.has(name)) fs.rmSync(`${book}/${name}`, { recursive: true })
  fs.writeFileSync(segment, bytes)
  if (head !== undefined) fs.writeFileSync(`${book}/HEAD`, head)
}

const open = () => openBook(book, () => openedAt)

/** Whoever opens it for writing is refused with a verdict, and not a byte is changed. */
const requireRefused = async (bytes: Buffer): Promise<string> => {
  let verdict = ''
  try {
    await (await open()).close()
  } catch (error) {
    if (!(error instanceof LedgerDamaged)) throw error
    verdict = error.verdict
  }
  if (verdict === '') throw new Error('it opens for writing')
  if (!fs.readFileSync(segment).equals(bytes)) throw new Error('the damaged segment was changed')
  if (fs.existsSync(`${book}/quarantine`)) throw new Error('something was put into the quarantine')
  return verdict
}

/** What each damage does to a book whose HEAD is current: verify names it, opening refuses it. */
const requireNamedAndRefused = async (bytes: Buffer): Promise<string> => {
  put(bytes, headCurrent)
  const damages = await damagesIn(book)
  if (damages.length === 0) throw new Error('verify finds no damage')
  return requireRefused(bytes)
}

/** What a reader gets to see of the book as it is now; of all its events, or of some types. */
const served = async (types?: ReadonlySet<string>): Promise<string> => {
  let reader: EventStore | undefined
  try {
    reader = await openJsonlReader(book)
    for await (const event of reader.readAll(types === undefined ? {} : { types })) {
      const { seq, mark } = acknowledgedOf(event)
      if (lines[seq - 1]?.content !== mark) return 'served with other content'
    }
    return 'served as it was'
  } catch (error) {
    if (error instanceof LedgerDamaged) return 'refused'
    if (error instanceof UnknownEvent) return 'refused as an event of a newer program'
    throw error
  } finally {
    await reader?.close()
  }
}

const each = async (count: number, step: number, look: (at: number) => Promise<void>) => {
  for (let at = 0; at < count; at += step)
    try {
      await look(at)
    } catch (error) {
      throw new Error(`at ${at}: ${error instanceof Error ? error.message : error}`, { cause: error })
    }
}

const flipped = (bit: number): Buffer => {
  const bytes = Buffer.from(good)
  bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
  return bytes
}

describe('HEAD current', () => {
  test('every truncation is named by verify and refused by whoever would write', async () => {
    const count = counting()
    await each(good.length, full ? 1 : 11, async length => {
      count.add(await requireNamedAndRefused(good.subarray(0, length)))
    })
    count.row('the book cut at each length, HEAD current', 'G6 G7: named, refused, nothing changed')
  })

  test('every flipped bit is named by verify and refused by whoever would write', async () => {
    const count = counting()
    await each(good.length * 8, full ? 1 : 97, async bit => {
      count.add(await requireNamedAndRefused(flipped(bit)))
    })
    count.row('each bit of the book flipped, HEAD current', 'G6 G7: named, refused, nothing changed')
  })

  test('every deleted, repeated or swapped line, and zeros from any byte on, likewise', async () => {
    const count = counting()
    const texts = lines.map(({ text }) => text)
    const changes = texts.flatMap((text, at) => [
      texts.toSpliced(at, 1),
      ...(at < texts.length - 1
        ? [texts.toSpliced(at, 0, text), texts.toSpliced(at, 2, texts[at + 1] as string, text)]
        : []),
    ])
    for (const change of changes)
      count.add(await requireNamedAndRefused(Buffer.from(change.map(text => `${text}\n`).join(''))))
    await each(good.length, full ? 1 : 61, async from => {
      count.add(await requireNamedAndRefused(Buffer.from(good).fill(0, from)))
    })
    count.row('lines deleted, repeated, swapped; zeros from each byte on', 'G3 G6')
  })

  test('foreign bytes behind the end are quarantined and told, and nothing acknowledged is touched', async () => {
    const count = counting()
    const copied = `${lines[2]?.text}\n`
    const tails = [
      '\n',
      '\0\0\0',
      '{"a":1}\n',
      '\ufeff',
      '\r\n',
      copied,
      'x'.repeat(200_000),
      '\n'.repeat(5000),
    ]
    for (const tail of tails) {
      put(Buffer.concat([good, Buffer.from(tail)]), headCurrent)
      const { cuts } = await prove(book, acknowledged)
      if (cuts !== 1) throw new Error(`${JSON.stringify(tail.slice(0, 20))} was not cut`)
      count.add('torn: quarantined, told')
    }
    count.row('foreign bytes behind the end', 'G6 G7')
  })

  test('a bit flipped in one slot of HEAD leaves the other; in both, nobody writes', async () => {
    const count = counting()
    const slot = headCurrent.length / 2
    await each(headCurrent.length * 8, full ? 1 : 97, async bit => {
      const head = Buffer.from(headCurrent)
      head[bit >> 3] = (head[bit >> 3] as number) ^ (1 << (bit & 7))
      put(good, head)
      await prove(book, acknowledged)
      count.add('other slot used')
      const mirror = (bit + slot * 8) % (headCurrent.length * 8)
      head[mirror >> 3] = (head[mirror >> 3] as number) ^ (1 << (mirror & 7))
      put(good, head)
      if ((await damagesIn(book)).length === 0) throw new Error('verify finds no damage')
      await requireRefused(good)
      count.add('both slots damaged: refused')
    })
    count.row('each bit of HEAD flipped, in one slot and in both', 'G6 G8')
  })
})

describe('HEAD one group behind', () => {
  test('every truncation and zero-fill: torn inside the last group, refused before it', async () => {
    const count = counting()
    const last = ends.at(-2) as number
    const known = acknowledged.filter(({ seq }) => seq < lines.length - 1)
    const look = async (from: number, bytes: Buffer) => {
      put(bytes, behindTheLast())
      if (from < last) count.add(await requireRefused(bytes))
      else {
        const { cuts } = await prove(book, known)
        count.add(cuts > 0 ? 'torn: quarantined, told' : 'clean')
      }
    }
    await each(good.length, full ? 1 : 53, from => look(from, good.subarray(0, from)))
    await each(good.length, full ? 1 : 53, from => look(from, Buffer.from(good).fill(0, from)))
    count.row('the book cut, or zero-filled, at each length, HEAD one group behind', 'G1 G2 G7')
  })

  test('every flipped bit: torn inside the last group, refused before it, never unnoticed', async () => {
    const count = counting()
    const last = (ends.at(-2) as number) * 8
    const known = acknowledged.filter(({ seq }) => seq < lines.length - 1)
    await each(good.length * 8, full ? 3 : 211, async bit => {
      const bytes = flipped(bit)
      put(bytes, behindTheLast())
      if (bit < last) count.add(await requireRefused(bytes))
      else {
        const { cuts } = await prove(book, known)
        if (cuts === 0) throw new Error('a damaged group was taken for a good one')
        count.add('torn: quarantined, told')
      }
    })
    count.row('bits of the book flipped, HEAD one group behind', 'G6 G7')
  })

  /** HEAD as it was before the last group: its newer slot is the older one of the current HEAD. */
  const behindTheLast = (): Buffer => {
    const size = headCurrent.length / 2
    const slots = [headCurrent.subarray(0, size), headCurrent.subarray(size)]
    const older = slots.sort(Buffer.compare)[0] as Buffer
    return Buffer.concat([older, older])
  }
})

test('a line that is changed together with its own hash breaks the chain', async () => {
  const count = counting()
  const texts = lines.map(({ text }) => text)
  for (const [at, text] of texts.entries()) {
    const body = text.replace(/"run":0/, '"run":1').slice(0, -72)
    const forged = `${body},"h":"${createHash('sha256').update(body).digest('hex')}"}`
    count.add(await requireNamedAndRefused(Buffer.from(`${texts.with(at, forged).join('\n')}\n`)))
  }
  count.row('each line forged with a hash that fits', 'G6: the next line, or HEAD, does not fit')
})

test('a reader sees nothing behind what HEAD acknowledges, whole, torn or foreign', async () => {
  const size = headBehind.length / 2
  const mark = Math.max(...[0, size].map(at => Number(headBehind.toString('latin1', at + 4, at + 20))))
  expect(mark).toBeLessThan(lines.length)
  const count = counting()
  const start = lines.slice(0, mark).reduce((sum, { text }) => sum + text.length + 1, 0)
  for (let end = start; end <= good.length; end += full ? 1 : 37) {
    put(good.subarray(0, end), headBehind)
    const reader = await openJsonlReader(book)
    const seen: number[] = []
    for await (const { seq } of reader.readAll()) seen.push(seq)
    await reader.close()
    if (seen.at(-1) !== mark || seen.length !== mark)
      throw new Error(`at ${end} it sees ${seen.at(-1)}, not ${mark}`)
    count.add('acknowledged lines only')
  }
  count.row('readers while each length of a group stands behind HEAD', 'G9')
})

test('HEAD lost: nobody writes, whatever the length; verify says so', async () => {
  const count = counting()
  await each(good.length + 1, full ? 1 : 41, async length => {
    const bytes = good.subarray(0, length)
    put(bytes, undefined)
    if ((await damagesIn(book)).length === 0) throw new Error('verify finds no damage')
    count.add(await requireRefused(bytes))
  })
  count.row('the book cut at each length, HEAD lost', 'G6 G7')
})

test('a HEAD of an older state with a longer book is behind, not wrong', async () => {
  put(good, headBehind)
  const { cuts } = await prove(book, acknowledged)
  expect(cuts).toBe(0)
})

test('a reader serves the book as it was or refuses, whatever is cut or flipped', async () => {
  const count = counting()
  await each(good.length, full ? 1 : 13, async length => {
    put(good.subarray(0, length), headCurrent)
    count.add(`cut: ${await served()}`)
  })
  await each(good.length * 8, full ? 1 : 41, async bit => {
    put(flipped(bit), headCurrent)
    count.add(`flip: ${await served()}`)
    // No line that is served stands behind it: the next one does not tell.
    count.add(`flip, one type: ${await served(new Set(['CandleClosed']))}`)
  })
  count.row('a reader of the damaged book', 'G6: damage is found before it is served')
  expect(Object.keys(count.outcomes).filter(outcome => outcome.endsWith('other content'))).toEqual([])
})
