// The lock: one at a time, freed by death, and it notices when it was replaced.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openJsonlStore } from '../../adapters/jsonl-store.ts'
import { LedgerBusy, openLock } from '../../adapters/ledger-lock.ts'
import { LedgerDamaged } from '../../domain/event-store.ts'
import { candleGroup, handClock } from '../cast.ts'
import { otherProcess } from './ledger-process.ts'

let folder = ''
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'veritape-lock-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true }))

test('a second holder in the same process is turned away until the first lets go', () => {
  const a = openLock(folder, 'execute')
  const b = openLock(folder, 'scan')
  expect(a.tryTake()).toBe(true)
  expect(b.tryTake()).toBe(false)
  a.release()
  expect(b.tryTake()).toBe(true)
  a.close()
  b.close()
})

test('opening and closing the file elsewhere in the process does not drop the lock', () => {
  const a = openLock(folder, 'execute')
  a.tryTake()
  fs.closeSync(fs.openSync(`${folder}/LOCK`, 'r'))
  const b = openLock(folder, 'scan')
  expect(b.tryTake()).toBe(false)
  a.close()
  b.close()
})

test('another process holds it until it is killed, and says who it is', async () => {
  const other = otherProcess('lock', folder)
  expect(await other.line()).toBe('locked')
  const lock = openLock(folder, 'execute')
  expect(lock.tryTake()).toBe(false)
  expect(lock.holder()).toMatch(new RegExp(`^pid ${other.process.pid} as execute since 20`))
  other.process.kill('SIGKILL')
  expect(await other.ended).toBe('SIGKILL')
  expect(lock.tryTake()).toBe(true)
  lock.close()
})

test('a stopped holder makes an append give up after its time, with its name; then it goes on', async () => {
  const clock = handClock()
  const create = { book: 'cast', mode: 'dry-run', zone: 'UTC' } as const
  const store = await openJsonlStore({
    folder,
    role: 'execute',
    clock: clock.now,
    create,
    busyAfterMs: 150,
    allowMemory: true,
  })
  const other = otherProcess('lock', folder)
  await other.line()
  other.process.kill('SIGSTOP')
  const answer = await store.append(candleGroup(0))
  expect(answer).toMatchObject({
    left: { kind: 'ledger-busy', holder: expect.stringContaining(`pid ${other.process.pid}`) },
  })
  await expect(
    openJsonlStore({ folder, role: 'execute', clock: clock.now, busyAfterMs: 50, allowMemory: true }),
  ).rejects.toThrow(LedgerBusy)
  other.process.kill('SIGKILL')
  await other.ended
  expect(await store.append(candleGroup(0))).toMatchObject({ right: { repeated: false } })
  await store.close()
})

test('a lock file that was deleted or replaced stops the writer: two could hold it', () => {
  const lock = openLock(folder, 'execute')
  fs.renameSync(`${folder}/LOCK`, `${folder}/LOCK.old`)
  expect(() => lock.tryTake()).toThrow(LedgerDamaged)
  fs.writeFileSync(`${folder}/LOCK`, '')
  expect(() => lock.tryTake()).toThrow('deleted or replaced')
  lock.close()
})
