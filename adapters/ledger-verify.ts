// Verifying a ledger without changing it: every byte, hash, chain link, group frame, revision and joint between
// segments, that the end which HEAD acknowledges is there, and every seal and anchor. It goes on after damage, so that
// all of it is named.

import { createHash, type KeyObject } from 'node:crypto'
import fs from 'node:fs'
import { type Head, LedgerDamaged } from '../domain/event-store.ts'
import type { CalendarDate } from '../domain/time.ts'
import type { Damage } from './ledger-advance.ts'
import { listAnchors } from './ledger-anchor.ts'
import { codeOf } from './ledger-files.ts'
import { type DurableMark, readHeadFrom } from './ledger-head.ts'
import { NoSuchBook, readIdentity } from './ledger-identity.ts'
import { zeroHash } from './ledger-line-bytes.ts'
import { chunksOf } from './ledger-scan.ts'
import { dateOf, isBefore, listSegments } from './ledger-segment.ts'
import { openSegment, SealBroken, type SegmentBytes, sizeOf } from './ledger-segment-bytes.ts'
import { verifyAnchors } from './ledger-verify-anchors.ts'
import {
  enterSegment,
  loseTrack,
  nothingVerified,
  type SegmentWalk,
  type Verified,
  verifyChunk,
  walkOf,
} from './ledger-verify-lines.ts'
import { sealChainBefore, verifySeal, verifySealedSince } from './ledger-verify-seals.ts'

export type { Damage } from './ledger-advance.ts'

export interface VerifyOptions {
  /** Only the segments of this date; what came before is then taken on trust. */
  readonly date?: CalendarDate
  /** Parses every event against its declaration as well. */
  readonly deep?: boolean
  /** Every sealed day must have an anchor that is signed with this key. */
  readonly publicKey?: KeyObject
  /** Lines of anchors that were kept elsewhere; each must hold. */
  readonly keptAnchors?: readonly string[]
}

export type VerifyStep =
  | {
      readonly kind: 'progress'
      readonly segment: string
      /** Of all segments that are verified. */
      readonly bytes: number
      readonly bytesTotal: number
      readonly events: number
    }
  | { readonly kind: 'damage'; readonly damage: Damage }

export interface VerifyReport {
  readonly segments: readonly string[]
  readonly events: number
  readonly bytes: number
  /** Seq and hash of the last line that was verified. */
  readonly head: Head
  /** Bytes behind what HEAD acknowledges: a write under way, or torn by a crash. No damage. */
  readonly unacknowledgedBytes: number
  /** Seals that were checked. */
  readonly seals: number
  /** Anchors that were checked, those that were kept elsewhere included. */
  readonly anchors: number
  /** Anchors whose signature was checked. */
  readonly signatures: number
  /** What POISON says; nobody may write while it is there. */
  readonly poison: string | undefined
  readonly damages: number
}

/** Goes through a ledger. Throws NoSuchBook, or LedgerDamaged('not-ours'); all other damage is yielded. */
export async function* verifyLedger(
  folder: string,
  { date, deep = false, publicKey, keptAnchors = [] }: VerifyOptions = {},
): AsyncGenerator<VerifyStep, VerifyReport> {
  const identity = readIdentity(folder)
  if (identity === undefined) throw new NoSuchBook(folder)
  const mark = headOf(folder)
  const all = listSegments(folder)
  const names = all.filter(name => date === undefined || dateOf(name) === date)
  const sizes = names.map(name => sizeIfReadable(folder, name))
  const bytesTotal = sizes.reduce((sum, size) => sum + size, 0)
  const state = nothingVerified(deep, date !== undefined)
  if (mark === undefined)
    state.found.push({ segment: 'HEAD', byte: 0, line: 1, expected: 'a readable HEAD', found: 'none' })
  let bytes = 0
  let unacknowledgedBytes = 0
  let damages = 0
  const news = function* (): Generator<VerifyStep> {
    damages += state.found.length
    for (const damage of state.found.splice(0)) yield { kind: 'damage', damage }
  }

  const seals = sealChainBefore(folder, all, names[0])
  const days = new Map<CalendarDate, SegmentWalk>()
  for (const [index, name] of names.entries()) {
    const size = sizes[index] as number
    const behind = mark !== undefined && (mark.segment === '' || isBefore(mark.segment, name))
    const to = behind ? 0 : mark?.segment === name ? Math.min(mark.end, size) : size
    unacknowledgedBytes += size - to
    const sha256 = createHash('sha256')
    for await (const walked of walkSegment(folder, name, to, state, mark, sha256)) {
      bytes += walked
      yield* news()
      yield { kind: 'progress', segment: name, bytes, bytesTotal, events: state.events }
    }
    bytes += size - to
    if (!behind) {
      const walk = walkOf(state, name, to, sha256.digest('hex'))
      await verifySeal(folder, identity, seals, walk, state.found)
      days.set(dateOf(name), walk)
    }
    yield* news()
  }
  finish(state, mark, date)
  // A day is sealed before it is anchored.
  const anchored = listAnchors(folder)
  await verifySealedSince(folder, identity, seals, state.found)
  const anchors = verifyAnchors({
    folder,
    date,
    anchored,
    publicKey,
    keptAnchors,
    seals,
    days,
    found: state.found,
  })
  yield* news()
  const { chain, events } = state
  return {
    segments: names,
    events,
    bytes: bytesTotal,
    head: { seq: chain?.seq ?? 0, hash: chain?.hash ?? zeroHash },
    unacknowledgedBytes,
    seals: seals.count,
    ...anchors,
    poison: poisonIn(folder),
    damages,
  }
}

