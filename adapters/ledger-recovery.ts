// What to do with a ledger whose files do not end with a whole group. Four verdicts:
//
//   clean              every byte belongs to a whole group, and all that HEAD acknowledges is there
//   torn               bytes of a write that nobody was told about: moved to the quarantine, then cut off
//   corrupt            damage in what was acknowledged, or valid groups behind it: nobody may write, nothing is cut
//   lost-acknowledged  no damage, but the end that HEAD acknowledges is missing: as corrupt
//
// Only a torn end is ever cut, and its bytes are kept. Each step may be repeated after a crash.

import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { LedgerDamaged } from '../domain/event-store.ts'
import { LedgerRecovered } from '../domain/segment.ts'
import type { Damage } from './ledger-advance.ts'
import { type LedgerFiles, quarantineOf, readFully, replaceFile } from './ledger-files.ts'
import type { DurableMark } from './ledger-head.ts'
import type { Known } from './ledger-known.ts'
import { hashIn, hashOfBytes, indexAt, isFramed, numberAt, seqOf } from './ledger-line-bytes.ts'
import type { Poison } from './ledger-poison.ts'
import { forEachLine } from './ledger-scan.ts'
import { isBefore, listSegments } from './ledger-segment.ts'
import { openSegment, sizeOf } from './ledger-segment-bytes.ts'

export type Verdict =
  | { readonly kind: 'clean' }
  | { readonly kind: 'torn'; readonly segment: string; readonly from: number; readonly damage: Damage }
  | { readonly kind: 'corrupt'; readonly damage: Damage }
  | { readonly kind: 'lost-acknowledged'; readonly head: DurableMark; readonly found: string }

/** Judges how the files end. `known` is what was found good, `damage` what stopped there. */
export const judge = (
  folder: string,
  known: Known,
  damage: Damage | undefined,
  head: DurableMark,
): Verdict => {
  if (damage === undefined) {
    if (known.seq >= head.seq) return { kind: 'clean' }
    return { kind: 'lost-acknowledged', head, found: `ends with event ${known.seq}` }
  }
  if (known.seq < head.seq) return { kind: 'corrupt', damage }
  const from = damage.segment === known.segment ? known.end : 0
  if (damage.byte < from)
    return {
      kind: 'lost-acknowledged',
      head,
      found: `has ${damage.found} of ${damage.segment}, which had ${from} bytes`,
    }
  if (validGroupBehind(folder, damage.segment, from, known)) return { kind: 'corrupt', damage }
  return { kind: 'torn', segment: damage.segment, from, damage }
}

/** Whether another group begins behind the first bad one: then the damage is not the end of one interrupted write. */
const validGroupBehind = (folder: string, segment: string, from: number, known: Known): boolean => {
  const later = listSegments(folder).filter(name => isBefore(segment, name))
  if (later.some(name => sizeOf(folder, name) > 0)) return true
  let found = false
  const source = openSegment(folder, segment)
  try {
    forEachLine(source, from, source.size, (bytes, start, end, offset) => {
      found =
        offset > from &&
        isFramed(bytes, start, end) &&
        numberAt(bytes, start + indexAt, 4) === 1 &&
        seqOf(bytes, start) > known.seq &&
        hashOfBytes(bytes, start, end) === hashIn(bytes, end)
      return !found
    })
  } finally {
    source.close()
  }
  return found
}

/** The error for a verdict that stops everything. */
export const damageError = (folder: string, verdict: Verdict): LedgerDamaged | undefined => {
  switch (verdict.kind) {
    case 'clean':
    case 'torn':
      return undefined
    case 'corrupt': {
      const { segment, line, byte, expected, found } = verdict.damage
      return new LedgerDamaged(
        'corrupt',
        `${folder}/${segment} is damaged at byte ${byte}: expected ${expected}, found ${found}` +
          `${line > 0 ? ` (line ${line} from where reading began)` : ''}. Nothing was changed. ` +
          "Run 'veritape verify' and restore from a backup",
      )
    }
    case 'lost-acknowledged':
      return new LedgerDamaged(
        'lost-acknowledged',
        `${folder} ${verdict.found}, but event ${verdict.head.seq} was acknowledged: its end was lost or an older ` +
          'copy was put in place. Nothing was changed. Restore from a backup',
      )
  }
}

/** Moves torn bytes to the quarantine and cuts them off. The caller holds the lock. A sync that fails poisons. */
export const quarantine = (
  files: LedgerFiles,
  folder: string,
  segment: string,
  from: number,
  poison: Poison,
): void => {
  setAside(files, folder, segment, from)
  const fd = fs.openSync(`${folder}/${segment}`, 'r+')
  try {
    files.truncate(fd, from)
    try {
      files.sync(fd)
    } catch (error) {
      poison.spread(error)
    }
  } finally {
    fs.closeSync(fd)
  }
}

/** Copies what stands behind `from` in a segment to the quarantine; the segment stays as it is. */
export const setAside = (files: LedgerFiles, folder: string, segment: string, from: number): void => {
  const place = quarantineOf(files, folder)
  const bytes = readTail(`${folder}/${segment}`, from)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  replaceFile(files, place, quarantineName(segment, from, sha256), bytes)
}

const readTail = (path: string, from: number): Buffer => {
  const fd = fs.openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(fs.fstatSync(fd).size - from)
    const length = readFully(fd, bytes, bytes.length, from)
    if (length !== bytes.length) throw new Error(`read ${length} of ${bytes.length} torn bytes`)
    return bytes
  } finally {
    fs.closeSync(fd)
  }
}

/** '2026-11-20.jsonl.0000000432.1f00…(16 digits).torn' */
const quarantineName = (segment: string, from: number, sha256: string): string =>
  `${segment}.${String(from).padStart(10, '0')}.${sha256.slice(0, 16)}.torn`

const quarantineForm = /^(\S+\.jsonl)\.(\d{10,})\.[0-9a-f]{16}\.torn$/

/**
 * One event for each file in the quarantine that is not recorded yet. They are made from the files alone, so that a
 * recovery that was interrupted before it could record itself is recorded by the next one.
 */
export const recoveries = (
  folder: string,
  recorded: ReadonlySet<string>,
): ReturnType<typeof LedgerRecovered>[] => {
  const place = `${folder}/quarantine`
  if (!fs.existsSync(place)) return []
  return fs
    .readdirSync(place)
    .sort()
    .flatMap(name => {
      const quarantined = `quarantine/${name}`
      const [, segment, offset] = quarantineForm.exec(name) ?? []
      if (segment === undefined || recorded.has(quarantined)) return []
      const bytes = fs.readFileSync(`${place}/${name}`)
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      return LedgerRecovered({ segment, offset: Number(offset), bytes: bytes.length, sha256, quarantined })
    })
}
