// The stand-in itself, as the real client meets it: the server's wire rules that the adapter's tests lean on.

import {
  type AppendResult,
  EventStoreDBClient,
  type JSONEventData,
  jsonEvent,
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
} from '@eventstore/db-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type StandIn, standIn } from './server.ts'

let server: StandIn
let client: EventStoreDBClient
beforeAll(async () => {
  server = await standIn()
  client = new EventStoreDBClient(
    { endpoint: `127.0.0.1:${server.port}`, throwOnAppendFailure: true },
    { insecure: true },
  )
})
afterAll(async () => {
  await client.dispose()
  await server.kill()
})

const event = (n: number, id: string = crypto.randomUUID()) =>
  jsonEvent({ id, type: 'Numbered', data: { n } })
/** With credentials the client takes the classic route, without them the batch route. */
const routes = [
  ['classic', { credentials: { username: 'nobody', password: 'nothing' } }],
  ['batch', {}],
] as const

const read = async (stream: string, options: object): Promise<number[]> => {
  const found: number[] = []
  for await (const { event: each } of client.readStream(stream, options)) found.push(Number(each?.revision))
  return found
}

describe.each(routes)('an append on the %s route', (route, how) => {
  const append = (
    stream: string,
    events: JSONEventData[],
    expectedRevision: unknown,
  ): Promise<AppendResult> => client.appendToStream(stream, events, { expectedRevision, ...how } as object)

  test('with the same id at the same place is answered again and not written again, whatever it says', async () => {
    const stream = `idempotent-${route}`
    const one = event(1)
    const written = await append(stream, [one], 'no_stream')
    await append(stream, [event(2)], 0n)
    const again = await append(stream, [event(3, one.id)], 'no_stream')
    expect(again.nextExpectedRevision).toBe(written.nextExpectedRevision)
    expect(server.log.all(stream).map(({ data }) => JSON.parse(Buffer.from(data).toString()))).toEqual([
      { n: 1 },
      { n: 2 },
    ])
  })

  test('with the id of another place is a wrong version', async () => {
    const stream = `elsewhere-${route}`
    const [one, two] = [event(1), event(2)]
    await append(stream, [one, two], 'no_stream')
    await expect(append(stream, [two], 'no_stream')).rejects.toThrow(WrongExpectedVersionError)
    await expect(append(stream, [one, event(3)], 'no_stream')).rejects.toThrow(WrongExpectedVersionError)
    await append(stream, [one, two], 'no_stream')
    expect(server.log.all(stream)).toHaveLength(2)
  })

  test('at a place that is not the end is a wrong version that names the end', async () => {
    const stream = `wrong-${route}`
    await append(stream, [event(1), event(2)], 'no_stream')
    const refused = await append(stream, [event(3)], 0n).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(WrongExpectedVersionError)
    expect(refused).toMatchObject({ actualVersion: 1n, expectedVersion: 0n })
    await expect(append(stream, [event(3)], 7n)).rejects.toThrow(WrongExpectedVersionError)
  })

  test('to a stream that was deleted for ever is refused as such', async () => {
    const stream = `buried-${route}`
    await append(stream, [event(1)], 'no_stream')
    await client.tombstoneStream(stream)
    await expect(append(stream, [event(2)], 0n)).rejects.toThrow(StreamDeletedError)
  })
})

describe('reading', () => {
  beforeAll(() =>
    client.appendToStream(
      'read',
      [0, 1, 2, 3].map(n => event(n)),
    ),
  )

  test('a read begins with the revision that it names, in both directions', async () => {
    expect(await read('read', { fromRevision: 2n })).toEqual([2, 3])
    expect(await read('read', { fromRevision: 2n, direction: 'backwards' })).toEqual([2, 1, 0])
    expect(await read('read', { fromRevision: 'end', direction: 'backwards', maxCount: 1 })).toEqual([3])
    expect(await read('read', { fromRevision: 9n })).toEqual([])
  })

  test('a subscription begins behind the revision that it names, and hears what comes', async () => {
    const subscription = client.subscribeToStream('read', { fromRevision: 2n })
    const found: number[] = []
    for await (const { event: each } of subscription) {
      found.push(Number(each?.revision))
      if (found.length === 1) await client.appendToStream('read', [event(4)])
      if (found.length === 2) break
    }
    expect(found).toEqual([3, 4])
  })

  test('a stream that is missing or soft-deleted is not found, one that is tombstoned is deleted', async () => {
    await expect(read('nowhere', {})).rejects.toThrow(StreamNotFoundError)
    await client.appendToStream('soft', [event(1)])
    await client.deleteStream('soft')
    await expect(read('soft', {})).rejects.toThrow(StreamNotFoundError)
    await client.appendToStream('hard', [event(1)])
    await client.tombstoneStream('hard')
    await expect(read('hard', {})).rejects.toThrow(StreamDeletedError)
  })
})
