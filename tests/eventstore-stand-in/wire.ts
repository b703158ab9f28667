// The messages of the protocol, made and read with the client's own generated classes.

import codes from '@eventstore/db-client/generated/code_pb.js'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import statuses from '@eventstore/db-client/generated/status_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import { Metadata, type StatusObject, status } from '@grpc/grpc-js'
import any from 'google-protobuf/google/protobuf/any_pb.js'
import empty from 'google-protobuf/google/protobuf/empty_pb.js'
import type { ExpectedRevision, ProposedRecord, StoredRecord } from './log.ts'

export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

/** A UUID in either form that a client may send. */
export const uuidOf = (uuid: shared.UUID | undefined): string => {
  if (uuid === undefined) throw new Error('a message without its id')
  if (!uuid.hasStructured()) return uuid.getString()
  const half = (bits: string | undefined) =>
    BigInt.asUintN(64, BigInt(bits ?? 0))
      .toString(16)
      .padStart(16, '0')
  const structured = uuid.getStructured()
  const hex = half(structured?.getMostSignificantBits()) + half(structured?.getLeastSignificantBits())
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

type ProposedMessage = streams.AppendReq.ProposedMessage | streams.BatchAppendReq.ProposedMessage

/** Undefined when the metadata that every event must have is missing. */
export const proposedOf = (message: ProposedMessage): ProposedRecord | undefined => {
  const map = message.getMetadataMap()
  const type = map.get('type')
  const contentType = map.get('content-type')
  if (type === undefined || contentType === undefined) return undefined
  const id = uuidOf(message.getId())
  return { id, type, contentType, data: message.getData_asU8(), metadata: message.getCustomMetadata_asU8() }
}

interface ExpectingOptions {
  hasNoStream(): boolean
  hasStreamExists(): boolean
}

export const expectedOf = (options: ExpectingOptions, revision: string | undefined): ExpectedRevision => {
  if (revision !== undefined) return { revision: BigInt(revision) }
  return options.hasNoStream() ? 'no_stream' : options.hasStreamExists() ? 'stream_exists' : 'any'
}

/** The older fields are unsigned: -1 is their greatest number, as near as a double comes to it. */
const noStreamTwin = 2 ** 64 - 2048

export const appendSuccess = (revision: bigint, position: bigint): streams.AppendResp => {
  const success = new streams.AppendResp.Success()
  if (revision < 0n) success.setNoStream(new shared.Empty())
  else success.setCurrentRevision(String(revision))
  if (position < 0n) success.setNoPosition(new shared.Empty())
  else {
    const place = new streams.AppendResp.Position()
    place.setCommitPosition(String(position))
    place.setPreparePosition(String(position))
    success.setPosition(place)
  }
  const response = new streams.AppendResp()
  response.setSuccess(success)
  return response
}

/** On this route a wrong version is no error but an answer. */
export const appendWrongVersion = (current: bigint, expected: ExpectedRevision): streams.AppendResp => {
  const wrong = new streams.AppendResp.WrongExpectedVersion()
  if (current < 0n) {
    wrong.setCurrentNoStream(new shared.Empty())
    wrong.setNoStream2060(new shared.Empty())
  } else {
    wrong.setCurrentRevision(String(current))
    wrong.setCurrentRevision2060(Number(current))
  }
  if (expected === 'any') {
    wrong.setExpectedAny(new shared.Empty())
    wrong.setAny2060(new shared.Empty())
  } else if (expected === 'stream_exists') {
    wrong.setExpectedStreamExists(new shared.Empty())
    wrong.setStreamExists2060(new shared.Empty())
  } else if (expected === 'no_stream') {
    wrong.setExpectedNoStream(new shared.Empty())
    wrong.setExpectedRevision2060(noStreamTwin)
  } else {
    wrong.setExpectedRevision(String(expected.revision))
    wrong.setExpectedRevision2060(Number(expected.revision))
  }
  const response = new streams.AppendResp()
  response.setWrongExpectedVersion(wrong)
  return response
}

/** A gRPC error with the trailers by which the client tells what it is. */
export const failure = (
  code: status,
  details: string,
  trailers: Readonly<Record<string, string>> = {},
): Partial<StatusObject> => {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value)
  return { code, details, metadata }
}

export const streamDeleted = (stream: string) =>
  failure(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  })

export const notLeader = (host: string, port: number) =>
  failure(status.NOT_FOUND, 'Leader info available', {
    exception: 'not-leader',
    'leader-endpoint-host': host,
    'leader-endpoint-port': String(port),
  })

