// Reads and catch-up subscriptions. A read begins at the given place, a subscription behind it; a missing stream is a
// message to a reader and nothing at all to a subscriber.

import type streams from '@eventstore/db-client/generated/streams_pb.js'
import { type ServerWritableStream, status } from '@grpc/grpc-js'
import type { ReadFault, Script } from './faults.ts'
import type { Log, StoredRecord } from './log.ts'
import {
  caughtUp,
  checkpoint,
  confirmation,
  eventMessage,
  failure,
  notFound,
  streamDeleted,
  text,
} from './wire.ts'

type Call = ServerWritableStream<streams.ReadReq, streams.ReadResp>

const emitError = (call: Call, error: object): void => {
  call.emit('error', error)
}

/** What the server gives at most before it looks at the client again: the window of a filtered read. */
const window = 32

export const readFrom = (log: Log, faults: Script<ReadFault>, connection: string, call: Call) => {
  const options = call.request.getOptions()
  if (options === undefined || !options.hasUuidOption())
    return emitError(call, failure(status.INVALID_ARGUMENT, 'uuid_option is missing'))
  const stream = options.hasStream()
    ? text(options.getStream()?.getStreamIdentifier()?.getStreamName_asU8() ?? new Uint8Array())
    : undefined
  const fault = faults.next(connection, stream ?? '$all')
  if (fault?.kind === 'mute') return
  if (fault?.kind === 'unavailable')
    return emitError(call, failure(status.UNAVAILABLE, 'Server Is Not Ready'))
  const begin = () => {
    if (options.hasSubscription()) subscribe(log, options, stream, call, fault)
    else readOnce(log, options, stream, call, fault)
  }
  if (fault?.kind === 'slow') setTimeout(begin, fault.amount ?? 50)
  else begin()
}

type Struck = { readonly kind: ReadFault; readonly amount?: number } | undefined

/** A connection that is cut: the client sees CANCELLED, or UNAVAILABLE, as a killed server gives. */
const cut = (call: Call) => emitError(call, failure(status.UNAVAILABLE, 'Connection dropped'))

const readOnce = (
  log: Log,
  options: streams.ReadReq.Options,
  stream: string | undefined,
  call: Call,
  fault: Struck,
) => {
  const count = Number(options.getCount())
  const backwards = options.getReadDirection() === 1
  if (stream !== undefined && log.isTombstoned(stream)) return emitError(call, streamDeleted(stream))
  if (stream !== undefined && !log.exists(stream)) {
    call.write(notFound(options))
    return call.end()
  }
  const fromEnd = stream === undefined ? options.getAll()?.hasEnd() : options.getStream()?.hasEnd()
  if (count === 0) return emitError(call, failure(status.UNKNOWN, 'count must be positive'))
  if (stream !== undefined && fromEnd && !backwards)
    return emitError(call, failure(status.UNKNOWN, 'cannot read forwards from the end'))
  const source = visible(log, stream)
  const start = startOf(source, options, stream)
  if (start === undefined) return emitError(call, failure(status.UNKNOWN, 'no record begins there'))
  const chosen = backwards
    ? source.slice(0, Math.min(start, source.length - 1) + 1).reverse()
    : source.slice(Math.min(start, source.length))
  const matches = filterOf(options)
  let sent = 0
  let at = 0
  const pump = () => {
    while (at < chosen.length && sent < count) {
      if (fault?.kind === 'cut' && sent >= (fault.amount ?? 0)) return cut(call)
      const record = chosen[at] as StoredRecord
      at++
      if (!matches(record)) continue
      sent++
      if (!call.write(eventMessage(record, stream === undefined))) return call.once('drain', pump)
    }
    if (fault?.kind === 'cut') return cut(call)
    call.end()
  }
  pump()
}

const visible = (log: Log, stream: string | undefined): readonly StoredRecord[] => {
  if (stream === undefined) return log.records
  const all = log.all(stream)
  const first = log.firstVisible(stream)
  return first === 0n ? all : all.slice(Number(first < BigInt(all.length) ? first : BigInt(all.length)))
}

/** Index in the source of the first record of a read; undefined for a position where no record begins. */
const startOf = (
  source: readonly StoredRecord[],
  options: streams.ReadReq.Options,
  stream: string | undefined,
): number | undefined => {
  if (stream === undefined) {
    const all = options.getAll()
    if (all?.hasStart()) return 0
    if (all?.hasEnd()) return options.getReadDirection() === 1 ? source.length - 1 : source.length
    const position = BigInt(all?.getPosition()?.getCommitPosition() ?? 0)
    const found = source.findIndex(record => record.position === position)
    return found < 0 ? undefined : found
  }
  const of = options.getStream()
  if (of?.hasStart()) return 0
  if (of?.hasEnd()) return source.length - 1
  const revision = BigInt(of?.getRevision() ?? 0)
  const first = source[0]?.revision ?? 0n
  return revision < first ? 0 : Number(revision - first)
}

