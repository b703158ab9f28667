// A second opinion on a ledger, which shares no code with the program: it reads the bytes by docs/ledger-format.md
// alone. And the proof that every fault is followed by: nothing acknowledged is lost, nothing was repaired in
// silence, and the ledger can be opened and written again.

import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { crc32, gunzipSync } from 'node:zlib'
import { sealDays } from '../../adapters/ledger-seal-days.ts'
import { verifyLedger } from '../../adapters/ledger-verify.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import type { Recorded } from '../../domain/event.ts'
import type { EventStore } from '../../domain/event-store.ts'
import { candles } from '../cast.ts'
import { groupOf, openBook, openedAt } from './story.ts'

/** What somebody was told is in the ledger: a place, and the hash of its line or of its content. */
export interface Acknowledged {
  readonly seq: number
  readonly mark: string
}

/** What an append answered, as something that can be looked for. */
export const acknowledgedOf = (recorded: Recorded<BookEvent>): Acknowledged => {
  const { seq, stream, revision, id, at, cause, correlation, run, event } = recorded
  const content = [
    seq,
    event.type,
    stream,
    revision,
    id,
    at,
    event.version,
    cause,
    correlation,
    run,
    event.data,
  ]
  return { seq, mark: sha256(JSON.stringify(content)) }
}

export interface Line {
  readonly seq: number
  readonly type: string
  readonly stream: string
  readonly revision: number
  readonly hash: string
  /** Hash of its content, without its group and its place in the chain. */
  readonly content: string
  readonly data: Readonly<Record<string, unknown>>
  readonly text: string
}

const segmentForm = /^\d{4}-\d\d-\d\d(\.\d{4})?\.jsonl$/

/** Segments by the names of their plain files, sealed ones too, in the order of their lines. */
export const segmentsIn = (folder: string): readonly string[] => {
  const names = fs.readdirSync(folder).map(name => name.replace(/\.gz$/, ''))
  return [...new Set(names.filter(name => segmentForm.test(name)))].sort((a, b) =>
    a.slice(0, -6) < b.slice(0, -6) ? -1 : 1,
  )
}

/** The plain bytes of a segment, whether it was sealed or not. */
const bytesOf = (folder: string, segment: string): Buffer =>
  fs.existsSync(`${folder}/${segment}`)
    ? fs.readFileSync(`${folder}/${segment}`)
    : gunzipSync(fs.readFileSync(`${folder}/${segment}.gz`))

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

/** The seq that the best slot of HEAD acknowledges; -1 when none can be read. */
export const acknowledgedByHead = (folder: string): number => {
  const slots = fs
    .readFileSync(`${folder}/HEAD`, 'latin1')
    .matchAll(/(seq=(\d{16}) segment=\S* *end=\d{16} hash=\w{64}) crc=(\w{8})\n/g)
  const good = [...slots].filter(([, body = '', , crc = '']) => crc32(body) === Number.parseInt(crc, 16))
  return Math.max(-1, ...good.map(([, , seq]) => Number(seq)))
}

/** All lines of a ledger; throws at the first that does not continue the one before. */
export const witness = (folder: string): readonly Line[] => {
  const lines: Line[] = []
  const revisions = new Map<string, number>()
  let previous = '0'.repeat(64)
  let group = { index: 0, count: 0 }
  let at = ''
  for (const name of segmentsIn(folder)) {
    const text = bytesOf(folder, name).toString('utf8')
    if (text !== '' && !text.endsWith('\n')) throw new Error(`witness: ${name} ends inside a line`)
    for (const line of text.split('\n').slice(0, -1)) {
      const place = `witness: line ${lines.length + 1} in ${name}`
      const { n, b, t, s, r, i, at: recorded, k, m, d, p, h } = JSON.parse(line)
      const [index, count] = b.split('/').map(Number)
      if (Number(n) !== lines.length + 1) throw new Error(`${place} has seq ${n}`)
      if (p !== previous) throw new Error(`${place} does not follow the hash before it`)
      if (h !== sha256(line.slice(0, -72))) throw new Error(`${place} has another hash than its bytes`)
      if (Number(r) !== (revisions.get(s) ?? -1) + 1) throw new Error(`${place} has revision ${r} of ${s}`)
      if (index !== (group.index === group.count ? 1 : group.index + 1))
        throw new Error(`${place} breaks its group`)
      if (index > 1 && count !== group.count) throw new Error(`${place} is of another group`)
      if (recorded <= at) throw new Error(`${place} is not later than the one before`)
      revisions.set(s, Number(r))
      previous = h
      group = { index, count }
      at = recorded
      const all = [Number(n), t, s, Number(r), i, recorded, k, m.cause, m.correlation, m.run, d]
      const content = sha256(JSON.stringify(all))
      lines.push({
        seq: Number(n),
        type: t,
        stream: s,
        revision: Number(r),
        hash: h,
        content,
        data: d,
        text: line,
      })
    }
  }
  if (group.index !== group.count) throw new Error('witness: the last group is not whole')
  return lines
}

