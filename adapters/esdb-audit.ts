// Verifying a book in EventStoreDB: every event is made the line that it was, and the lines go through the same checks
// as those of a ledger on disk. It goes on after damage, so that all of it is named.

import type { Seq } from '../domain/event.ts'
import { LedgerDamaged } from '../domain/event-store.ts'
import type { AuditOptions, AuditReport, AuditStep } from '../domain/ledger-audit.ts'
import { StoreRefused } from '../domain/remote-store.ts'
import { SegmentOpened } from '../domain/segment.ts'
import { lineOf, type RemoteLine } from './esdb-line.ts'
import { lastLine, type RemoteBook } from './esdb-reading.ts'
import type { Damage } from './ledger-advance.ts'
import { zeroHash } from './ledger-line-bytes.ts'
import { dateOf } from './ledger-segment.ts'
import { enterSegment, loseTrack, nothingVerified, verifyChunk } from './ledger-verify-lines.ts'

const pageEvents = 500

export async function* auditEsdbBook(
  book: RemoteBook,
  { date, deep = false, publicKeyFile, keptAnchorsFile }: AuditOptions,
): AsyncGenerator<AuditStep, AuditReport> {
  if (publicKeyFile !== undefined || keptAnchorsFile !== undefined)
    throw new StoreRefused(
      'seals and anchors belong to the files of the embedded ledger: copy the book there (veritape copy --to jsonl:FOLDER), and verify them there',
    )
  const state = nothingVerified(deep, date !== undefined)
  const segments: string[] = []
  const head = await lastSeq(book)
  let segment = ''
  let offset = 0
  let bytes = 0
  let damages = 0
  let next: Seq = 1

  const damage = (expected: string, found: string): Damage => {
    loseTrack(state)
    return { segment: segment || book.stream, line: state.line + 1, byte: offset, expected, found }
  }

  const take = (line: RemoteLine) => {
    if (line.type === SegmentOpened.type) {
      segment = nameIn(line)
      offset = 0
      if (isWanted(segment, date)) {
        segments.push(segment)
        enterSegment(state, segment, 1)
      }
    }
    const text = Buffer.from(line.text)
    if (isWanted(segment, date)) {
      verifyChunk(state, text, offset, undefined)
      bytes += text.length
    }
    offset += text.length
  }

  while (next <= head) {
    const page = await book.client.read(book.stream, next - 1, pageEvents)
    if (page === 'missing' || page.length === 0) {
      state.found.push(damage(`event ${next}`, `an end before ${head}`))
      break
    }
    for (const event of page) {
      if (event.revision + 1 > head) break
      if (event.revision + 1 !== next)
        state.found.push(damage(`event ${next}`, `event ${event.revision + 1}: what is between is gone`))
      next = event.revision + 2
      try {
        take(lineOf(book.stream, event))
      } catch (error) {
        if (!(error instanceof LedgerDamaged)) throw error
        state.found.push(damage('a line of the ledger', error.message))
      }
    }
    if (page.length > 0 && (page.at(-1)?.revision ?? 0) + 1 > head) next = head + 1
    damages += state.found.length
    for (const found of state.found.splice(0)) yield { kind: 'damage', damage: found }
    yield { kind: 'progress', bytes, bytesTotal: bytes }
  }
  damages += state.found.length
  for (const found of state.found.splice(0)) yield { kind: 'damage', damage: found }
  return {
    segments,
    events: state.events,
    bytes,
    head: { seq: state.chain?.seq ?? 0, hash: state.chain?.hash ?? zeroHash },
    unacknowledgedBytes: 0,
    seals: 0,
    anchors: 0,
    signatures: 0,
    poison: undefined,
    damages,
  }
}

/** Also when the last event itself is no line any more. */
const lastSeq = async (book: RemoteBook): Promise<Seq> => {
  try {
    return (await lastLine(book))?.seq ?? 0
  } catch (error) {
    if (!(error instanceof LedgerDamaged) || error.verdict !== 'corrupt') throw error
    return ((await book.client.readLast(book.stream))?.revision ?? -1) + 1
  }
}

const nameIn = (line: RemoteLine): string =>
  String((JSON.parse(line.data) as { segment?: unknown }).segment ?? '')

const isWanted = (segment: string, date: string | undefined): boolean =>
  date === undefined || (segment !== '' && dateOf(segment) === date)
