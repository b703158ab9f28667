import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CannotWrite, NotAStateFolder, openStateFolder } from '../../adapters/state-folder.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'veritape-state-'))
})
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

describe('writing', () => {
  test('makes the folders it needs and leaves nothing else behind', async () => {
    const state = openStateFolder(join(root, 'state', 'book'))
    expect(await state.write('portfolio_decisions/2023-03-24.jsonl', '{}\n')).toBe(true)
    expect(await state.read('portfolio_decisions/2023-03-24.jsonl')).toBe('{}\n')
    expect(readdirSync(join(root, 'state', 'book', 'portfolio_decisions'))).toEqual(['2023-03-24.jsonl'])
  })

  test('the same bytes again does not touch the file', async () => {
    const state = openStateFolder(root)
    await state.write('a.json', '1\n')
    const file = join(root, 'a.json')
    utimesSync(file, 1, 1)
    expect(await state.write('a.json', '1\n')).toBe(false)
    expect(statSync(file).mtimeMs).toBe(1000)
    expect(await state.write('a.json', '2\n')).toBe(true)
    expect(statSync(file).mtimeMs).toBeGreaterThan(1000)
  })

  test('replaces the file instead of writing into it: who reads the old one keeps it whole', async () => {
    const state = openStateFolder(root)
    await state.write('a.json', 'old\n')
    const before = statSync(join(root, 'a.json')).ino
    await state.write('a.json', 'new and longer\n')
    expect(statSync(join(root, 'a.json')).ino).not.toBe(before)
  })

  test('replaces a link instead of following it out of the folder', async () => {
    const outside = join(root, 'precious')
    writeFileSync(outside, 'precious\n')
    const state = openStateFolder(join(root, 'state'))
    await state.write('a.json', '1\n')
    rmSync(join(root, 'state', 'a.json'))
    symlinkSync(outside, join(root, 'state', 'a.json'))
    await state.write('a.json', '2\n')
    expect(readFileSync(outside, 'utf8')).toBe('precious\n')
  })

  test('a name that leads out of the folder is a bug and throws', async () => {
    const state = openStateFolder(join(root, 'state'))
    await expect(state.write('../a.json', '1')).rejects.toThrow('leads out of the state folder')
    await expect(state.read('/etc/hostname')).rejects.toThrow('leads out of the state folder')
    await expect(state.remove('..')).rejects.toThrow('leads out of the state folder')
  })
})

describe('a folder that cannot be written', () => {
  test('for want of permission says what to do', async () => {
    const folder = join(root, 'locked')
    mkdirSync(folder, { mode: 0o555 })
    chmodSync(root, 0o755)
    await asNobody(async () => {
      const failure = await openStateFolder(folder)
        .write('a.json', '1')
        .catch(error => error)
      expect(failure).toBeInstanceOf(CannotWrite)
      expect(failure).toMatchObject({ code: 'EACCES', path: join(folder, 'a.json') })
      expect(failure.message).toMatch(/no permission; let this user write in .*locked, or .* --state/)
    })
    expect(readdirSync(folder)).toEqual([])
  })

  test('because a file stands where the folder should be says so, and leaves the file', async () => {
    writeFileSync(join(root, 'state'), 'a file\n')
    const failure = await openStateFolder(join(root, 'state'))
      .write('a.json', '1')
      .catch(error => error)
    expect(failure).toBeInstanceOf(CannotWrite)
    expect(failure.message).toContain('a file stands where a folder is needed')
    expect(readFileSync(join(root, 'state'), 'utf8')).toBe('a file\n')
  })

  test('because a folder stands where the file should be leaves no half-written file', async () => {
    mkdirSync(join(root, 'a.json'))
    await expect(openStateFolder(root).write('a.json', '1')).rejects.toBeInstanceOf(CannotWrite)
    expect(readdirSync(root)).toEqual(['a.json'])
  })
})

describe('what is there', () => {
  test('a missing folder is an empty one, and a missing file is undefined', async () => {
    const state = openStateFolder(join(root, 'nowhere'))
    expect(await state.list()).toEqual([])
    expect(await state.read('a.json')).toBeUndefined()
    expect(await state.remove('a.json')).toBe(false)
    await state.clear()
  })

  test('is listed by name, without what an interrupted write left behind', async () => {
    const state = openStateFolder(root)
    await state.write('b.csv', '1')
    await state.write('a/c.jsonl', '1')
    writeFileSync(join(root, 'a', '.c.jsonl.4711.tmp'), 'half')
    expect(await state.list()).toEqual(['a/c.jsonl', 'b.csv'])
  })

  test('can be removed one by one', async () => {
    const state = openStateFolder(root)
    await state.write('a.json', '1')
    expect([await state.remove('a.json'), await state.remove('a.json')]).toEqual([true, false])
    expect(await state.list()).toEqual([])
  })
})

describe('clearing', () => {
  test('removes every file, leftovers and folders included', async () => {
    const state = openStateFolder(root)
    await state.write('views.json', '{}')
    await state.write('portfolio_decisions/2023-03-24.jsonl', '{}')
    writeFileSync(join(root, '.views.json.4711.tmp'), 'half')
    await state.clear()
    expect(readdirSync(root)).toEqual([])
    await state.clear()
  })

  test('refuses a folder that holds anything but views', async () => {
    writeFileSync(join(root, 'thesis.txt'), 'precious\n')
    const failure = await openStateFolder(root)
      .clear()
      .catch(error => error)
    expect(failure).toBeInstanceOf(NotAStateFolder)
    expect(failure.message).toContain('check --state')
    expect(readdirSync(root)).toEqual(['thesis.txt'])
  })

  test('keeps the checkpoints of the ledger, which are no views and stand in nobody’s way', async () => {
    mkdirSync(join(root, 'checkpoints'))
    writeFileSync(join(root, 'checkpoints', '2023-03-24.jsonl.checkpoint'), '{}\n')
    const state = openStateFolder(root)
    expect(await state.list()).toEqual([])
    await state.clear()
    await state.write('views.json', '{}')
    await state.write('a/b.json', '{}')
    expect(await state.list()).toEqual(['a/b.json', 'views.json'])
    await state.clear()
    expect(readdirSync(root)).toEqual(['checkpoints'])
    expect(readdirSync(join(root, 'checkpoints'))).toHaveLength(1)
  })

  test('removes a link itself, not what it leads to', async () => {
    const outside = join(root, 'outside')
    mkdirSync(outside)
    writeFileSync(join(outside, 'precious'), '1')
    const state = openStateFolder(join(root, 'state'))
    await state.write('views.json', '{}')
    symlinkSync(outside, join(root, 'state', 'link'))
    await state.clear()
    expect(readdirSync(outside)).toEqual(['precious'])
    expect(await state.list()).toEqual([])
  })
})

/** Root may write anywhere, so a test of permissions steps down for a moment. */
const asNobody = async (act: () => Promise<void>): Promise<void> => {
  const nobody = 65_534
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(nobody)
  try {
    await act()
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}
