// Verifying anchors: each must say what the lines and the seal of its day say. With a public key every sealed day must
// have one that is signed with it; and lines that were kept elsewhere are held against the ledger in the same way.

import type { KeyObject } from 'node:crypto'
import type { Anchor } from '../domain/anchor.ts'
import type { CalendarDate } from '../domain/time.ts'
import type { Damage } from './ledger-advance.ts'
import {
  type AnchorRead,
  anchorOf,
  fingerprintOf,
  isSignedBy,
  parseAnchor,
  readAnchorText,
} from './ledger-anchor.ts'
import type { SegmentWalk } from './ledger-verify-lines.ts'
import type { SealChain } from './ledger-verify-seals.ts'

interface Anchoring {
  readonly folder: string
  readonly date: CalendarDate | undefined
  /** The dates that have an anchor. */
  readonly anchored: readonly string[]
  readonly publicKey: KeyObject | undefined
  readonly keptAnchors: readonly string[]
  readonly seals: SealChain
  /** The last segment of each day. */
  readonly days: ReadonlyMap<CalendarDate, SegmentWalk>
  readonly found: Damage[]
}

export const verifyAnchors = (
  anchoring: Anchoring,
): { readonly anchors: number; readonly signatures: number } => {
  const { folder, date, anchored, publicKey, keptAnchors, seals, days, found } = anchoring
  let anchors = 0
  let signatures = 0

  /** `on` is the day that the place stands for; undefined for a line that may be of any day. */
  const look = (place: string, line: string, on: CalendarDate | undefined): void => {
    const report = (expected: string, what: string): void => {
      found.push({ segment: place, byte: 0, line: 1, expected, found: what })
    }
    const read = parseAnchor(line)
    if (read === undefined) {
      report('an anchor as it was printed', line.length > 60 ? `${line.slice(0, 60)}…` : line)
      return
    }
    if (on !== undefined && read.anchor.date !== on) {
      report(`date ${on}`, read.anchor.date)
      return
    }
    if (date !== undefined && read.anchor.date !== date) return
    anchors++
    const walk = days.get(read.anchor.date)
    for (const [key, expected] of saidOf(walk, seals))
      if (read.anchor[key] !== expected)
        report(
          `${key} ${read.anchor[key]}, which was anchored`,
          expected === undefined ? 'no sealed day' : `${expected}`,
        )
    if (publicKey === undefined) return
    if (isSignedBy(read, publicKey)) signatures++
    else report(`a signature of the key ${fingerprintOf(publicKey)}`, said(read))
  }

  const dates = anchored.filter(each => date === undefined || each === date)
  for (const each of dates) look(`anchors/${each}.json`, readAnchorText(folder, each) ?? '', each)
  for (const [index, line] of keptAnchors.entries()) look(`kept anchor ${index + 1}`, line, undefined)
  if (publicKey !== undefined)
    for (const [day, { segment }] of days)
      if (seals.read.has(segment) && !dates.includes(day))
        found.push({
          segment: `anchors/${day}.json`,
          byte: 0,
          line: 1,
          expected: 'a signed anchor',
          found: 'none',
        })
  return { anchors, signatures }
}

const said = ({ key, signature }: AnchorRead): string =>
  signature === undefined ? 'none' : `one that does not hold, of the key ${key}`

/** What an anchor of the day must say. A day that is no longer sealed still has its last event. */
const saidOf = (
  walk: SegmentWalk | undefined,
  seals: SealChain,
): (readonly [key: keyof Anchor, value: string | number | undefined])[] => {
  const seal = walk === undefined ? undefined : seals.read.get(walk.segment)
  const anchor = seal === undefined ? undefined : anchorOf(seal)
  const said: (readonly [key: keyof Anchor, value: string | number | undefined])[] = [
    ['seq', walk?.lastSeq],
    ['hash', walk?.lastHash],
    ['sealSha256', anchor?.sealSha256],
  ]
  if (anchor === undefined) return said
  return [...said, ['book', anchor.book], ['ledgerId', anchor.ledgerId], ['epoch', anchor.epoch]]
}