/** Every acknowledged line is where it was. */
export const requireAcknowledged = (lines: readonly Line[], told: readonly Acknowledged[]): void => {
  for (const { seq, mark } of told) {
    const line = lines[seq - 1]
    if (line === undefined) throw new Error(`event ${seq} was acknowledged and is lost`)
    if (line.hash !== mark && line.content !== mark)
      throw new Error(`event ${seq} was acknowledged and another one stands there: ${line.text.slice(0, 80)}`)
  }
}

const bytesOfSegments = (folder: string): ReadonlyMap<string, Buffer> =>
  new Map(segmentsIn(folder).map(name => [name, bytesOf(folder, name)]))

/** Bytes that are gone must lie in the quarantine, and the ledger must say so. */
const requireNoSilentRepair = (folder: string, before: ReadonlyMap<string, Buffer>): number => {
  const now = bytesOfSegments(folder)
  const place = `${folder}/quarantine`
  const kept = fs.existsSync(place) ? fs.readdirSync(place).filter(name => name.endsWith('.torn')) : []
  const told = witness(folder).filter(({ type }) => type === 'LedgerRecovered')
  let cuts = 0
  for (const [name, bytes] of before) {
    const after = now.get(name) ?? Buffer.alloc(0)
    if (after.subarray(0, bytes.length).equals(bytes)) continue
    cuts++
    const file = kept.find(each => {
      const offset = Number(each.slice(name.length + 1).split('.')[0])
      return (
        each.startsWith(`${name}.`) &&
        fs.readFileSync(`${place}/${each}`).equals(bytes.subarray(offset)) &&
        after.subarray(0, offset).equals(bytes.subarray(0, offset))
      )
    })
    if (file === undefined) throw new Error(`${name} was cut and what was cut off is not in the quarantine`)
    const hash = sha256(fs.readFileSync(`${place}/${file}`))
    if (!told.some(({ data }) => data.sha256 === hash)) throw new Error(`no event says that ${name} was cut`)
  }
  return cuts
}

export const damagesIn = async (folder: string): Promise<readonly string[]> => {
  const found: string[] = []
  for await (const step of verifyLedger(folder, { deep: true }))
    if (step.kind === 'damage') found.push(JSON.stringify(step.damage))
  return found
}

const requireClean = async (folder: string, when: string): Promise<void> => {
  const [damage] = await damagesIn(folder)
  if (damage !== undefined) throw new Error(`${when} verify names damage: ${damage}`)
}

export interface Proof {
  /** Segments whose torn end went to the quarantine. */
  readonly cuts: number
  readonly lines: readonly Line[]
}

/** How many candles the book has: the next group to append is the one with this number. */
export const candlesIn = async (store: EventStore): Promise<number> => {
  let count = 0
  for await (const _ of store.read(candles)) count++
  return count
}

/**
 * The proof: verify is clean, the ledger opens, all that was acknowledged is there with its hash, whatever was cut is
 * kept and told, an append works, the closed days can be sealed, and verify is clean again. Throws with what is not so.
 */
export const prove = async (folder: string, told: readonly Acknowledged[]): Promise<Proof> => {
  const existed = fs.existsSync(`${folder}/LEDGER.json`)
  if (existed) await requireClean(folder, 'before it is opened,')
  else if (told.length > 0) throw new Error('there is no ledger, but events were acknowledged')
  const before = existed ? bytesOfSegments(folder) : new Map<string, Buffer>()
  const store = await openBook(folder, () => openedAt)
  let lines: readonly Line[]
  let cuts: number
  try {
    lines = witness(folder)
    requireAcknowledged(lines, told)
    cuts = requireNoSilentRepair(folder, before)
    if (acknowledgedByHead(folder) !== lines.length)
      throw new Error('HEAD does not acknowledge the last line')
    const next = lines.filter(({ stream }) => stream === candles).length
    const answer = await store.append(groupOf(next))
    if (answer._tag === 'Left') throw new Error(`after the fault an append is refused: ${answer.left.kind}`)
    if (answer.right.repeated) throw new Error('after the fault a new group is called a repeated one')
    for (const number of [0, Math.floor(next / 2), next]) {
      const again = await store.append(groupOf(number))
      if (again._tag === 'Left' || !again.right.repeated)
        throw new Error(`group ${number} is not known any more`)
    }
  } finally {
    await store.close()
  }
  await requireClean(folder, 'after an append')
  for await (const _ of sealDays(folder));
  requireAcknowledged(witness(folder), told)
  await requireClean(folder, 'after the closed days were sealed')
  return { cuts, lines }
}
