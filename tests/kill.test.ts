// The demo is killed with SIGKILL at twenty random moments, started again each time, and in the end has traded as if
// nothing had happened. KILL_SEED repeats a run.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFailed, test } from 'vitest'
import { linesOf, temporaryFolder } from './cli/files.ts'
import { start, veritape } from './cli/veritape.ts'
import { repeated, whatHappened } from './cli/what-happened.ts'
import { demo } from './demo-ledger.ts'

const books = ['demo-equities', 'demo-crypto'] as const
const kills = 20

/** mulberry32: small, and the same everywhere. */
const randomFrom = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

/** Bytes of all segments so far. */
const written = (folder: string): number =>
  books.reduce((sum, book) => {
    const path = join(folder, 'ledger', book)
    const names = readdirSyncOrNone(path).filter(name => name.endsWith('.jsonl'))
    return sum + names.reduce((size, name) => size + statSync(join(path, name)).size, 0)
  }, 0)

const readdirSyncOrNone = (path: string): readonly string[] => {
  try {
    return readdirSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Starts the demo and kills it `afterMs` after the ledgers have grown to `bytes`. Gives how it ended. */
const killAt = async (cwd: string, bytes: number, afterMs: number): Promise<number | string> => {
  const running = start(['demo'], { cwd })
  let over = false
  const ended = running.ended.finally(() => {
    over = true
  })
  while (!over && written(cwd) < bytes) await sleep(2)
  await Promise.race([sleep(afterMs), ended])
  running.process.kill('SIGKILL')
  return (await ended).code
}

/** Views of the trading; asOf, seqs and ids are places in the ledger, which restarts move. */
const tradingView = (folder: string, book: string, name: string): unknown =>
  JSON.parse(readFileSync(join(folder, 'state', book, name), 'utf8'), (key, value: unknown) =>
    ['asOf', 'seqs', 'seq', 'orderIds', 'orderId', 'id'].includes(key) ? undefined : value,
  )

test('a demo that is killed twenty times trades as one that was never killed', {
  timeout: 900_000,
}, async () => {
  const seed = Number(process.env.KILL_SEED ?? Date.now() % 1_000_000)
  onTestFailed(() => console.error(`KILL_SEED=${seed} repeats it`))
  const random = randomFrom(seed)
  const whole = await demo()
  const bytes = written(whole.folder)

  // Most moments lie where the ledgers grow; the last ones where views are written and proofs are made.
  const moments = Array.from({ length: kills - 3 }, () => random() * bytes).sort((a, b) => a - b)
  const cwd = temporaryFolder()
  const ends: (number | string)[] = []
  for (const moment of moments) ends.push(await killAt(cwd, moment, random() * 20))
  for (let last = 0; last < 3; last++) ends.push(await killAt(cwd, bytes, random() * 1500))
  expect(ends.filter(end => end === 'SIGKILL').length).toBeGreaterThanOrEqual(kills - 3)
  expect(await veritape(['demo'], { cwd })).toMatchObject({ code: 0 })

  for (const book of books) {
    const lines = linesOf(join(cwd, 'ledger', book))
    const { keys, account } = whatHappened(lines)
    for (const [what, all] of Object.entries(keys)) expect(repeated(all), `${book}: ${what}`).toEqual([])
    expect(account, book).toEqual(whatHappened(linesOf(join(whole.folder, 'ledger', book))).account)
    expect(lines.filter(({ t }) => t === 'RunStarted').length, 'restarts').toBeGreaterThan(1)
    for (const view of ['portfolio.json', 'trade_history.json'])
      expect(tradingView(cwd, book, view), `${book} ${view}`).toEqual(tradingView(whole.folder, book, view))

    const told = (...argv: string[]) => veritape([...argv, '--book', book], { cwd })
    expect(await told('verify')).toMatchObject({ code: 0 })
    const proof = await told('replay', '--prove', '--json')
    const { decisions, identical } = JSON.parse(proof.stdout) as Record<string, number>
    expect(identical).toBe(decisions)
    expect(decisions).toBeGreaterThan(5000)
    expect(proof.code).toBe(0)
  }
})
