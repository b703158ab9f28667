// Messages over a loopback server: what arrives, what is tried again, what is given up, and that no secret comes back in
// a sentence.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { messenger, messengerSecrets } from '../../adapters/messenger.ts'
import type { Channel, Message } from '../../domain/notification.ts'
import { notifyDefaults } from '../../domain/notify-rules.ts'

const message: Message = {
  book: 'paper',
  severity: 'warning',
  subject: 'health',
  sentence: 'degraded',
  seq: 7,
  at: '2026-11-25T12:00:00.000Z',
}
const token = '123456:AAExampleTokenOfABot'
const never = new AbortController().signal

interface Request {
  readonly method: string
  readonly path: string
  readonly type: string | undefined
  readonly body: string
}

let server: Server
let url = ''
let requests: Request[] = []
let answer: (response: ServerResponse, n: number) => void
beforeEach(async () => {
  requests = []
  deadlineMs = 20_000
  answer = response => void response.writeHead(204).end()
  server = createServer((request: IncomingMessage, response) => {
    let body = ''
    request.on('data', part => {
      body += part
    })
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request
      requests.push({ method, path, type: headers['content-type'], body })
      answer(response, requests.length)
    })
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const waits: number[] = []
/** Generous where an answer comes: a busy machine is slow, not wrong. */
let deadlineMs = 20_000
const sent = (channel: Channel, environment: Record<string, string>, chat = '-100200') =>
  messenger({ ...notifyDefaults, channels: [channel], telegramChat: chat }, environment, {
    telegramApi: url,
    deadlineMs,
    wait: async ms => void waits.push(ms),
  }).send(channel, message, never)
const byWebhook = () => sent('webhook', { VERITAPE_WEBHOOK_URL: `${url}/hook/s3cr3tpath` })

describe('arrives', () => {
  test('at a webhook', async () => {
    expect(await byWebhook()).toBeUndefined()
    expect(requests).toMatchObject([{ method: 'POST', path: '/hook/s3cr3tpath', type: 'application/json' }])
    expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject({
      ...message,
      text: expect.stringContaining('degraded'),
    })
  })
  test('at telegram', async () => {
    expect(await sent('telegram', { VERITAPE_TELEGRAM_TOKEN: token })).toBeUndefined()
    expect(requests[0]?.path).toBe(`/bot${token}/sendMessage`)
    expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject({ chat_id: '-100200' })
  })
  test('at discord', async () => {
    expect(await sent('discord', { VERITAPE_DISCORD_URL: `${url}/api/webhooks/1/x` })).toBeUndefined()
    expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject({ allowed_mentions: { parse: [] } })
  })
})

describe('patience', () => {
  beforeEach(() => void waits.splice(0))
  test.each([
    [
      'in a header',
      (response: ServerResponse) => response.writeHead(429, { 'retry-after': '2' }).end(),
      2000,
    ],
    [
      'as discord says it',
      (response: ServerResponse) => response.writeHead(429).end('{"retry_after":0.65}'),
      650,
    ],
    [
      'as telegram says it',
      (response: ServerResponse) =>
        response.writeHead(429).end('{"ok":false,"parameters":{"retry_after":5}}'),
      5000,
    ],
    ['after an error of the server', (response: ServerResponse) => response.writeHead(502).end(), 1000],
  ] as const)('%s', async (_, refuse, ms) => {
    answer = (response, n) => void (n === 1 ? refuse(response) : response.writeHead(200).end())
    expect(await byWebhook()).toBeUndefined()
    expect(waits).toEqual([ms])
  })

  test('has an end: three times, and not for minutes', async () => {
    answer = response => void response.writeHead(500).end()
    expect(await byWebhook()).toBe('it answered 500')
    expect(requests).toHaveLength(3)
    answer = response => void response.writeHead(429, { 'retry-after': '600' }).end()
    expect(await byWebhook()).toBe('it answered 429')
    expect(requests).toHaveLength(4)
  })

  test('a refusal is not repeated', async () => {
    answer = response => void response.writeHead(401).end()
    expect(await byWebhook()).toBe('it answered 401')
    expect(requests).toHaveLength(1)
  })
})

describe('no secret comes back', () => {
  const secretUrl = 'https://nowhere.invalid/hook/s3cr3tpath'
  test.each([
    ['nobody listens', { VERITAPE_WEBHOOK_URL: 'http://127.0.0.1:9/hook/s3cr3tpath' }, /no answer/],
    ['no such host', { VERITAPE_WEBHOOK_URL: secretUrl }, /no answer/],
    [
      'plain http to elsewhere',
      { VERITAPE_WEBHOOK_URL: 'http://example.com/hook/s3cr3tpath' },
      /begins with https/,
    ],
    ['no address', { VERITAPE_WEBHOOK_URL: 's3cr3tpath' }, /begins with https/],
    ['nothing set', {}, /VERITAPE_WEBHOOK_URL is not set/],
  ])('%s', async (_, environment, says) => {
    const why = await sent('webhook', environment as Record<string, string>)
    expect(why).toMatch(says)
    expect(why).not.toContain('s3cr3tpath')
  })

  test('a server that stalls, and one that redirects', async () => {
    answer = () => {}
    deadlineMs = 300
    expect(await byWebhook()).toBe('no answer in time')
    deadlineMs = 20_000
    answer = response => void response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end()
    expect(await byWebhook()).toMatch(/no answer/)
  })

  test('telegram without a chat', async () => {
    expect(await sent('telegram', { VERITAPE_TELEGRAM_TOKEN: token }, '')).toMatch(/telegramChat is empty/)
  })

  test('they are known to the log', () => {
    expect(messengerSecrets({ VERITAPE_WEBHOOK_URL: secretUrl, VERITAPE_TELEGRAM_TOKEN: token })).toEqual([
      secretUrl,
      '/hook/s3cr3tpath',
      token,
    ])
  })
})

test('the dead man is asked with a GET; without an address there is none', async () => {
  const { ping } = messenger(notifyDefaults, { VERITAPE_PING_URL: `${url}/ping/1` })
  expect(await ping?.(never)).toBe('pinged')
  expect(requests).toMatchObject([{ method: 'GET', path: '/ping/1', body: '' }])
  answer = response => void response.writeHead(404).end()
  expect(await ping?.(never)).toBe('it answered 404')
  expect(messenger(notifyDefaults, {}).ping).toBeUndefined()
})
