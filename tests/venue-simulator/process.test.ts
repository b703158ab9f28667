import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../cli/files.ts'
import { ccxtClient } from './ccxt-client.ts'
import { compiledSimulator } from './compiled.ts'
import { booksByCommand, startVenue } from './venue.ts'

/** The program as a shell starts it: its first line, its exit code or signal, and what it said on stderr. */
const program = async (...args: readonly string[]) => {
  const child = spawn(process.execPath, [await compiledSimulator(), ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const said = { out: '', error: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.error += text
  })
  const ended = new Promise<number | string | null>(resolve =>
    child.on('close', (code, signal) => resolve(code ?? signal)),
  )
  return { child, said, ended }
}

const ready = async (child: ChildProcess, said: { out: string }): Promise<Record<string, unknown>> => {
  while (!said.out.includes('\n')) await new Promise(resolve => child.stdout?.once('data', resolve))
  return JSON.parse(said.out) as Record<string, unknown>
}

test('prints where it listens as one line of JSON, and stops on SIGTERM, at the end of stdin, or by itself', async () => {
  const ways: readonly ((child: ChildProcess) => void)[] = [
    child => child.kill('SIGTERM'),
    child => child.stdin?.end(),
    () => {},
  ]
  for (const [index, stop] of ways.entries()) {
    const { child, said, ended } = await program(
      'kraken',
      '--folder',
      temporaryFolder(),
      '--live-for',
      index === 2 ? '0.3' : '60',
    )
    const line = await ready(child, said)
    expect(line).toEqual({
      venue: 'kraken',
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      control: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      pid: child.pid,
    })
    stop(child)
    expect(await ended).toBe(0)
    expect(said.error).toBe('')
  }
})

test('says in a sentence what it cannot use', async () => {
  const script = join(temporaryFolder(), 'script.json')
  writeFileSync(script, '{"marktes":[]}')
  const cases: readonly (readonly [code: number, sentence: RegExp, args: readonly string[]])[] = [
    [64, /^usage: /, ['coinbase', '--folder', temporaryFolder()]],
    [64, /^usage: /, ['kraken']],
    [64, /^usage: /, ['kraken', '--folder', temporaryFolder(), '--live-for', 'long']],
    [64, /^usage: /, ['kraken', '--fodler', temporaryFolder()]],
    [
      65,
      /script .* cannot be used[\s\S]*marktes/,
      ['kraken', '--folder', temporaryFolder(), '--script', script],
    ],
    [
      65,
      /script .* cannot be used[\s\S]*no such file/,
      ['kraken', '--folder', temporaryFolder(), '--script', '/nowhere.json'],
    ],
  ]
  for (const [code, sentence, args] of cases) {
    const { said, ended } = await program(...args)
    expect([args, await ended]).toEqual([args, code])
    expect(said.error).toMatch(sentence)
    expect(said.out).toBe('')
  }
})

test('is a witness: killed in the middle, its books hold what it answered, and it goes on with them', async () => {
  const folder = temporaryFolder()
  const at = '2026-03-02T15:00:30.000Z'
  const first = await startVenue('kraken', { folder, script: { clock: { mode: 'fixed', at } } })
  const client = await ccxtClient(first)
  await client.loadMarkets()
  const low = Math.round(Number(await first.price('BTC/USD')) * 0.9)
  const { id } = await client.createOrder('BTC/USD', 'limit', 'buy', 0.01, low, { clientOrderId: 'one' })
  await client.createOrder('BTC/USD', 'market', 'sell', 0.02, undefined, { clientOrderId: 'two' })
  const before = await first.books()
  // The answer is lost with the venue itself: the order is in the books all the same.
  await first.faults.add({ on: 'place', fault: { kind: 'delayed', ms: 60_000, where: 'answer' } })
  const lost = client
    .createOrder('BTC/USD', 'limit', 'buy', 0.01, low, { clientOrderId: 'three' })
    .catch((error: Error) => error.name)
  while ((await first.books()).orders.length < 3) await new Promise(resolve => setTimeout(resolve, 10))
  await first.kill()
  expect(await lost).toBe('NetworkError')

  const onDisk = first.booksOnDisk()
  expect(onDisk.trades).toEqual(before.trades)
  expect(onDisk.balances).toEqual(before.balances)
  expect(
    Object.fromEntries(Object.entries(onDisk.byClientId).map(([name, { orders }]) => [name, orders.length])),
  ).toEqual({ one: 1, two: 1, three: 1 })
  expect(await booksByCommand(folder)).toEqual(JSON.parse(JSON.stringify(onDisk)))

  // It comes back at the same address, so the client that was left alone finds it again.
  const port = Number(new URL(first.url).port)
  const second = await startVenue('kraken', { folder, port, script: { clock: { mode: 'fixed', at } } })
  expect(second.url).toBe(first.url)
  const again = client
  expect((await again.fetchOpenOrders('BTC/USD')).map(order => order.clientOrderId).sort()).toEqual([
    'one',
    'three',
  ])
  expect((await again.fetchMyTrades('BTC/USD')).map(trade => trade.amount)).toEqual([0.02])
  await again.cancelOrder(String(id), 'BTC/USD')
  const placed = await again.createOrder('BTC/USD', 'limit', 'buy', 0.01, low)
  expect(before.orders.map(order => order.id)).not.toContain(placed.id)
  await second.stop()
})

test('counts every request that arrived, and shows no signature', async () => {
  const venue = await startVenue('binance', { folder: temporaryFolder() })
  const client = await ccxtClient(venue)
  await client.fetchBalance()
  await venue.faults.add({ on: 'balance', fault: { kind: 'request-lost' } })
  await client.fetchBalance().catch(() => undefined)
  const balances = (await venue.requests()).filter(({ operation }) => operation === 'balance')
  expect(balances).toMatchObject([
    { path: '/api/v3/account', method: 'GET', status: 200 },
    { path: '/api/v3/account', fault: 'request-lost' },
  ])
  expect(balances[1]).not.toHaveProperty('status')
  expect(JSON.stringify(balances)).not.toMatch(/signature/)
  await venue.stop()
})

test('two runs of the same script and requests have the same books, faults of the script included', async () => {
  const run = async () => {
    const venue = await startVenue('bitfinex', {
      folder: temporaryFolder(),
      script: {
        seed: 7,
        clock: { mode: 'scripted', at: '2026-03-02T15:00:30.000Z', stepMs: 20_000 },
        faults: [{ on: 'place', times: 0, chance: 0.4, fault: { kind: 'answer-lost' } }],
      },
    })
    const client = await ccxtClient(venue)
    await client.loadMarkets()
    for (let number = 1; number <= 8; number++) {
      const type = number % 2 === 0 ? 'limit' : 'market'
      await client
        .createOrder('BTC/USD', type, 'sell', 0.01, 41_000 + 300 * number, { clientOrderId: number })
        .catch(() => undefined)
      await client.fetchOpenOrders('BTC/USD')
    }
    const ran = { books: await venue.books(), fired: await venue.faults.fired() }
    await venue.stop()
    return ran
  }
  const ran = await run()
  expect(ran.books.orders).toHaveLength(8)
  expect(ran.books.trades.length).toBeGreaterThanOrEqual(4)
  expect(ran.fired.length).toBeGreaterThan(0)
  expect(ran.fired.length).toBeLessThan(8)
  expect(await run()).toEqual(ran)
})

test('a test that hit a fault of the simulator itself is told so', async () => {
  const venue = await startVenue('kraken', { folder: temporaryFolder() })
  await expect(venue.fill({ clientId: 'nobody' })).rejects.toThrow(/has no order nobody/)
  await expect(venue.price('ZZZ/USD')).rejects.toThrow(/no market/)
  await expect(venue.faults.add({ on: 'place', fault: { kind: 'nonsense' } as never })).rejects.toThrow()
  await expect(venue.clock.advance(1)).rejects.toThrow(/real clock/)
  await venue.stop()
})
