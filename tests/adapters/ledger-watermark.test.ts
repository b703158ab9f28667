// HEAD is synced when nothing was written for a second, and never in the way of an append.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openJsonlStore } from '../../adapters/jsonl-store.ts'
import { type LedgerFiles, nodeFiles } from '../../adapters/ledger-files.ts'
import type { EventStore } from '../../domain/event-store.ts'
import { candleGroup, handClock } from '../cast.ts'
import { appended } from './event-store.contract.ts'

let folder = ''
let store: EventStore
/** Inodes that were synced, in order. */
let synced: number[] = []
let fails = false
const files: LedgerFiles = {
  ...nodeFiles,
  sync: fd => {
    synced.push(fs.fstatSync(fd).ino)
    if (fails) throw Object.assign(new Error('EIO: on purpose'), { code: 'EIO' })
    nodeFiles.sync(fd)
  },
}
const head = () => fs.statSync(`${folder}/HEAD`).ino
const segment = () => fs.statSync(`${folder}/2023-03-24.jsonl`).ino

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  fails = false
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'veritape-watermark-'))
  const create = { book: 'cast', mode: 'dry-run', zone: 'UTC' } as const
  const clock = handClock()
  store = await openJsonlStore({
    folder,
    role: 'execute',
    clock: clock.now,
    create,
    files,
    allowMemory: true,
  })
  synced = []
})
afterEach(async () => {
  await store.close()
  vi.useRealTimers()
  fs.rmSync(folder, { recursive: true })
})

test('after a second without appends it is synced, once', async () => {
  appended(await store.append(candleGroup(0)))
  await vi.advanceTimersByTimeAsync(999)
  expect(synced).toEqual([segment()])
  await vi.advanceTimersByTimeAsync(1)
  expect(synced).toEqual([segment(), head()])
  await vi.advanceTimersByTimeAsync(10_000)
  expect(synced).toEqual([segment(), head()])
})

test('appends that come sooner put it off', async () => {
  for (let n = 0; n < 5; n++) {
    appended(await store.append(candleGroup(n)))
    await vi.advanceTimersByTimeAsync(700)
  }
  expect(synced).toEqual(Array(5).fill(segment()))
  await vi.advanceTimersByTimeAsync(300)
  expect(synced.at(-1)).toBe(head())
})

test('when that fails, nobody writes any more', async () => {
  appended(await store.append(candleGroup(0)))
  fails = true
  await vi.advanceTimersByTimeAsync(1000)
  fails = false
  expect(fs.readFileSync(`${folder}/POISON`, 'utf8')).toContain('EIO')
  await expect(store.append(candleGroup(1))).rejects.toMatchObject({ verdict: 'poisoned' })
})

test('and so it is when the sync of the end fails', async () => {
  appended(await store.append(candleGroup(0)))
  fails = true
  await expect(store.close()).rejects.toThrow('EIO')
  fails = false
  expect(fs.readFileSync(`${folder}/POISON`, 'utf8')).toContain('EIO')
})

test('a store that was poisoned is closed without a sync', async () => {
  appended(await store.append(candleGroup(0)))
  fails = true
  await expect(store.append(candleGroup(1))).rejects.toMatchObject({ verdict: 'poisoned' })
  synced = []
  await store.close()
  expect(synced).toEqual([])
})

test('a closed store has nothing left to sync', async () => {
  appended(await store.append(candleGroup(0)))
  await store.close()
  synced = []
  await vi.advanceTimersByTimeAsync(5000)
  expect([synced, fs.existsSync(`${folder}/POISON`)]).toEqual([[], false])
})
