// Halting while the ledger is stuck: the holder of the lock is stopped in the middle of its work. And following it:
// how soon readers in other processes hear of an event, and what waiting costs them.

import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { openJsonlReader } from '../../adapters/jsonl-store.ts'
import { folderOnDisk } from './folders.ts'
import { child, run } from './process.ts'
import { groupOf, openBook, openedAt } from './story.ts'
import { counting, full, record } from './tally.ts'
import { type Acknowledged, acknowledgedOf, candlesIn, damagesIn, prove, witness } from './witness.ts'

vi.setConfig({ testTimeout: 240_000 })

const root = path.resolve(import.meta.dirname, '../..')
const config = path.join(root, 'examples/demo-crypto.json')
/** An operator does not wait longer. Most of it is the wait for a ledger that is only busy. */
const haltMsMax = 15_000

const veritape = async (place: string, ...args: readonly string[]) => {
  const since = performance.now()
  const flags = ['--config', config, '--ledger', `${place}/ledger`, '--state', `${place}/state`]
  const program = path.join(root, 'dist/commands/main.js')
  const running = run([process.execPath, program, ...args, ...flags], { cwd: place })
  const code = await running.ended
  return { code, said: running.lines.join('\n'), ms: Math.round(performance.now() - since) }
}

test('halt works while the holder of the lock is stopped; the event follows when it goes on', async () => {
  const place = folderOnDisk()
  const book = `${place}/ledger/demo-crypto`
  const execute = ['execute', '--paper', '--once', '--from', '2023-03-20']
  expect((await veritape(place, ...execute)).code).toBe(0)
  const before = witness(book).length
  const holder = child(['hold', book])
  await holder.said('LOCKED')
  holder.process.kill('SIGSTOP')

  const since = performance.now()
  const halting = veritape(place, 'halt', '--reason', 'the ledger is stuck')
  while (!fs.existsSync(`${book}/KILL`) && performance.now() - since < haltMsMax) await sleep(2)
  const killMs = Math.round(performance.now() - since)
  const stuck = await halting
  expect({ code: stuck.code, said: stuck.said }).toEqual({
    code: 0,
    said: expect.stringContaining('the event follows'),
  })
  expect(stuck.ms).toBeLessThan(haltMsMax)
  expect(killMs).toBeLessThan(stuck.ms - 2000) // it does not wait for the ledger
  expect(JSON.parse(fs.readFileSync(`${book}/KILL`, 'utf8'))).toMatchObject({
    level: 'halted',
    reason: 'the ledger is stuck',
  })
  expect(witness(book)).toHaveLength(before) // nobody went past the lock
  holder.process.kill('SIGCONT')
  holder.process.kill('SIGTERM')
  await holder.ended
  expect((await veritape(place, ...execute)).code).toBe(0)
  const halts = witness(book).filter(({ type }) => type === 'TradingHalted')
  expect(halts.map(({ data }) => data.by)).toEqual(['KILL file'])
  expect(await damagesIn(book)).toEqual([])
  const free = await veritape(place, 'halt', '--reason', 'the ledger is free')
  expect(free.code).toBe(0)
  record({
    fault: 'veritape halt while the holder of the lock is stopped (SIGSTOP)',
    times: 2,
    outcomes: {
      [`KILL stands after ${killMs} ms, exit 0 after ${stuck.ms} ms, event pending`]: 1,
      [`exit 0 after ${free.ms} ms with a free ledger`]: 1,
    },
    proven: 'G8 G11: no send after a halt; the executor records it when the ledger is free',
  })
})

test('readers and writers do not wait for each other: a stopped one of either kind keeps nobody of the other', async () => {
  const book = `${folderOnDisk()}/book`
  const store = await openBook(book, () => openedAt)
  const told: Acknowledged[] = []
  const append = async () => {
    const answer = await store.append(groupOf(await candlesIn(store)))
    if (answer._tag === 'Left') throw new Error(answer.left.kind)
    told.push(...answer.right.events.map(acknowledgedOf))
  }
  await append()
  const readers = ['one', 'two', 'three'].map(() => child(['follow', book]))
  for (const reader of readers) await reader.said('SAW')
  for (const { process } of readers) process.kill('SIGSTOP')
  for (let n = 0; n < 200; n++) await append()
  for (const { process } of readers) process.kill('SIGCONT')

  const holder = child(['hold', book])
  await holder.said('LOCKED')
  holder.process.kill('SIGSTOP')
  const fresh = child(['follow', book]) // opens and reads while the lock is held by a process that is stopped
  const last = told.at(-1)?.seq
  for (const { lines } of [...readers, fresh])
    while (!lines.some(line => line.startsWith(`SAW ${last} `))) await sleep(10)
  const reader = await openJsonlReader(book)
  expect((await reader.head()).seq).toBe(last)
  await reader.close()
  for (const { process } of [holder, fresh, ...readers]) process.kill('SIGKILL')
  for (const { ended } of [holder, fresh, ...readers]) await ended
  await store.close()
  await prove(book, told)
  const count = counting()
  count.add('appends while three readers are stopped', 200)
  count.add('readers that see all while the holder of the lock is stopped', 5)
  count.row('stopped readers, and a stopped writer', 'G8 G9: no reader holds up a writer, no writer a reader')
})

/** Processor time that a process has used, in milliseconds. */
const processorMs = (pid: number | undefined): number => {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10 // utime and stime in ticks of 1/100 s
}

const percentile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] as number

test('a follower in another process hears of events within milliseconds and costs nothing while it waits', async () => {
  const book = `${folderOnDisk()}/book`
  await (await openBook(book, () => openedAt)).close()
  const follower = child(['follow', book])
  const writer = child(['write', book, 'AAA', '10'])
  await writer.said('ACK')
  await follower.said('SAW')
  while (writer.lines.length < (full ? 700 : 100)) await sleep(50)
  writer.process.kill('SIGKILL')
  await writer.ended
  await sleep(300)
  const idleMs = full ? 10_000 : 2000
  const before = processorMs(follower.process.pid)
  await sleep(idleMs)
  const idle = (processorMs(follower.process.pid) - before) / idleMs
  follower.process.kill('SIGKILL')
  await follower.ended

  const times = (lines: readonly string[], word: string) =>
    new Map(
      lines.flatMap(line => {
        const [first, seq = '', , at = '0'] = line.split(' ')
        return first === word ? [[seq, BigInt(at)] as const] : []
      }),
    )
  const saw = times(follower.lines, 'SAW')
  const late = [...times(writer.lines, 'ACK')]
    .slice(5) // the first ones arrive while both programs warm up
    .map(([seq, at]) => Number((saw.get(seq) ?? 0n) - at) / 1e6)
    .sort((a, b) => a - b)
  const [p50, p99] = [percentile(late, 0.5), percentile(late, 0.99)]
  expect(late.length).toBeGreaterThan(50)
  expect(late[0]).toBeGreaterThan(-1000) // nothing is missing
  expect(p50).toBeLessThan(50) // long before the slow look at the clock; how late the latest are is the machine's load
  expect(idle).toBeLessThan(0.05)
  const ms = (value: number) => value.toFixed(2)
  const count = counting()
  count.add(
    `after the acknowledgement: p50 ${ms(p50)} ms, p99 ${ms(p99)} ms, most ${ms(late.at(-1) as number)} ms`,
    late.length,
  )
  count.add(`waiting ${idleMs / 1000} s took ${(idle * 100).toFixed(1)} % of a processor`, 0)
  count.row('a follower in another process', 'woken by the file system, polling is only the net')
})
