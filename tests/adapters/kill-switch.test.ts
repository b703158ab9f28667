// The KILL file halts in every condition, and whoever made it in whatever way is obeyed.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { killSwitch } from '../../adapters/kill-switch.ts'
import { FolderNotSynced, type LedgerFiles, nodeFiles } from '../../adapters/ledger-files.ts'
import { readIdentity } from '../../adapters/ledger-identity.ts'

let base: string
let folder: string
let path: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'veritape-kill-'))
  folder = join(base, 'paper')
  path = join(folder, 'KILL')
})
afterEach(() => rmSync(base, { recursive: true }))

const byHand = (text: string) => {
  mkdirSync(folder)
  writeFileSync(path, text)
}

test('without a file trading goes on, even without a ledger', () => {
  expect(killSwitch(folder).read()).toBeUndefined()
})

test('a halt is read by every other process, with its reason', async () => {
  await killSwitch(folder).pull('halted', 'operator', 'the feed looks wrong')
  expect(killSwitch(folder).read()).toEqual({
    level: 'halted',
    by: 'operator',
    reason: 'the feed looks wrong',
  })
  expect(readFileSync(path, 'utf8')).toBe(
    '{"level":"halted","by":"operator","reason":"the feed looks wrong"}\n',
  )
})

test('reducing becomes halted, and halted does not become reducing', async () => {
  const kill = killSwitch(folder)
  await kill.pull('reducing', 'operator', 'the day is over')
  expect(kill.read()?.level).toBe('reducing')
  await kill.pull('halted', 'operator', 'stop')
  await kill.pull('reducing', 'operator', 'milder')
  expect(kill.read()).toMatchObject({ level: 'halted', reason: 'stop' })
})

test('a released switch is off, and releasing twice is the same', async () => {
  const kill = killSwitch(folder)
  await kill.release()
  await kill.pull('halted', 'operator', 'x')
  await kill.release()
  await kill.release()
  expect(kill.read()).toBeUndefined()
})

test.each([
  ['', `was made by hand`],
  ['stop it now\nplease', `was made by hand, saying 'stop it now'`],
  ['{"level":"active","by":"x","reason":"y"}', 'was made by hand'],
  ['{"level":"reducing"}', 'was made by hand'],
  ['{"level":"reducing","by":"x","reason":"y","until":"noon"}', 'was made by hand'],
  ['{"level":"reducing","by":"x","rea', 'was made by hand'],
  ['null', 'was made by hand'],
])('a file that says %j halts', (text, reason) => {
  byHand(text)
  const read = killSwitch(folder).read()
  expect(read?.level).toBe('halted')
  expect(read?.reason).toContain(reason)
})

test('a KILL that cannot be read halts', () => {
  mkdirSync(path, { recursive: true })
  expect(killSwitch(folder).read()).toMatchObject({ level: 'halted' })
  expect(killSwitch(folder).read()?.reason).toContain('cannot be read (EISDIR)')
})

const full: LedgerFiles = {
  ...nodeFiles,
  write: () => {
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  },
}

test.each(['reducing', 'halted'] as const)('on a full disk %s halts without words', async level => {
  await killSwitch(folder, full).pull(level, 'operator', 'stop')
  expect(killSwitch(folder).read()).toMatchObject({ level: 'halted' })
})

test('on a full disk a halt is not lost behind an older, milder file', async () => {
  await killSwitch(folder).pull('reducing', 'operator', 'the day is over')
  await killSwitch(folder, full).pull('halted', 'operator', 'stop')
  expect(killSwitch(folder).read()).toMatchObject({ level: 'halted' })
})

test('a halt that could not be made durable is an error', async () => {
  const failing: LedgerFiles = {
    ...nodeFiles,
    syncFolder: () => {
      throw Object.assign(new Error('input/output error'), { code: 'EIO' })
    },
  }
  await expect(killSwitch(folder, failing).pull('halted', 'operator', 'stop')).rejects.toThrow('input/output')
})

test('the folder is synced after the file is in place and after it is gone, those above it after it was made', async () => {
  const seen: string[] = []
  const watching: LedgerFiles = {
    ...nodeFiles,
    syncFolder: synced => {
      const which = synced === folder ? 'folder' : folder.startsWith(synced) ? 'above' : 'another'
      seen.push(`${which} ${killSwitch(folder).read()?.level}`)
      nodeFiles.syncFolder(synced)
    },
  }
  const kill = killSwitch(folder, watching)
  await kill.pull('halted', 'operator', 'stop')
  await kill.release()
  expect([...new Set(seen)]).toEqual(['folder halted', 'above halted', 'folder undefined'])
})

test('a milder halt that began before a stricter one and ends after it does not loosen it, nor take its words', async () => {
  let pulled: Promise<void> | undefined
  const slow: LedgerFiles = {
    ...nodeFiles,
    write: (...all) => {
      pulled ??= killSwitch(folder).pull('halted', 'another', 'stop')
      return nodeFiles.write(...all)
    },
  }
  await killSwitch(folder, slow).pull('reducing', 'operator', 'the day is over')
  await pulled
  expect(killSwitch(folder).read()).toEqual({ level: 'halted', by: 'another', reason: 'stop' })
  expect(readdirSync(folder)).toEqual(['KILL'])
})

test('a halt whose name may have been dropped by a failed sync is not called durable after another one', async () => {
  let syncs = 0
  const failingOnce: LedgerFiles = {
    ...nodeFiles,
    syncFolder: synced => {
      if (++syncs === 1) throw new FolderNotSynced(synced, new Error('EIO'))
      nodeFiles.syncFolder(synced)
    },
  }
  const kill = killSwitch(folder, failingOnce)
  await expect(kill.pull('halted', 'operator', 'stop')).rejects.toThrow('EIO')
  expect(syncs).toBe(1)
  expect(kill.read()).toMatchObject({ level: 'halted', reason: 'stop' })
  expect(readdirSync(folder)).toEqual(['KILL'])
})

test('a failed sync of the folder of a ledger stops its writers too', async () => {
  mkdirSync(folder)
  writeFileSync(join(folder, 'LEDGER.json'), '')
  const failing: LedgerFiles = {
    ...nodeFiles,
    syncFolder: synced => {
      throw new FolderNotSynced(synced, new Error('EIO'))
    },
  }
  await expect(killSwitch(folder, failing).pull('halted', 'operator', 'stop')).rejects.toThrow('EIO')
  expect(readFileSync(join(folder, 'POISON'), 'utf8')).toContain('EIO')
})

test('whoever finds a halt makes all of its names durable before it says so', async () => {
  await killSwitch(folder).pull('halted', 'operator', 'stop')
  const seen: string[] = []
  const watching: LedgerFiles = { ...nodeFiles, syncFolder: synced => void seen.push(synced) }
  await killSwitch(folder, watching).pull('reducing', 'operator', 'milder')
  expect(seen).toContain(folder)
  expect(seen).toContain(base)
})

test('what a killed halt left half written goes with the next release, and is no bar to a new ledger', async () => {
  mkdirSync(folder)
  writeFileSync(join(folder, 'KILL.0123abcd.tmp'), '{"lev')
  expect(readIdentity(folder)).toBeUndefined()
  expect(killSwitch(folder).read()).toBeUndefined()
  await killSwitch(folder).release()
  expect(readdirSync(folder)).toEqual([])
})
