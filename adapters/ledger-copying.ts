// Copying a ledger from one store to another, line for line: resumable at every write group, equal by the hash of the
// last line on both sides, and, when it follows, always a little behind a source that never notices.

import { join } from 'node:path'
import type { Head } from '../domain/event-store.ts'
import { type CopyOptions, CopyRefused, type CopyReport, type CopyStep } from '../domain/ledger-copy.ts'
import { StoreUnreachable } from '../domain/remote-store.ts'
import { LedgerRestored, SegmentOpened } from '../domain/segment.ts'
import { type CopiedLine, type CopySource, esdbSource, jsonlSource } from './copy-source.ts'
import { type CopyTarget, esdbTarget, jsonlTarget } from './copy-target.ts'
import { type EsdbCredentials, isEsdb, readEsdbAddress } from './esdb-address.ts'
import { openEsdbClient } from './esdb-client.ts'
import { killSwitch } from './kill-switch.ts'
import { decodeLine } from './ledger-line.ts'
import { epochAfter } from './ledger-restore.ts'
import { systemClock } from './system-clock.ts'

export interface CopyPlaces {
  readonly book: string
  /** The configured folder of ledgers. */
  readonly ledgers: string
  readonly credentials: EsdbCredentials | undefined
  readonly signal: AbortSignal
}

const followEveryMs = 250

export async function* copyLedger(
  { from, to, follow, takeOver }: CopyOptions,
  places: CopyPlaces,
): AsyncGenerator<CopyStep, CopyReport> {
  if (takeOver && follow) throw new CopyRefused('a copy that takes over follows nobody: leave out --follow')
  if (follow && !isEsdb(to))
    throw new CopyRefused('only a copy in EventStoreDB can follow; leave out --follow')
  const source = await sourceOf(from, places)
  try {
    const target = await targetOf(to, places)
    try {
      return yield* copy(source, target, { from, to, follow, takeOver }, places)
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

const folderOf = (place: string, ledgers: string): string => {
  if (place === 'jsonl') return ledgers
  const [, folder] = /^jsonl:(.+)$/.exec(place) ?? []
  if (folder === undefined)
    throw new CopyRefused(
      `'${place.split(':')[0]}' is no store: write jsonl, jsonl:FOLDER or esdb://host:2113`,
    )
  return folder
}

const sourceOf = async (from: string, { book, ledgers, credentials }: CopyPlaces): Promise<CopySource> =>
  isEsdb(from)
    ? esdbSource(await openEsdbClient(readEsdbAddress(from), credentials), book)
    : jsonlSource(join(folderOf(from, ledgers), book))

const targetOf = async (to: string, { book, ledgers, credentials }: CopyPlaces): Promise<CopyTarget> =>
  isEsdb(to)
    ? esdbTarget(await openEsdbClient(readEsdbAddress(to), credentials), book)
    : jsonlTarget(folderOf(to, ledgers), book)

async function* copy(
  source: CopySource,
  target: CopyTarget,
  { from, to, follow, takeOver }: CopyOptions,
  { book, ledgers, signal }: CopyPlaces,
): AsyncGenerator<CopyStep, CopyReport> {
  const epochs: string[] = []
  let at = await target.begin(await source.identity())
  const since = at.seq
  const first = await source.head()
  if (at.seq > first.seq || (await source.hashAt(at.seq)) !== at.hash)
    throw new CopyRefused(
      `${target.place} is not the beginning of ${source.place}: they differ at or before seq ${at.seq}`,
    )
  let end: Head = first
  while (!signal.aborted) {
    try {
      for await (const lines of batches(source.lines(at, end.seq), target.bytesMax)) {
        await target.append(lines)
        const last = lines.at(-1) as CopiedLine
        at = { seq: last.seq, hash: last.hash }
        yield { kind: 'copied', seq: at.seq, head: end.seq }
        if (signal.aborted) break
      }
      if (at.seq === end.seq) {
        const there = await target.head()
        if (there.seq !== end.seq || there.hash !== end.hash)
          throw new CopyRefused(
            `${target.place} ends at event ${there.seq} (${there.hash}), not at ${end.seq} (${end.hash})`,
          )
        yield { kind: 'equal', head: end, since }
      }
      if (!follow) break
      end = await nextHead(source, at, signal)
    } catch (error) {
      // A mirror outlives the servers that it stands between; what was sent is recognised when it is sent again.
      if (!follow || !(error instanceof StoreUnreachable)) throw error
      yield { kind: 'waiting', why: error.message }
      await systemClock.sleep(followEveryMs, signal)
    }
  }
  const reached = { from: end, to: at, since }
  if (at.seq !== end.seq || follow) return reached
  if (!takeOver && isEsdb(to)) {
    await target.finish(undefined)
    return reached
  }
  for await (const { text } of source.lines({ seq: 0, hash: '0'.repeat(64) }, end.seq))
    noteEpoch(text, epochs)
  const epochNow = epochAfter(book, systemClock.now(), [(await source.identity()).epoch, ...epochs])
  // Whatever trades the book now stops first; where it is to go on, an operator says so.
  if (takeOver && !isEsdb(from))
    await killSwitch(join(folderOf(from, ledgers), book)).pull(
      'halted',
      'copy',
      `moved to ${target.place} at seq ${end.seq}`,
    )
  const still = await source.head()
  if (takeOver && still.seq !== end.seq)
    throw new CopyRefused(
      `${source.place} went on to seq ${still.seq} meanwhile: stop its executor, then start again`,
    )
  await target.finish(epochNow)
  return { ...reached, epochNow }
}

const noteEpoch = (text: string, epochs: string[]) => {
  if (!text.includes('"t":"SegmentOpened"') && !text.includes('"t":"LedgerRestored"')) return
  const { event } = decodeLine(text.slice(0, -1)).recorded
  if (event.type === SegmentOpened.type || event.type === LedgerRestored.type) epochs.push(event.data.epoch)
}

/** Whole write groups, as many as fit. */
async function* batches(lines: AsyncIterable<CopiedLine>, bytesMax: number): AsyncGenerator<CopiedLine[]> {
  let batch: CopiedLine[] = []
  let group: CopiedLine[] = []
  let bytes = 0
  for await (const line of lines) {
    group.push(line)
    if (!line.endsGroup) continue
    const size = group.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)
    if (batch.length > 0 && bytes + size > bytesMax) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(...group)
    bytes += size
    group = []
  }
  if (batch.length > 0) yield batch
}

/** Waits until the source has more, or until told to stop. */
const nextHead = async (source: CopySource, at: Head, signal: AbortSignal): Promise<Head> => {
  while (!signal.aborted) {
    await systemClock.sleep(followEveryMs, signal)
    const head = await source.head()
    if (head.seq > at.seq) return head
  }
  return at
}
