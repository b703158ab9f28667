// A line of the ledger as an event of EventStoreDB, and back, byte for byte: the same hash chain holds in both places.
//
//   line     {"n","b","t","s","r","i","at","k","m","d","p","h"}
//   event    type t   data d   metadata {n, b, s, r, i, at, k, m, p, h, w}   revision n - 1
//            id: a function of h and w, so that the same bytes of the same writer are written once
//
// `w` says who wrote it. It is no part of the line: a copied line has the same hash and another writer.

import { hash } from 'node:crypto'
import * as z from 'zod'
import type { BookEvent } from '../domain/catalogue.ts'
import type { Recorded, Seq } from '../domain/event.ts'
import { LedgerDamaged } from '../domain/event-store.ts'
import { upcast } from '../domain/upcast.ts'
import type { ProposedRemote, RemoteEvent } from './esdb-client.ts'
import { encodeLine } from './ledger-line.ts'

const Metadata = z.strictObject({
  n: z.int().positive(),
  b: z.string().regex(/^\d{4}\/\d{4}$/),
  s: z.string(),
  r: z.int().nonnegative(),
  i: z.string(),
  at: z.string(),
  k: z.int().positive(),
  m: z.strictObject({ cause: z.int(), correlation: z.int(), run: z.int() }),
  p: z.string(),
  h: z.string(),
  w: z.string(),
})
type Metadata = z.infer<typeof Metadata>

export interface RemoteLine {
  /** In the shape of today. Throws UnknownEvent for what this program does not know. */
  readonly recorded: () => Recorded<BookEvent>
  readonly seq: Seq
  readonly stream: string
  readonly revision: number
  readonly at: string
  readonly type: string
  readonly version: number
  /** The line with its end of line, as it stands in a file. */
  readonly text: string
  readonly data: string
  readonly index: number
  readonly count: number
  readonly previous: string
  readonly hash: string
  readonly remoteId: string
  readonly writer: string
}

/** The id under which EventStoreDB knows a line: of these bytes by this writer. RFC 9562 form 8. */
export const remoteIdOf = (lineHash: string, writer: string): string => {
  const hex = hash('sha256', `${lineHash}\n${writer}`, 'hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const form =
  /^\{"n":"(\d{16})","b":"(\d{4}\/\d{4})","t":"([^"]+)","s":"([^"]+)","r":"(\d{10})","i":"([^"]{36})","at":"([^"]{27})","k":(\d+),"m":\{"cause":(\d+),"correlation":(\d+),"run":(\d+)\},"d":/
const tail = /,"p":"([0-9a-f]{64})","h":"([0-9a-f]{64})"\}\n?$/

/** The event that a line becomes. Throws LedgerDamaged for text that is no line, or that would not come back. */
export const remoteOf = (line: string, writer: string): ProposedRemote => {
  const head = form.exec(line)
  const end = tail.exec(line)
  if (head === null || end === null) throw notALine(line)
  const [opening, n, b, type, s, r, i, at, k, cause, correlation, run] = head as unknown as string[]
  const [, p, h] = end as unknown as [string, string, string]
  const text = line.slice((opening as string).length, end.index)
  const data: unknown = JSON.parse(text)
  // The client prints data anew; were that another text, the hash would not hold over there.
  if (typeof data !== 'object' || data === null || JSON.stringify(data) !== text) throw notALine(line)
  const metadata: Metadata = {
    n: Number(n),
    b: b as string,
    s: s as string,
    r: Number(r),
    i: i as string,
    at: at as string,
    k: Number(k),
    m: { cause: Number(cause), correlation: Number(correlation), run: Number(run) },
    p,
    h,
    w: writer,
  }
  return { id: remoteIdOf(h, writer), type: type as string, data, metadata }
}

const notALine = (line: string): LedgerDamaged =>
  new LedgerDamaged('corrupt', `this is no line that EventStoreDB can hold: ${line.slice(0, 60)}…`)

/**
 * The line that an event was. Verifies that its hash is that of its content and that it stands at its own seq; throws
 * LedgerDamaged.
 */
export const lineOf = (stream: string, { id, revision, type, data, metadata }: RemoteEvent): RemoteLine => {
  const parsed = Metadata.safeParse(metadata)
  const place = `event ${revision} of the stream ${stream}`
  if (!parsed.success) throw foreign(place, 'it has not the metadata of a ledger line')
  const { n, b, s, r, i, at, k, m, p, h, w } = parsed.data
  if (n !== revision + 1) throw foreign(place, `it says that it is seq ${n}`)
  const text = JSON.stringify(data)
  const given = { seq: n, stream: s, revision: r, id: i, at, ...m, event: { type, version: k, data: {} } }
  const encoded = encodeLine(given, text, Number(b.slice(0, 4)), b.slice(5), p)
  if (encoded.hash !== h) throw foreign(place, `its hash is ${encoded.hash} and it says ${h}`)
  if (id !== remoteIdOf(h, w)) throw foreign(place, 'its id is not that of its line')
  return {
    recorded: () => ({ ...given, event: upcast({ type, version: k, data: data as object }) }),
    seq: n,
    stream: s,
    revision: r,
    at,
    type,
    version: k,
    text: encoded.text,
    data: text,
    index: Number(b.slice(0, 4)),
    count: Number(b.slice(5)),
    previous: p,
    hash: h,
    remoteId: id,
    writer: w,
  }
}

const foreign = (place: string, what: string): LedgerDamaged =>
  new LedgerDamaged(
    'corrupt',
    `${place} in EventStoreDB is not what was written: ${what}. Run 'veritape verify', and copy the book anew from a ledger that holds`,
  )

/** Bytes that an event counts for in the server's MaxAppendSize. */
export const remoteBytes = ({ type, data, metadata }: ProposedRemote): number =>
  Buffer.byteLength(JSON.stringify(data)) + Buffer.byteLength(JSON.stringify(metadata)) + 2 * type.length