/** Verifies all of a ledger whose least damage is one too much: throws what `refuse` makes of the first. */
export const verifyWhole = async (
  folder: string,
  refuse: (damage: Damage) => Error,
): Promise<VerifyReport> => {
  const steps = verifyLedger(folder)
  let step = await steps.next()
  for (; step.done !== true; step = await steps.next())
    if (step.value.kind === 'damage') throw refuse(step.value.damage)
  return step.value
}

/** Verifies the lines of one segment up to `to`; yields how many bytes were gone through. */
async function* walkSegment(
  folder: string,
  name: string,
  to: number,
  state: Verified,
  mark: DurableMark | undefined,
  sha256: ReturnType<typeof createHash>,
): AsyncGenerator<number> {
  let source: SegmentBytes | undefined
  try {
    source = openSegment(folder, name)
    enterSegment(state, name, to)
    const chunks = chunksOf(source, 0, to)
    let chunk = await chunks.next()
    for (; chunk.done !== true; chunk = await chunks.next()) {
      const { bytes, offset } = chunk.value
      sha256.update(bytes)
      verifyChunk(state, bytes, offset, mark)
      yield bytes.length
    }
    const { rest } = chunk.value
    if (rest === 0) return
    const place = { segment: name, byte: to - rest, line: state.line + 1 }
    state.found.push({ ...place, expected: 'an end of line', found: `${rest} bytes without one` })
  } catch (error) {
    if (!(error instanceof LedgerDamaged)) throw error
    state.found.push(damageOf(name, error))
    loseTrack(state)
  } finally {
    source?.close()
  }
}

/** A sealed segment that does not give its lines back. */
const damageOf = (segment: string, error: LedgerDamaged): Damage => {
  if (!(error instanceof SealBroken))
    return { segment, byte: 0, line: 1, expected: 'a segment that can be read', found: error.message }
  const { file, byte, expected, found } = error
  return { segment: file, byte, line: 1, expected, found }
}

const sizeIfReadable = (folder: string, name: string): number => {
  try {
    return sizeOf(folder, name)
  } catch (error) {
    if (error instanceof LedgerDamaged) return 0 // told when it is its turn
    throw error
  }
}

const poisonIn = (folder: string): string | undefined => {
  try {
    return fs.readFileSync(`${folder}/POISON`, 'utf8').trim()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

const headOf = (folder: string): DurableMark | undefined => {
  let fd: number
  try {
    fd = fs.openSync(`${folder}/HEAD`, 'r')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
  try {
    return readHeadFrom(fd)?.mark
  } finally {
    fs.closeSync(fd)
  }
}

const finish = (state: Verified, mark: DurableMark | undefined, date: CalendarDate | undefined) => {
  if (mark === undefined || (date !== undefined && dateOf(mark.segment || date) !== date)) return
  if (state.chain === undefined || state.chain.seq >= mark.seq) return
  state.found.push({
    segment: state.segment || mark.segment,
    byte: 0,
    line: state.line,
    expected: `event ${mark.seq}, which HEAD acknowledges`,
    found: `an end after event ${state.chain.seq}`,
  })
}
