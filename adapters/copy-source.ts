// Where a copy comes from: the lines of a ledger in order, whole write groups, verified on the way. Reads only, and takes
// no lock: whoever writes there is not held up.

import fs from 'node:fs'
import type { Seq } from '../domain/event.ts'
import { type Head, LedgerDamaged } from '../domain/event-store.ts'
import type { EsdbClient } from './esdb-client.ts'
import { bookStream, requireRemoteIdentity } from './esdb-identity.ts'
import { lastLine, linesBetween } from './esdb-reading.ts'
import { openHead, readHead } from './ledger-head.ts'
import { type LedgerIdentity, NoSuchBook, readIdentity } from './ledger-identity.ts'
import { hashIn, zeroHash } from './ledger-line-bytes.ts'
import { chainAfter, chunksOf, takeLine } from './ledger-scan.ts'
import { isBefore, listSegments } from './ledger-segment.ts'
import { openSegment } from './ledger-segment-bytes.ts'
import { firstSeqOf } from './ledger-stored.ts'

/** A line with its end of line, and where its write group ends. */
export interface CopiedLine {
  readonly seq: Seq
  readonly text: string
  readonly hash: string
  readonly endsGroup: boolean
}

export interface CopySource {
  /** For people. */
  readonly place: string
  identity(): Promise<LedgerIdentity>
  head(): Promise<Head>
  /** Hash of one line. */
  hashAt(seq: Seq): Promise<string>
  /** The lines after a line, up to and including a seq. */
  lines(after: Head, upTo: Seq): AsyncIterable<CopiedLine>
  close(): Promise<void>
}

/** `folder` is the book's. Throws NoSuchBook. */
export const jsonlSource = (folder: string): CopySource => {
  if (readIdentity(folder) === undefined) throw new NoSuchBook(folder)
  const headFd = openHead(folder, 'r')
  const mark = () => readHead(headFd, folder).mark

  async function* lines(after: Head, upTo: Seq): AsyncGenerator<CopiedLine> {
    const end = mark()
    const segments = listSegments(folder).filter(name => !isBefore(end.segment, name))
    const begin = segments.findLastIndex(name => firstSeqOf(folder, name) <= after.seq + 1)
    const chain = chainAfter(after.seq, after.hash)
    for (const name of segments.slice(Math.max(begin, 0))) {
      const source = openSegment(folder, name)
      try {
        for await (const { bytes } of chunksOf(source, 0, name === end.segment ? end.end : source.size)) {
          for (let start = 0; start < bytes.length; ) {
            const to = bytes.indexOf(0x0a, start) + 1
            const text = bytes.toString('utf8', start, to)
            const seq = Number(text.slice(6, 22))
            if (seq > upTo) return
            if (seq > after.seq) {
              const wrong = takeLine(chain, bytes, start, to, true)
              if (wrong !== undefined)
                throw new LedgerDamaged(
                  'corrupt',
                  `${folder}/${name} is damaged at event ${seq}: expected ${wrong.expected}, found ${wrong.found}. Run 'veritape verify'`,
                )
              yield {
                seq,
                text,
                hash: hashIn(bytes.subarray(start, to), to - start),
                endsGroup: chain.index === chain.count,
              }
            }
            start = to
          }
        }
      } finally {
        source.close()
      }
    }
  }

  return {
    place: folder,
    identity: async () => readIdentity(folder) as LedgerIdentity,
    head: async () => {
      const { seq, hash } = mark()
      return { seq, hash }
    },
    hashAt: async seq => {
      if (seq === 0) return zeroHash
      const { plainLine } = await import('./ledger-export-redacted.ts')
      return (await plainLine(folder, seq)).slice(-67, -3)
    },
    lines,
    close: async () => fs.closeSync(headFd),
  }
}

/** The client is the source's own: closed with it. */
export const esdbSource = (client: EsdbClient, book: string): CopySource => {
  const remote = { client, stream: bookStream(book) }
  return {
    place: `${client.address.text}, stream ${remote.stream}`,
    identity: async () => (await requireRemoteIdentity(client, book, undefined, () => '')).ledger,
    head: async () => {
      const line = await lastLine(remote)
      return { seq: line?.seq ?? 0, hash: line?.hash ?? zeroHash }
    },
    hashAt: async seq => {
      if (seq === 0) return zeroHash
      for await (const { hash } of linesBetween(remote, seq - 1, seq)) return hash
      return zeroHash
    },
    lines: async function* (after, upTo) {
      let before = after.hash
      for await (const { seq, text, hash, previous, index, count } of linesBetween(remote, after.seq, upTo)) {
        if (previous !== before)
          throw new LedgerDamaged(
            'corrupt',
            `event ${seq} of ${remote.stream} does not follow the one before it`,
          )
        before = hash
        yield { seq, text, hash, endsGroup: index === count }
      }
    },
    close: () => client.close(),
  }
}
