// One line of the ledger: JSON with a fixed order of keys, so that the places that matter have fixed offsets.
//
//   {"n":"0000000000001234","b":"0001/0003","t":"OrderFilled","s":"order-k3x9p2q-12","r":"0000000003",
//    "i":"<uuid>","at":"2023-03-24T11:40:00.000001Z","k":1,"m":{"cause":12,"correlation":10,"run":1},
//    "d":{…},"p":"<hash of the line before>","h":"<hash of this line up to here>"}\n        (all on one line)
//
// The hash is over bytes, not over objects: nothing is printed again to verify it.

import { hash } from 'node:crypto'
import type { BookEvent } from '../domain/catalogue.ts'
import type { Recorded } from '../domain/event.ts'
import { upcast } from '../domain/upcast.ts'
import {
  countAt,
  indexAt,
  lineBytesMax,
  previousBytes,
  seqAt,
  trailerBytes,
  typeAt,
} from './ledger-line-bytes.ts'

/** The bytes of a line that do not depend on stream, type, numbers or data; for the check of its length. */
const envelopeBytesMax = 420

/** Whether an event may be too long for a line; cheap, and right for all but unusual text. */
export const fitsOnLine = (type: string, stream: string, data: string): boolean => {
  const room = lineBytesMax - envelopeBytesMax - type.length - stream.length
  return data.length * 3 <= room || Buffer.byteLength(data) <= room
}

/** A line up to its own hash. `data` is JSON text, `index` and `frame` its place in the group and the size of that. */
export const bodyOf = (
  { seq, stream, revision, id, at, cause, correlation, run, event }: Recorded,
  data: string,
  index: number,
  frame: string,
  previous: string,
): string =>
  `{"n":"${digits(seq, 16)}","b":"${digits(index, 4)}/${frame}","t":"${event.type}","s":"${stream}","r":"${digits(revision, 10)}","i":"${id}","at":"${at}","k":${event.version},"m":{"cause":${cause},"correlation":${correlation},"run":${run}},"d":${data},"p":"${previous}"`

/** A whole line, and its own hash. */
export const encodeLine = (
  event: Recorded,
  data: string,
  index: number,
  frame: string,
  previous: string,
): { readonly text: string; readonly hash: string } => {
  const body = bodyOf(event, data, index, frame, previous)
  const own = hash('sha256', body, 'hex')
  return { text: `${body},"h":"${own}"}\n`, hash: own }
}

const zeros = Array.from({ length: 17 }, (_, count) => '0'.repeat(count))

/** A whole number with zeros in front; `width` is at most 16. */
export const digits = (number: number, width: number): string => {
  const text = `${number}`
  return `${zeros[width - text.length] ?? ''}${text}`
}

export interface Line {
  /** In the shape of today, whatever the line is written in. */
  readonly recorded: Recorded<BookEvent>
  /** JSON text of the data, as it stands in the line. */
  readonly data: string
  /** Version of the type that the line is written in. */
  readonly version: number
  readonly index: number
  readonly count: number
  readonly previous: string
  readonly hash: string
}

/** A line that is not in the format. Whoever reads names the place. */
export class NotALine extends Error {
  constructor(expected: string, text: string) {
    super(`expected ${expected}, found '${text.length > 60 ? `${text.slice(0, 60)}…` : text}'`)
    this.name = 'NotALine'
  }
}

/** Reads a line without its end of line. Checks the template, not the hash. Throws NotALine or UnknownEvent. */
export const decodeLine = (text: string): Line => {
  const expect = (literal: string, at: number): number => {
    if (!text.startsWith(literal, at)) throw new NotALine(`${literal} at character ${at}`, text.slice(at))
    return at + literal.length
  }
  const quoteAfter = (at: number): number => {
    const quote = text.indexOf('"', at)
    if (quote < 0) throw new NotALine(`a closing quote after character ${at}`, text)
    return quote
  }
  expect('{"n":"', 0)
  expect('","b":"', 22)
  expect('/', 33)
  expect('","t":"', 38)
  const typeEnd = quoteAfter(typeAt)
  const streamFrom = expect('","s":"', typeEnd)
  const streamEnd = quoteAfter(streamFrom)
  const revisionFrom = expect('","r":"', streamEnd)
  const idFrom = expect('","i":"', revisionFrom + 10)
  const atFrom = expect('","at":"', idFrom + 36)
  const versionFrom = expect('","k":', atFrom + 27)
  const versionEnd = text.indexOf(',', versionFrom)
  const causeFrom = expect(',"m":{"cause":', versionEnd)
  const causeEnd = text.indexOf(',', causeFrom)
  const correlationFrom = expect(',"correlation":', causeEnd)
  const correlationEnd = text.indexOf(',', correlationFrom)
  const runFrom = expect(',"run":', correlationEnd)
  const runEnd = text.indexOf('}', runFrom)
  const dataFrom = expect('},"d":', runEnd)
  const hashFrom = text.length - trailerBytes + 1
  const previousFrom = hashFrom - previousBytes
  expect(',"p":"', previousFrom)
  expect('","h":"', hashFrom - 1)
  expect('"}', text.length - 2)
  const type = text.slice(typeAt, typeEnd)
  const version = numberIn(text, versionFrom, versionEnd)
  const data = text.slice(dataFrom, previousFrom)
  const event = upcast({ type, version, data: JSON.parse(data) })
  return {
    recorded: {
      seq: numberIn(text, seqAt, 22),
      id: text.slice(idFrom, idFrom + 36),
      correlation: numberIn(text, correlationFrom, correlationEnd),
      stream: text.slice(streamFrom, streamEnd),
      revision: numberIn(text, revisionFrom, revisionFrom + 10),
      at: text.slice(atFrom, atFrom + 27),
      cause: numberIn(text, causeFrom, causeEnd),
      run: numberIn(text, runFrom, runEnd),
      event,
    },
    data,
    version,
    index: numberIn(text, indexAt, 33),
    count: numberIn(text, countAt, 38),
    previous: text.slice(previousFrom + 6, previousFrom + 70),
    hash: text.slice(hashFrom + 6, hashFrom + 70),
  }
}

/** Decimal digits between two places; an empty or other text is no number. */
const numberIn = (text: string, from: number, to: number): number => {
  let number = 0
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 48
    if (!(digit >= 0 && digit <= 9)) throw new NotALine(`digits at character ${from}`, text.slice(from, to))
    number = number * 10 + digit
  }
  if (to <= from) throw new NotALine(`digits at character ${from}`, text.slice(from))
  return number
}
