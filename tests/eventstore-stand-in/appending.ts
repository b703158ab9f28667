// Appends on both routes of the protocol: one client stream per append, and the long-lived batch route on which many
// appends travel side by side.

import codes from '@eventstore/db-client/generated/code_pb.js'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import type streams from '@eventstore/db-client/generated/streams_pb.js'
import { type ServerDuplexStream, type ServerReadableStream, type sendUnaryData, status } from '@grpc/grpc-js'
import type { AppendFault, Script } from './faults.ts'
import type { Committed, ExpectedRevision, Log, ProposedRecord } from './log.ts'
import {
  appendSuccess,
  appendWrongVersion,
  batchAnswer,
  batchFailure,
  batchSuccess,
  batchWrongVersion,
  expectedOf,
  failure,
  notLeader,
  proposedOf,
  streamDeleted,
  text,
} from './wire.ts'

export interface Appending {
  readonly log: Log
  readonly faults: Script<AppendFault>
  /** Cuts every connection, as a killed server does. */
  cutAll(): void
  /** Where the leader is said to be. */
  readonly leader: { readonly host: string; readonly port: number }
  /** The server's clock, against which a deadline is held. */
  now(): number
}

const nameOf = (options: { getStreamIdentifier(): shared.StreamIdentifier | undefined }): string =>
  text(options.getStreamIdentifier()?.getStreamName_asU8() ?? new Uint8Array())

const writesAnyway: ReadonlySet<string> = new Set(['cut-after', 'mute-after', 'slow'])

// ── one append a call ───────────────────────────────────────────────────────────────────────────────────────────