// ── the batch route ─────────────────────────────────────────────────────────────────────────────────────────────

type BatchAnswer = streams.BatchAppendResp

export const batchAnswer = (
  request: streams.BatchAppendReq,
  options: streams.BatchAppendReq.Options,
): BatchAnswer => {
  const response = new streams.BatchAppendResp()
  response.setCorrelationId(request.getCorrelationId())
  response.setStreamIdentifier(options.getStreamIdentifier())
  return response
}

export const batchSuccess = (response: BatchAnswer, revision: bigint, position: bigint): BatchAnswer => {
  const success = new streams.BatchAppendResp.Success()
  if (revision < 0n) success.setNoStream(new empty.Empty())
  else success.setCurrentRevision(String(revision))
  if (position < 0n) success.setNoPosition(new empty.Empty())
  else {
    const place = new shared.AllStreamPosition()
    place.setCommitPosition(String(position))
    place.setPreparePosition(String(position))
    success.setPosition(place)
  }
  response.setSuccess(success)
  return response
}

/** An error of the batch route is a status inside the answer, with a packed message that names it. */
export const batchFailure = (
  response: BatchAnswer,
  code: number,
  type: string,
  details: Uint8Array | undefined = new Uint8Array(),
): BatchAnswer => {
  const error = new statuses.Status()
  error.setCode(code as codes.Code)
  error.setMessage(type)
  if (details !== undefined) {
    const packed = new any.Any()
    packed.pack(details, type === 'Empty' ? 'google.protobuf.Empty' : `event_store.client.${type}`)
    error.setDetails(packed)
  }
  response.setError(error)
  return response
}

export const batchWrongVersion = (
  response: BatchAnswer,
  current: bigint,
  expected: ExpectedRevision,
): BatchAnswer => {
  const wrong = new shared.WrongExpectedVersion()
  if (current < 0n) wrong.setCurrentNoStream(new empty.Empty())
  else wrong.setCurrentStreamRevision(String(current))
  if (expected === 'any') wrong.setExpectedAny(new empty.Empty())
  else if (expected === 'stream_exists') wrong.setExpectedStreamExists(new empty.Empty())
  else if (expected === 'no_stream') wrong.setExpectedNoStream(new empty.Empty())
  else wrong.setExpectedStreamPosition(String(expected.revision))
  return batchFailure(response, codes.Code.ALREADY_EXISTS, 'WrongExpectedVersion', wrong.serializeBinary())
}

// ── reads ───────────────────────────────────────────────────────────────────────────────────────────────────────

export const eventMessage = (record: StoredRecord, withPosition: boolean): streams.ReadResp => {
  const event = new streams.ReadResp.ReadEvent.RecordedEvent()
  const id = new shared.UUID()
  id.setString(record.id)
  event.setId(id)
  const name = new shared.StreamIdentifier()
  name.setStreamName(Buffer.from(record.stream))
  event.setStreamIdentifier(name)
  event.setStreamRevision(String(record.revision))
  event.setCommitPosition(String(record.position))
  event.setPreparePosition(String(record.position))
  const map = event.getMetadataMap()
  map.set('type', record.type)
  map.set('content-type', record.contentType)
  map.set('created', String(record.created))
  event.setData(record.data)
  event.setCustomMetadata(record.metadata)
  const read = new streams.ReadResp.ReadEvent()
  read.setEvent(event)
  if (withPosition) read.setCommitPosition(String(record.position))
  else read.setNoPosition(new shared.Empty())
  const response = new streams.ReadResp()
  response.setEvent(read)
  return response
}

export const notFound = (options: streams.ReadReq.Options): streams.ReadResp => {
  const missing = new streams.ReadResp.StreamNotFound()
  missing.setStreamIdentifier(options.getStream()?.getStreamIdentifier())
  const response = new streams.ReadResp()
  response.setStreamNotFound(missing)
  return response
}

export const confirmation = (): streams.ReadResp => {
  const confirmed = new streams.ReadResp.SubscriptionConfirmation()
  confirmed.setSubscriptionId(crypto.randomUUID())
  const response = new streams.ReadResp()
  response.setConfirmation(confirmed)
  return response
}

export const caughtUp = (): streams.ReadResp => {
  const response = new streams.ReadResp()
  response.setCaughtUp(new streams.ReadResp.CaughtUp())
  return response
}

export const checkpoint = (position: bigint): streams.ReadResp => {
  const point = new streams.ReadResp.Checkpoint()
  point.setCommitPosition(String(position))
  point.setPreparePosition(String(position))
  const response = new streams.ReadResp()
  response.setCheckpoint(point)
  return response
}