const subscribe = (
  log: Log,
  options: streams.ReadReq.Options,
  stream: string | undefined,
  call: Call,
  fault: Struck,
) => {
  if (stream !== undefined && log.isTombstoned(stream)) return emitError(call, streamDeleted(stream))
  const matches = filterOf(options)
  const every = options.hasFilter()
    ? Math.max(1, options.getFilter()?.getCheckpointintervalmultiplier() ?? 1) * window
    : 0
  let after = afterOf(log, options, stream)
  if (after === undefined) return emitError(call, failure(status.INVALID_ARGUMENT, 'no record begins there'))
  let sent = 0
  let considered = 0
  let last = -1n
  let live = false
  let flowing = true
  let over = false
  call.write(confirmation())

  /** Undefined at the end of what is there. */
  const nextRecord = (): StoredRecord | undefined => {
    if (stream === undefined)
      return after === -1n ? log.records[0] : log.records[indexBehind(log.records, after as bigint)]
    const first = log.firstVisible(stream)
    const from = (after as bigint) + 1n
    return log.all(stream)[Number(from < first ? first : from)]
  }

  const pump = () => {
    while (flowing && !over) {
      if (fault?.kind === 'cut' && sent >= (fault.amount ?? 0)) return stop(() => cut(call))
      if (fault?.kind === 'end' && sent >= (fault.amount ?? 0)) return stop(() => call.end())
      const record = nextRecord()
      if (record === undefined) break
      after = stream === undefined ? record.position : record.revision
      last = record.position
      considered++
      if (matches(record)) {
        sent++
        flowing = call.write(eventMessage(record, stream === undefined))
        if (fault?.kind === 'repeat') call.write(eventMessage(record, stream === undefined))
      }
      if (every > 0 && considered % every === 0) call.write(checkpoint(last))
    }
    if (over || !flowing) return
    if (stream !== undefined && log.isTombstoned(stream))
      return stop(() => emitError(call, streamDeleted(stream)))
    if (live) return
    live = true
    if (every > 0 && last >= 0n && considered % every !== 0) call.write(checkpoint(last))
    call.write(caughtUp())
  }
  const stop = (end: () => unknown) => {
    over = true
    off()
    end()
  }
  const off = log.onCommit(pump)
  for (const ending of ['cancelled', 'close', 'error'] as const)
    call.on(ending, () => {
      over = true
      off()
    })
  call.on('drain', () => {
    flowing = true
    pump()
  })
  pump()
}

/** Revision or position behind which a subscription begins; -1 is the start. Undefined where no record begins. */
const afterOf = (
  log: Log,
  options: streams.ReadReq.Options,
  stream: string | undefined,
): bigint | undefined => {
  if (stream === undefined) {
    const all = options.getAll()
    if (all?.hasStart()) return -1n
    if (all?.hasEnd()) return log.records.at(-1)?.position ?? -1n
    const position = BigInt(all?.getPosition()?.getCommitPosition() ?? 0)
    return log.records.some(record => record.position === position) ? position : undefined
  }
  const of = options.getStream()
  if (of?.hasStart()) return -1n
  if (of?.hasEnd()) return BigInt(log.all(stream).length) - 1n
  return BigInt(of?.getRevision() ?? 0)
}

const indexBehind = (records: readonly StoredRecord[], position: bigint): number => {
  let low = 0
  let high = records.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((records[middle] as StoredRecord).position > position) high = middle
    else low = middle + 1
  }
  return low
}

/** Filters by type or stream; without one, $all shows the system's own events too. */
const filterOf = (options: streams.ReadReq.Options): ((record: StoredRecord) => boolean) => {
  const filter = options.getFilter()
  if (!options.hasFilter() || filter === undefined) return () => true
  const byType = filter.hasEventType()
  const expression = byType ? filter.getEventType() : filter.getStreamIdentifier()
  const prefixes = expression?.getPrefixList() ?? []
  const pattern = expression?.getRegex() ?? ''
  const form = pattern === '' ? undefined : new RegExp(pattern)
  return ({ type, stream }) => {
    const subject = byType ? type : stream
    return form?.test(subject) ?? prefixes.some(prefix => subject.startsWith(prefix))
  }
}
