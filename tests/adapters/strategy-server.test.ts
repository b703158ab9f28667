// The strategy server's faults, each made by a real server on the loopback. Whatever happens, there is a reply.

import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { strategyServer } from '../../adapters/strategy-server.ts'
import type { Question } from '../../domain/strategy-server.ts'
import { candleClosed } from '../cast.ts'

const question: Question = {
  symbol: 'BTC/USDT',
  timeframe: '5m',
  candles: [candleClosed(0).data],
  position: { quantity: '0', entryPrice: '0' },
}

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

const listening = async (server: Server): Promise<string> => {
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  closing.push(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A server that reads the whole question, then does something with the answer. */
const answering = (answer: (response: ServerResponse, asked: string, path: string) => void) => {
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    answer(response, Buffer.concat(parts).toString('utf8'), `${request.method} ${request.url}`)
  })
  closing.push(() => server.closeAllConnections())
  return listening(server)
}

const failureAt = async (url: string, deadlineMs = 1000) => {
  const { said, latencyMs } = await strategyServer.ask(url, deadlineMs, question)
  if (!('failure' in said)) throw new Error(`no failure: ${JSON.stringify(said)}`)
  return { ...said.failure, latencyMs }
}

test('the question is posted to /strategy/evaluate as JSON, the answer comes back as it is', async () => {
  let heard: unknown
  const url = await answering((response, asked, path) => {
    heard = { path, asked: JSON.parse(asked) }
    response.end('{"action":"none"}')
  })
  const { said, latencyMs } = await strategyServer.ask(url, 1000, question)
  expect(said).toEqual({ json: { action: 'none' } })
  expect(heard).toEqual({ path: 'POST /strategy/evaluate', asked: question })
  expect(latencyMs).toBeGreaterThanOrEqual(0)
})

test.each([
  ['silence', () => {}],
  [
    'headers and then silence',
    (response: ServerResponse) => response.writeHead(200, { 'content-length': '100' }).write('{"action":'),
  ],
])('%s is a timeout at the deadline, and not later', async (_, answer) => {
  const { reason, latencyMs } = await failureAt(await answering(answer), 300)
  expect(reason).toBe('timeout')
  expect(latencyMs).toBeGreaterThanOrEqual(290)
  expect(latencyMs).toBeLessThan(3000)
})

test('a half-open connection, which takes the question and says nothing, is a timeout', async () => {
  const url = await listening(createTcpServer(socket => closing.push(() => socket.destroy())))
  expect(await failureAt(url, 300)).toMatchObject({ reason: 'timeout' })
})

test.each([400, 404, 429, 500, 503, 201, 302])('status %i is no answer, whatever its body', async status => {
  const url = await answering(response =>
    response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end('{"action":"buy"}'),
  )
  expect(await failureAt(url)).toMatchObject({
    reason: 'bad-status',
    detail: `it answered with status ${status}`,
  })
})

test.each([
  ['a page', '<html>all is well</html>'],
  ['nothing', ''],
  ['half an answer', '{"action":"buy"'],
  ['two answers', '{}{}'],
  ['bytes that are no text', Buffer.from([0x22, 0xff, 0xfe, 0x22])],
])('%s is no JSON', async (_, body) => {
  expect(await failureAt(await answering(response => response.end(body)))).toMatchObject({
    reason: 'not-json',
  })
})

test('an answer that never ends is left at 65536 bytes', async () => {
  let sent = 0
  const url = await answering(response => {
    const more = () => {
      while (!response.destroyed) {
        sent += 16_384
        if (!response.write(Buffer.alloc(16_384, 0x20))) return void response.once('drain', more)
      }
    }
    more()
  })
  expect(await failureAt(url, 5000)).toMatchObject({ reason: 'too-large' })
  expect(sent).toBeLessThan(50_000_000)
})

test('a connection that is refused, or breaks in the middle, is no answer', async () => {
  const gone = createTcpServer()
  const url = await listening(gone)
  await new Promise(done => gone.close(done))
  expect(await failureAt(url)).toMatchObject({
    reason: 'unreachable',
    detail: 'nobody listens there (ECONNREFUSED)',
  })
  expect(await failureAt(await answering(response => response.destroy()))).toMatchObject({
    reason: 'unreachable',
  })
})

test('a name that nobody knows is unreachable, and says so', async () => {
  const { reason, detail } = await failureAt('https://strategy.invalid', 5000)
  expect(reason).toBe('unreachable')
  expect(detail).toMatch(/^its name cannot be resolved \((ENOTFOUND|EAI_AGAIN)\)$/)
})
