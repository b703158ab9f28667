// A stand-in for an EventStoreDB node: the real client talks to it over real gRPC, and what it holds is in memory. It
// can be killed and started again on the same port, and does what its scripts say.
//
// It is the test peer of the adapter and no server for anybody's events.

import features from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js'
import featureMessages from '@eventstore/db-client/generated/serverfeatures_pb.js'
import services from '@eventstore/db-client/generated/streams_grpc_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'
import { append, batchAppend } from './appending.ts'
import { type AppendFault, type ReadFault, Script } from './faults.ts'
import { type Committed, Log, type LogLimits } from './log.ts'
import { readFrom } from './reading.ts'
import { expectedOf, failure, streamDeleted, text } from './wire.ts'

export interface StandInOptions extends Partial<LogLimits> {
  /** Whether the server knows the batch route; an old one does not. */
  readonly batch?: boolean
  /** Whether it knows which methods it has. */
  readonly features?: boolean
  readonly now?: () => number
}

export interface StandIn {
  readonly log: Log
  readonly appends: Script<AppendFault>
  readonly reads: Script<ReadFault>
  readonly port: number
  readonly url: string
  /** Kills the server: every connection is cut. */
  kill(): Promise<void>
  /** Starts it again on the same port, with its log but without its memory of recent ids. */
  restart(): Promise<void>
}

const nameOf = (metadata: Metadata): string => String(metadata.get('connection-name')[0] ?? '')

export const standIn = async ({
  batch = true,
  features: knowsFeatures = true,
  now = Date.now,
  ...limits
}: StandInOptions = {}): Promise<StandIn> => {
  const log = new Log(limits)
  const appends = new Script<AppendFault>()
  const reads = new Script<ReadFault>()
  let server = new Server()
  let port = 0

  const start = async () => {
    server = new Server({ 'grpc.max_receive_message_length': 16 * 1024 * 1024 - 10_000 })
    const own = server
    const appending = () => ({
      log,
      faults: appends,
      leader: { host: '127.0.0.1', port },
      now,
      // The next start is at once: only the connections go, as when a proxy in between falls over.
      cutAll: () => own.drain(`127.0.0.1:${port}`, 0),
    })
    server.addService(services.StreamsService as unknown as ServiceDefinition, {
      read: (call: ServerWritableStream<streams.ReadReq, streams.ReadResp>) => readWith(log, reads, call),
      append: (
        call: ServerReadableStream<streams.AppendReq, streams.AppendResp>,
        answer: sendUnaryData<streams.AppendResp>,
      ) => append(appending(), nameOf(call.metadata), call, answer),
      batchAppend: (call: ServerDuplexStream<streams.BatchAppendReq, streams.BatchAppendResp>) =>
        batch
          ? batchAppend(appending(), nameOf(call.metadata), call)
          : void call.emit('error', failure(status.UNIMPLEMENTED, 'no batch route')),
      delete: (
        call: ServerUnaryCall<streams.DeleteReq, streams.DeleteResp>,
        answer: sendUnaryData<streams.DeleteResp>,
      ) => remove(log, call.request, answer),
      tombstone: (
        call: ServerUnaryCall<streams.TombstoneReq, streams.TombstoneResp>,
        answer: sendUnaryData<streams.TombstoneResp>,
      ) => bury(log, call.request, answer),
    })
    if (knowsFeatures)
      server.addService(features.ServerFeaturesService as unknown as ServiceDefinition, {
        getSupportedMethods: (_: unknown, answer: sendUnaryData<featureMessages.SupportedMethods>) =>
          answer(null, supported(batch)),
      })
    port = await new Promise<number>((resolve, reject) =>
      server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    )
  }

  await start()
  return {
    log,
    appends,
    reads,
    port,
    url: `esdb://127.0.0.1:${port}?tls=false`,
    kill: async () => {
      server.forceShutdown()
    },
    restart: async () => {
      server.forceShutdown()
      log.forgetRecent()
      await start()
    },
  }
}

const readWith = (
  log: Log,
  faults: Script<ReadFault>,
  call: ServerWritableStream<streams.ReadReq, streams.ReadResp>,
) => {
  call.on('error', () => {})
  readFrom(log, faults, nameOf(call.metadata), call)
}

const supported = (batch: boolean): featureMessages.SupportedMethods => {
  const methods = new featureMessages.SupportedMethods()
  methods.setEventStoreServerVersion('23.10.0')
  const named: readonly (readonly [string, readonly string[]])[] = [
    ['read', ['position', 'events']],
    ['append', []],
    ['delete', []],
    ['tombstone', []],
    ...(batch ? [['batchappend', ['deadline_duration']] as const] : []),
  ]
  methods.setMethodsList(
    named.map(([name, list]) => {
      const method = new featureMessages.SupportedMethod()
      method.setServiceName('event_store.client.streams.streams')
      method.setMethodName(name)
      method.setFeaturesList([...list])
      return method
    }),
  )
  return methods
}

// ── deleting ────────────────────────────────────────────────────────────────────────────────────────────────────

const remove = (log: Log, request: streams.DeleteReq, answer: sendUnaryData<streams.DeleteResp>): void => {
  const options = request.getOptions() as streams.DeleteReq.Options
  const stream = text(options.getStreamIdentifier()?.getStreamName_asU8() ?? new Uint8Array())
  const expected = expectedOf(options, options.hasRevision() ? options.getRevision() : undefined)
  const done = log.softDelete(stream, expected)
  const position = deletedAt(done, stream, answer)
  if (position === undefined) return
  const response = new streams.DeleteResp()
  const place = new streams.DeleteResp.Position()
  place.setCommitPosition(String(position))
  place.setPreparePosition(String(position))
  response.setPosition(place)
  answer(null, response)
}

const bury = (log: Log, request: streams.TombstoneReq, answer: sendUnaryData<streams.TombstoneResp>) => {
  const options = request.getOptions() as streams.TombstoneReq.Options
  const stream = text(options.getStreamIdentifier()?.getStreamName_asU8() ?? new Uint8Array())
  const expected = expectedOf(options, options.hasRevision() ? options.getRevision() : undefined)
  const position = deletedAt(log.tombstone(stream, expected), stream, answer)
  if (position === undefined) return
  const response = new streams.TombstoneResp()
  const place = new streams.TombstoneResp.Position()
  place.setCommitPosition(String(position))
  place.setPreparePosition(String(position))
  response.setPosition(place)
  answer(null, response)
}

/** Here a wrong version is an error of gRPC, unlike at an append. */
const deletedAt = (done: Committed, stream: string, answer: sendUnaryData<never>): bigint | undefined => {
  if (done.kind === 'written') return done.position
  if (done.kind === 'stream-deleted') answer(streamDeleted(stream))
  else if (done.kind === 'wrong-version')
    answer(
      failure(status.FAILED_PRECONDITION, 'Wrong expected version', {
        exception: 'wrong-expected-version',
        'stream-name': stream,
        'expected-version': '-1',
        'actual-version': String(done.current),
      }),
    )
  return undefined
}
