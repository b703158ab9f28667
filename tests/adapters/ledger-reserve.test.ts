// A full disk: appends are refused before they tear, a halt is recorded all the same, and freed space is enough to go on.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openJsonlStore } from '../../adapters/jsonl-store.ts'
import { killSwitch } from '../../adapters/kill-switch.ts'
import { type LedgerFiles, nodeFiles } from '../../adapters/ledger-files.ts'
import { verifyLedger } from '../../adapters/ledger-verify.ts'
import { candleGroup, control, group, handClock, market, tradingHalted, write } from '../cast.ts'
import { appended } from './event-store.contract.ts'

const reserveBytes = 256 * 1024
const create = { book: 'cast', mode: 'paper', zone: 'UTC', reserveBytes } as const
const reserve = () => `${folder}/RESERVE`

let folder = ''
/** What the file system says is free, besides what RESERVE gives back. */
let free = 0
let looks = 0
/** Writes to segments fail as on a full disk when there is no room for them. */
const files: LedgerFiles = {
  ...nodeFiles,
  freeBytes: () => {
    looks++
    return free
  },
  remove: file => {
    const { size } = fs.statSync(file)
    nodeFiles.remove(file)
    free += size
  },
  write: (fd, bytes, length, position) => {
    if (position === null && length > free) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
    return nodeFiles.write(fd, bytes, length, position)
  },
}
const clock = handClock()

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'veritape-reserve-'))
  free = 100 * reserveBytes
  looks = 0
})
afterEach(() => {
  vi.restoreAllMocks()
  fs.rmSync(folder, { recursive: true })
})

const open = (role: 'execute' | 'cli', urgent = false) =>
  openJsonlStore({ folder, role, clock: clock.now, create, files, urgent, allowMemory: true })

const halted = group(write(control, 'no-stream', [market(0), tradingHalted]))
const full = {
  left: { kind: 'disk-full', detail: `1000 bytes are free, and ${reserveBytes} are kept for a halt` },
}

test('a book lays the reserve aside, in blocks that are really taken', async () => {
  const store = await open('execute')
  appended(await store.append(candleGroup(0)))
  const { size, blocks } = fs.statSync(reserve())
  expect(size).toBe(reserveBytes)
  expect(blocks * 512).toBeGreaterThanOrEqual(reserveBytes)
  await store.close()
})

test('a book without one asks nobody how much is free', async () => {
  const store = await openJsonlStore({
    folder,
    role: 'execute',
    clock: clock.now,
    create: { ...create, reserveBytes: 0 },
    files,
    allowMemory: true,
  })
  for (let n = 0; n < 9; n++) appended(await store.append(candleGroup(n)))
  expect([looks, fs.existsSync(reserve())]).toEqual([0, false])
  await store.close()
})

test('with less free than the reserve an append is refused, and nothing is written', async () => {
  const store = await open('execute')
  appended(await store.append(candleGroup(0)))
  await store.close()
  free = 1000
  const again = await open('execute')
  const before = fs.statSync(`${folder}/2023-03-24.jsonl`).size
  expect(await again.append(candleGroup(1))).toMatchObject(full)
  expect(await again.append(candleGroup(0))).toMatchObject({ right: { repeated: true } })
  expect(fs.statSync(`${folder}/2023-03-24.jsonl`).size).toBe(before)
  free = 100 * reserveBytes
  expect(await again.append(candleGroup(1))).toMatchObject({ right: { repeated: false } })
  await again.close()
})

test('a writer that goes on notices within a sixteenth of the reserve, or within a second', async () => {
  const store = await open('execute')
  appended(await store.append(candleGroup(0)))
  free = reserveBytes - 1
  const { size } = fs.statSync(`${folder}/2023-03-24.jsonl`)
  let n = 1
  while ((await store.append(candleGroup(n)))._tag === 'Right') n++
  const written = fs.statSync(`${folder}/2023-03-24.jsonl`).size - size
  expect(written).toBeGreaterThan(0)
  expect(written).toBeLessThanOrEqual(reserveBytes / 16)
  free = 100 * reserveBytes
  appended(await store.append(candleGroup(n)))
  free = reserveBytes - 1
  vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 1001)
  expect(await store.append(candleGroup(n + 1))).toMatchObject({ left: { kind: 'disk-full' } })
  await store.close()
})

test('appends ask only now and then', async () => {
  const store = await open('execute')
  for (let n = 0; n < 30; n++) appended(await store.append(candleGroup(n)))
  expect(looks).toBeLessThanOrEqual(4)
  await store.close()
})

test('a halt gives the reserve back to the disk and is recorded', async () => {
  const store = await open('execute')
  appended(await store.append(candleGroup(0)))
  free = 0
  const operator = await open('cli', true)
  expect(await operator.append(halted)).toMatchObject({ right: { repeated: false } })
  expect([fs.existsSync(reserve()), free]).toEqual([false, reserveBytes])
  await operator.close()
  await store.close()
  let damages = 0
  for await (const step of verifyLedger(folder)) if (step.kind === 'damage') damages++
  expect(damages).toBe(0)
})

test('a halt that meets a full disk only when it writes gives the reserve back too', async () => {
  const store = await open('execute')
  appended(await store.append(candleGroup(0)))
  await store.close()
  const operator = await open('cli', true)
  const seen = vi.spyOn(files, 'freeBytes').mockReturnValue(100 * reserveBytes)
  free = 0
  expect(await operator.append(halted)).toMatchObject({ right: { repeated: false } })
  expect([seen.mock.calls.length, fs.existsSync(reserve())]).toEqual([1, false])
  await operator.close()
})

test('an intent of the same operator is not worth the reserve', async () => {
  const store = await open('execute')
  appended(await store.append(candleGroup(0)))
  await store.close()
  free = 1000
  const operator = await open('cli')
  expect(await operator.append(halted)).toMatchObject(full)
  expect(fs.existsSync(reserve())).toBe(true)
  await operator.close()
})

test('the reserve is laid aside again when there is plenty of room, and not before', async () => {
  const store = await open('execute')
  appended(await store.append(candleGroup(0)))
  await store.close()
  fs.rmSync(reserve())
  for (const [room, there] of [
    [3 * reserveBytes - 1, false],
    [3 * reserveBytes, true],
  ] as const) {
    free = room
    const again = await open('execute')
    appended(await again.append(candleGroup(room === 3 * reserveBytes ? 2 : 1)))
    expect(fs.existsSync(reserve())).toBe(there)
    await again.close()
  }
})

test('a KILL file that has no room takes it from the reserve', async () => {
  const store = await open('execute')
  appended(await store.append(candleGroup(0)))
  await store.close()
  free = 0
  const kill = killSwitch(folder, files)
  await kill.pull('halted', 'operator', 'the disk is full')
  expect(kill.read()).toMatchObject({ level: 'halted', reason: 'the disk is full' })
  expect(fs.existsSync(reserve())).toBe(false)
})