export const append = (
  server: Appending,
  connection: string,
  call: ServerReadableStream<streams.AppendReq, streams.AppendResp>,
  answer: sendUnaryData<streams.AppendResp>,
) => {
  let options: streams.AppendReq.Options | undefined
  const proposed: (ProposedRecord | undefined)[] = []
  call.on('error', () => {})
  call.on('data', (request: streams.AppendReq) => {
    const message = request.getProposedMessage()
    if (request.hasOptions()) options = request.getOptions()
    else if (message !== undefined) proposed.push(proposedOf(message))
  })
  // A call that is given up ends too, in the middle of its events: then nothing of it is written.
  let givenUp = false
  call.on('cancelled', () => {
    givenUp = true
  })
  const finished = () => {
    if (givenUp || call.cancelled) return
    if (options === undefined) return answer(failure(status.UNKNOWN, 'options must come first'))
    const stream = nameOf(options)
    const expected = expectedOf(options, options.hasRevision() ? options.getRevision() : undefined)
    const fault = server.faults.next(connection, stream)?.kind
    if (fault === 'mute-before') return
    if (fault === 'cut-before') return server.cutAll()
    if (fault === 'timeout') return answer(failure(status.ABORTED, 'Operation timed out'))
    if (fault === 'busy') return answer(failure(status.UNAVAILABLE, 'Server Is Too Busy'))
    if (fault === 'not-leader') return answer(notLeader(server.leader.host, server.leader.port))
    if (fault === 'access-denied')
      return answer(failure(status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' }))
    const missing = proposed.includes(undefined)
    if (missing)
      return answer(
        failure(status.INVALID_ARGUMENT, 'Required Metadata Property', {
          exception: 'missing-required-metadata-property',
          'required-metadata-properties': 'type,content-type',
        }),
      )
    const done = server.log.commit(stream, expected, proposed as ProposedRecord[])
    if (fault === 'mute-after') return
    if (fault === 'cut-after') return server.cutAll()
    const tell = () => answerAppend(answer, stream, expected, done)
    if (fault === 'slow') setTimeout(tell, 150)
    else tell()
  }
  call.on('end', () => setImmediate(finished))
}

const answerAppend = (
  answer: sendUnaryData<streams.AppendResp>,
  stream: string,
  expected: ExpectedRevision,
  done: Committed,
) => {
  switch (done.kind) {
    case 'written':
    case 'idempotent':
      return answer(null, appendSuccess(done.revision, done.position))
    case 'wrong-version':
      return answer(null, appendWrongVersion(done.current, expected))
    case 'stream-deleted':
      return answer(streamDeleted(stream))
    case 'too-large':
      return answer(
        failure(status.INVALID_ARGUMENT, 'Maximum Append Size Exceeded', {
          exception: 'maximum-append-size-exceeded',
          'maximum-append-size': String(done.limit),
        }),
      )
  }
}

// ── the batch route ─────────────────────────────────────────────────────────────────────────────────────────────

interface Batch {
  readonly options: streams.BatchAppendReq.Options
  readonly proposed: (ProposedRecord | undefined)[]
}

export const batchAppend = (
  server: Appending,
  connection: string,
  call: ServerDuplexStream<streams.BatchAppendReq, streams.BatchAppendResp>,
) => {
  const batches = new Map<string, Batch>()
  call.on('error', () => {})
  call.on('end', () => call.end())
  call.on('data', (request: streams.BatchAppendReq) => {
    const correlation = Buffer.from(request.getCorrelationId()?.serializeBinary() ?? []).toString('hex')
    const begun = batches.get(correlation)
    const options = begun?.options ?? request.getOptions()
    if (options === undefined) return
    const batch = begun ?? { options, proposed: [] }
    batches.set(correlation, batch)
    for (const message of request.getProposedMessagesList()) batch.proposed.push(proposedOf(message))
    if (!request.getIsFinal()) return
    batches.delete(correlation)
    finish(server, connection, request, batch, response => {
      if (!call.cancelled && !call.destroyed) call.write(response)
    })
  })
}

const finish = (
  server: Appending,
  connection: string,
  request: streams.BatchAppendReq,
  { options, proposed }: Batch,
  write: (response: streams.BatchAppendResp) => void,
) => {
  const stream = nameOf(options)
  const expected = expectedOf(options, options.hasStreamPosition() ? options.getStreamPosition() : undefined)
  const response = batchAnswer(request, options)
  const fault = server.faults.next(connection, stream)?.kind
  const { Code } = codes
  if (fault === 'mute-before') return
  if (fault === 'cut-before') return server.cutAll()
  if (fault === 'no-details') return write(batchFailure(response, Code.UNKNOWN, 'Unknown', undefined))
  if (fault === 'timeout' || isPast(options, server.now()))
    return write(batchFailure(response, Code.DEADLINE_EXCEEDED, 'Timeout'))
  if (fault === 'busy') return write(batchFailure(response, Code.OK, 'Empty'))
  if (fault === 'not-leader') return write(batchFailure(response, Code.UNKNOWN, 'Unknown'))
  if (fault === 'access-denied') return write(batchFailure(response, Code.PERMISSION_DENIED, 'AccessDenied'))
  if (proposed.includes(undefined)) return write(badRequest(response, 'type and content-type are required'))
  const done = server.log.commit(stream, expected, proposed as ProposedRecord[])
  if (fault === 'mute-after') return
  if (fault === 'cut-after') return server.cutAll()
  const tell = () => write(batchOutcome(response, options, expected, done))
  if (fault !== undefined && writesAnyway.has(fault)) setTimeout(tell, 150)
  else tell()
}

/** 6.2.1 sends the instant by which it wants an answer, by its own clock. */
const isPast = (options: streams.BatchAppendReq.Options, now: number): boolean => {
  const deadline = options.getDeadline()
  return deadline !== undefined && deadline.getSeconds() * 1000 + deadline.getNanos() / 1e6 < now
}

const badRequest = (response: streams.BatchAppendResp, message: string): streams.BatchAppendResp => {
  const bad = new shared.BadRequest()
  bad.setMessage(message)
  return batchFailure(response, codes.Code.INVALID_ARGUMENT, 'BadRequest', bad.serializeBinary())
}

const batchOutcome = (
  response: streams.BatchAppendResp,
  options: streams.BatchAppendReq.Options,
  expected: ExpectedRevision,
  done: Committed,
): streams.BatchAppendResp => {
  switch (done.kind) {
    case 'written':
    case 'idempotent':
      return batchSuccess(response, done.revision, done.position)
    case 'wrong-version':
      return batchWrongVersion(response, done.current, expected)
    case 'stream-deleted': {
      const deleted = new shared.StreamDeleted()
      deleted.setStreamIdentifier(options.getStreamIdentifier())
      return batchFailure(response, codes.Code.NOT_FOUND, 'StreamDeleted', deleted.serializeBinary())
    }
    case 'too-large': {
      const large = new shared.MaximumAppendSizeExceeded()
      large.setMaxappendsize(done.limit)
      const bytes = large.serializeBinary()
      return batchFailure(response, codes.Code.INVALID_ARGUMENT, 'MaximumAppendSizeExceeded', bytes)
    }
  }
}
