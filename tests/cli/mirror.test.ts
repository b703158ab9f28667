// veritape copy --follow: a mirror in EventStoreDB follows a ledger in files, over its own death and the server's, and
// whoever writes the files never notices what becomes of it.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { openJsonlStore } from '../../adapters/jsonl-store.ts'
import type { EventStore } from '../../domain/event-store.ts'
import { appended } from '../adapters/event-store.contract.ts'
import { candleGroup, handClock } from '../cast.ts'
import { standIn } from '../eventstore-stand-in/server.ts'
import { cryptoExample, start } from './veritape.ts'

const cwd = mkdtempSync(join(tmpdir(), 'veritape-mirror-'))
afterAll(() => rmSync(cwd, { recursive: true }))

const mirrored = async (book: string) => {
  const server = await standIn()
  const create = { book, mode: 'paper', zone: 'UTC' } as const
  const folder = join(cwd, 'ledger', book)
  const clock = handClock().now
  const source = await openJsonlStore({ folder, role: 'execute', clock, create, allowMemory: true })
  onTestFinished(async () => {
    await source.close()
    await server.kill()
  })
  let candles = 0
  const write = async (count: number) => {
    for (let n = 0; n < count; n++) appended(await source.append(candleGroup(candles++)))
  }
  const mirror = () => {
    const to = `${server.url}&deadlineMs=300&patienceMs=600&connectionName=mirror`
    const running = start(
      [
        ...['copy', '--follow', '--to', to, '--config', cryptoExample, '--book', book],
        ...['--ledger', join(cwd, 'ledger'), '--log-level', 'silent'],
      ],
      { cwd },
    )
    onTestFinished(() => {
      running.process.kill('SIGKILL')
    })
    return running
  }
  return { server, source, write, mirror, there: () => server.log.all(`book-${book}`) }
}

/** The mirror has every line of the source, once. */
const level = async (source: EventStore, there: () => readonly unknown[]) =>
  expect.poll(() => there().length, { timeout: 60_000 }).toBe((await source.head()).seq)

test('a mirror follows, and goes on after its own death and a restart of the server', async () => {
  const { server, source, write, mirror, there } = await mirrored('followed')
  await write(5)
  const first = mirror()
  await level(source, there)
  await write(5)
  await level(source, there)
  server.appends.put({ kind: 'mute-after', stream: 'book-' }) // it dies over an append that it was not told of
  await write(5)
  await expect.poll(() => server.appends.struck.get('mute-after'), { timeout: 60_000 }).toBe(1)
  first.process.kill('SIGKILL')
  expect((await first.ended).code).toBe('SIGKILL')
  await write(5)
  const second = mirror()
  await level(source, there)
  await server.restart()
  await write(5)
  await level(source, there)
  second.process.kill('SIGTERM')
  const { code, stdout } = await second.ended
  expect(code).toBe(0)
  const { seq, hash } = await source.head()
  expect(stdout).toContain(`to   seq ${seq} hash ${hash}`)
})

test('while the server is silent and the mirror itself stands still, every append to the files is answered', async () => {
  const { server, source, write, mirror, there } = await mirrored('stalled')
  await write(3)
  const running = mirror()
  await level(source, there)
  const before = there().length
  server.appends.put({ kind: 'mute-before', times: 1e6 })
  await write(1)
  // It is in the middle of copying, and waits for an answer.
  await expect
    .poll(() => server.appends.struck.get('mute-before') ?? 0, { timeout: 60_000 })
    .toBeGreaterThan(0)
  server.reads.put({ kind: 'mute', times: 1e6 })
  await write(100)
  running.process.kill('SIGSTOP')
  await write(100)
  expect((await source.head()).seq).toBe(before + 201)
  expect(there()).toHaveLength(before)
  running.process.kill('SIGCONT')
  server.appends.clear()
  server.reads.clear()
  await level(source, there)
  expect(running.process.exitCode).toBe(null)
})
