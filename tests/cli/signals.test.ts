// Being told to stop, and more than one process at a time.

import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openLock } from '../../adapters/ledger-lock.ts'
import { demo } from '../demo-ledger.ts'
import { copyOf, linesOf, segmentsOf, temporaryFolder } from './files.ts'
import { cryptoExample, type Running, start, veritape } from './veritape.ts'

const crypto = ['--config', cryptoExample, '--ledger', 'ledger', '--state', 'state']
/** Weeks of candles: it is still at it when the test has something to say to it. */
const execute = ['execute', '--paper', '--from', '2023-03-02', ...crypto]
const book = (cwd: string) => join(cwd, 'ledger/demo-crypto')

/** An executor that has written its first hundred thousand bytes. */
const atWork = async (cwd: string): Promise<Running> => {
  const running = start(execute, { cwd })
  await expect
    .poll(() => (existsSync(book(cwd)) && segmentsOf(book(cwd)).length > 0 ? sizeOf(cwd) : 0), {
      timeout: 120_000,
      interval: 20,
    })
    .toBeGreaterThan(100_000)
  return running
}
const sizeOf = (cwd: string) =>
  segmentsOf(book(cwd)).reduce((sum, name) => sum + statSync(join(book(cwd), name)).size, 0)

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', signal => {
  test('execute ends its turn, says so in the ledger and exits 0; the next one goes on', async () => {
    const cwd = temporaryFolder()
    const running = await atWork(cwd)
    running.process.kill(signal)
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' })
    const lines = linesOf(book(cwd))
    expect(lines.at(-1)).toMatchObject({ t: 'RunStopped', d: { reason: 'signal' } })
    expect(await veritape(['verify', ...crypto], { cwd })).toMatchObject({ code: 0 })

    const last = lines.filter(({ t }) => t === 'CandleClosed').at(-1)
    const until = new Date(Date.parse(String(last?.d.closeTime)) + 3_600_000).toISOString()
    const on = await veritape(['execute', '--paper', '--until', until, ...crypto], { cwd })
    expect(on).toMatchObject({ code: 0, stderr: '' })
    expect(on.stdout).toContain('24 candles') // an hour of two markets
    expect(linesOf(book(cwd)).at(-1)).toMatchObject({ t: 'RunStopped', d: { reason: 'finished' } })
  })

  test('project, which follows for ever, stops and exits 0', async () => {
    const cwd = copyOf((await demo()).folder)
    const running = start(['project', ...crypto], { cwd })
    await new Promise(spoken => running.process.stdout?.once('data', spoken))
    running.process.kill(signal)
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' })
  })

  test('the demo says that it can go on', async () => {
    const cwd = temporaryFolder()
    const running = start(['demo'], { cwd })
    await new Promise(spoken => running.process.stdout?.once('data', spoken))
    running.process.kill(signal)
    const { code, stderr } = await running.ended
    expect(stderr).toBe('veritape: stopped; start the demo again and it goes on from here\n')
    expect(code).toBe(75)
  })
})

describe('a second process on the book', () => {
  test('a second executor is turned away with a sentence that names the first, which works on', async () => {
    const cwd = temporaryFolder()
    const running = await atWork(cwd)
    const second = await veritape(execute, { cwd })
    expect(second.stderr).toBe(
      `veritape: another executor (pid ${running.process.pid}) runs on demo-crypto; one is enough\n`,
    )
    expect(second).toMatchObject({ code: 75, stdout: '' })
    const size = sizeOf(cwd)
    await expect.poll(() => sizeOf(cwd), { timeout: 120_000 }).toBeGreaterThan(size)
    running.process.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' })
    expect(linesOf(book(cwd)).filter(({ t }) => t === 'RunStarted').length).toBe(1)
  })

  test('an operator and readers are welcome while it works', async () => {
    const cwd = temporaryFolder()
    const running = await atWork(cwd)
    const wish = ['intent', 'buy', 'BTC/USDT', '--id', 'me-too', '--quantity', '0.01', ...crypto]
    expect(await veritape(wish, { cwd })).toMatchObject({ code: 0, stderr: '' })
    for (const verb of [['status'], ['verify'], ['project', '--once']])
      expect(await veritape([...verb, ...crypto], { cwd }), verb.join(' ')).toMatchObject({ code: 0 })
    await expect.poll(() => answered(cwd, 'me-too'), { timeout: 120_000 }).toBe(true)
    running.process.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' })
  })

  test('halt works while another process holds the ledger: the file stands, the event follows', async () => {
    const cwd = copyOf((await demo()).folder)
    const lock = openLock(book(cwd), 'guard')
    expect(lock.tryTake()).toBe(true)
    try {
      const halted = await veritape(['halt', '--reason', 'smoke', ...crypto], { cwd })
      expect(halted).toMatchObject({ code: 0, stderr: '' })
      expect(halted.stdout).toContain('the KILL file stands')
    } finally {
      lock.close()
    }
    expect(JSON.parse(readFileSync(join(book(cwd), 'KILL'), 'utf8'))).toMatchObject({ reason: 'smoke' })
    expect(
      await veritape(['execute', '--paper', '--until', '2023-03-25T01:00Z', ...crypto], { cwd }),
    ).toMatchObject({
      code: 0,
    })
    expect(linesOf(book(cwd)).find(({ t }) => t === 'TradingHalted')?.d).toMatchObject({ reason: 'smoke' })
  })

  test('any other verb that must write then says who holds it, and that it can be tried again', async () => {
    const cwd = copyOf((await demo()).folder)
    const lock = openLock(book(cwd), 'guard')
    expect(lock.tryTake()).toBe(true)
    lock.sign()
    try {
      const resumed = await veritape(['resume', ...crypto], { cwd })
      expect(resumed.code).toBe(75)
      expect(resumed.stderr).toMatch(new RegExp(`^veritape: .*pid ${process.pid} as guard.*try again.*\\n$`))
    } finally {
      lock.close()
    }
  })
})

/** Whether the wish has an answer of its own. */
const answered = (cwd: string, id: string): boolean => {
  const lines = linesOf(book(cwd))
  const wish = lines.find(({ t, d }) => t === 'IntentRaised' && d.id === id)
  return wish !== undefined && lines.some(({ s, d }) => s.startsWith('order-') && d.intent === Number(wish.n))
}
