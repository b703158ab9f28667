// veritape status when everything is down: one screen, what to do about it, the exit code of the contract, no stack.

import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { demo } from '../demo-ledger.ts'
import { bytesOf, copyOf, temporaryFolder } from './files.ts'
import { cryptoExample, type Surroundings, start, veritape } from './veritape.ts'

const { folder } = await demo()
const argv = ['status', '--config', cryptoExample, '--ledger', 'ledger', '--state', 'state']
const book = 'ledger/demo-crypto'

/** Root may read everything: without the rights that let it. */
const ordinary: Pick<Surroundings, 'through'> =
  process.getuid?.() === 0
    ? {
        through: [
          'setpriv',
          '--bounding-set=-dac_override,-dac_read_search',
          '--inh-caps=-dac_override,-dac_read_search',
        ],
      }
    : {}

interface Fault {
  readonly make: (cwd: string) => void
  readonly code: number
  readonly shows: readonly string[]
  /** On stderr, behind 'veritape: '; nothing when left out. */
  readonly says?: string
}

const flip = (path: string) => {
  const bytes = readFileSync(path)
  const at = bytes.indexOf('"close":"2') + 9
  bytes[at] = '3'.charCodeAt(0)
  writeFileSync(path, bytes)
}

const faults: Readonly<Record<string, Fault>> = {
  'no ledger': {
    make: cwd => rmSync(join(cwd, 'ledger'), { recursive: true }),
    code: 65,
    shows: ['demo-crypto (paper): the ledger cannot be read', 'MiB free'],
    says: 'it is created by the first',
  },
  'no ledger and no state': {
    make: cwd => {
      rmSync(join(cwd, 'ledger'), { recursive: true })
      rmSync(join(cwd, 'state'), { recursive: true })
    },
    code: 65,
    shows: ['views     none'],
    says: 'check --ledger and --book',
  },
  'a ledger with one digit changed': {
    make: cwd => flip(join(cwd, book, '2023-03-24.jsonl')),
    code: 65,
    shows: ['the ledger cannot be read', 'trading   not known'],
    says: "Run 'veritape verify' and restore from a backup",
  },
  'an identity that is no JSON': {
    make: cwd => writeFileSync(join(cwd, book, 'LEDGER.json'), '{'),
    code: 78,
    shows: ['the ledger cannot be read'],
    says: 'restore it from a backup',
  },
  'a ledger whose HEAD is gone': {
    make: cwd => rmSync(join(cwd, book, 'HEAD')),
    code: 65,
    shows: ['the ledger cannot be read'],
    says: 'HEAD',
  },
  'a file where the ledger should be': {
    make: cwd => {
      rmSync(join(cwd, book), { recursive: true })
      writeFileSync(join(cwd, book), '')
    },
    code: 73,
    shows: ['the ledger cannot be read'],
    says: 'a file stands where',
  },
  'POISON beside the ledger': {
    make: cwd => writeFileSync(join(cwd, book, 'POISON'), 'pid 1: EIO\n'),
    code: 0,
    shows: ['1 thing to look at', 'equity', 'POISON: a sync failed and nobody may write', 'veritape repair'],
  },
  'no folder of views': {
    make: cwd => rmSync(join(cwd, 'state'), { recursive: true }),
    code: 0,
    shows: ['equity', 'no views in', 'veritape project writes them'],
  },
  'an index of views that is not ours': {
    make: cwd => writeFileSync(join(cwd, 'state/demo-crypto/views.json'), '<html>'),
    code: 0,
    shows: ['no views in'],
  },
  'a KILL file made by hand, without a ledger': {
    make: cwd => {
      rmSync(join(cwd, book), { recursive: true })
      mkdirSync(join(cwd, book))
      writeFileSync(join(cwd, book, 'KILL'), 'fire\n')
    },
    code: 65,
    shows: ['trading   halted', "saying 'fire'", 'veritape resume removes it'],
    says: 'there is no ledger',
  },
  'a ledger that this user may not read': {
    make: cwd => chmodSync(join(cwd, book), 0o000),
    code: 73,
    shows: ['the ledger cannot be read', 'executor  not seen', 'trading   halted'],
    says: 'give this user the right',
  },
  'a ledger whose segment this user may not read': {
    make: cwd => chmodSync(join(cwd, book, '2023-03-24.jsonl'), 0o000),
    code: 73,
    shows: ['the ledger cannot be read'],
    says: 'give this user the right',
  },
  'views that this user may not read': {
    make: cwd => chmodSync(join(cwd, 'state/demo-crypto'), 0o000),
    code: 0,
    shows: ['equity', 'the views cannot be read: no permission', 'give this user the right'],
  },
}

test.each(Object.entries(faults))('%s', async (_, { make, code, shows, says }) => {
  const cwd = copyOf(folder)
  make(cwd)
  const ended = await veritape(argv, { cwd, ...ordinary })
  expect(ended.code).toBe(code)
  for (const text of shows) expect(ended.stdout).toContain(text)
  if (says === undefined) expect(ended.stderr).toBe('')
  else {
    expect(ended.stderr).toMatch(/^veritape: [^\n]+\n$/)
    expect(ended.stderr).toContain(says)
  }
  expect(ended.stdout + ended.stderr).not.toMatch(
    /\bat .*\.js:\d|node:internal|undefined|\[object|error of our own/,
  )
  const json = await veritape([...argv, '--json'], { cwd, ...ordinary })
  expect(json.code).toBe(code)
  expect(JSON.parse(json.stdout)).toMatchObject({
    book: 'demo-crypto',
    ...(code === 0 ? {} : { exit: code }),
  })
})

test('a book that is well says so first, and status changes nothing', async () => {
  const before = bytesOf(folder)
  const { code, stdout, stderr } = await veritape(argv, { cwd: folder })
  expect(stderr).toBe('')
  expect(code).toBe(0)
  expect(stdout.trimStart().split('\n')[0]).toBe('demo-crypto (paper): nothing stands out')
  expect(bytesOf(folder)).toEqual(before)
})

test('an executor that was killed is told from one that runs', async () => {
  const cwd = temporaryFolder()
  const own = ['--config', cryptoExample, '--ledger', 'ledger', '--state', 'state']
  const running = start(['execute', '--paper', '--from', '2023-03-21', ...own], { cwd })
  const ended = running.ended
  const cycles = () => {
    try {
      const folder = join(cwd, book)
      return readdirSync(folder)
        .filter(name => name.endsWith('.jsonl'))
        .some(name => readFileSync(join(folder, name), 'utf8').includes('"CycleCompleted"'))
    } catch {
      return false // it has not begun
    }
  }
  await expect.poll(cycles, { timeout: 60_000, interval: 20 }).toBe(true)
  const pid = running.process.pid
  running.process.kill('SIGSTOP')
  const held = await veritape(['status', ...own], { cwd })
  running.process.kill('SIGKILL')
  await ended
  expect(held.stdout).toContain(`pid ${pid}`)
  expect(held.stdout).not.toContain('killed')
  const { code, stdout } = await veritape(['status', ...own], { cwd })
  expect(code).toBe(0)
  expect(stdout).toMatch(/run +seq \d+, killed/)
  expect(stdout).toContain('did not say goodbye: it was killed. Start it again')
})

test('what a stranger wrote behind the head is no reason to stop', async () => {
  const cwd = copyOf(folder)
  appendFileSync(join(cwd, book, '2023-03-25.jsonl'), '{"torn')
  expect(await veritape(argv, { cwd })).toMatchObject({ code: 0, stderr: '' })
})
