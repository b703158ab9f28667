// Bad input of every kind: one sentence that says what is wrong and what to do, the right exit code, no stack, and
// nothing lost. Each mistake is made on a copy of a book, whose bytes must be the same afterwards.

import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { demo } from '../demo-ledger.ts'
import { bytesOf, copyOf, segmentsOf, temporaryFolder } from './files.ts'
import { cryptoExample, type Ended, examples, type Surroundings, veritape } from './veritape.ts'

const first = await demo()
const crypto = ['--config', cryptoExample, '--ledger', 'ledger', '--state', 'state']

/** The examples and a book of three hours, to make a mistake in. */
const template = temporaryFolder()
for (const part of ['demo-crypto.json', 'champions/crypto', 'data/crypto-binance-5m'])
  cpSync(join(examples, part), join(template, part), { recursive: true })
const workshop = () => copyOf(template)

const own = ['--config', 'demo-crypto.json']
const execute = ['execute', '--paper', '--until', '2023-03-21T04:00Z', ...own]
const champions = 'champions/crypto'
const breakout = join(champions, 'BTC-USDT_5m.breakout.json')
const config = (cwd: string, change: (text: string) => string) =>
  writeFileSync(join(cwd, 'demo-crypto.json'), change(readFileSync(join(cwd, 'demo-crypto.json'), 'utf8')))

for (const argv of [
  ['execute', '--paper', '--from', '2023-03-21', '--until', '2023-03-21T03:00Z'],
  ['project', '--once'],
])
  expect(await veritape([...argv, ...own], { cwd: template })).toMatchObject({ code: 0, stderr: '' })

/** One line on stderr that does not look like a crash; the same in JSON. */
const expectOneSentence = ({ stdout, stderr }: Ended) => {
  expect(stdout).toBe('')
  expect(stderr).toMatch(/^veritape: [^\n]+\n$/)
  expect(stderr).not.toMatch(/\bat .*\.js:\d|node:internal|undefined|\[object|an error of our own/)
}

interface Mistake {
  readonly make?: (cwd: string) => void
  readonly argv: readonly string[]
  readonly code: number
  readonly says: readonly (string | RegExp)[]
}

const mistakes: Readonly<Record<string, Mistake>> = {
  'a configuration file that is not there': {
    argv: ['execute', '--config', 'nowhere.json'],
    code: 78,
    says: ['nowhere.json', 'check the path after --config'],
  },
  'a configuration that is no JSON': {
    make: cwd => config(cwd, text => text.replace('"cash": "10000",', '"cash": "10000"')),
    argv: execute,
    code: 78,
    says: ['demo-crypto.json', /line \d+/],
  },
  'a key that does not exist': {
    make: cwd => config(cwd, text => text.replace('"openOrdersMax"', '"openOrderMax"')),
    argv: execute,
    code: 78,
    says: ['limits.openOrderMax', 'openOrdersMax'],
  },
  'a number where a decimal in quotes belongs': {
    make: cwd => config(cwd, text => text.replace('"orderValueMax": "2500"', '"orderValueMax": 2500')),
    argv: execute,
    code: 78,
    says: ['limits.orderValueMax', '2500'],
  },
  'a data file that is not there': {
    make: cwd => rmSync(join(cwd, 'data/crypto-binance-5m/ETHUSDT-5m-2023-03.csv.gz')),
    argv: execute,
    code: 65,
    says: ['ETHUSDT-5m-2023-03.csv.gz', 'there is no such file'],
  },
  'a data file with a broken row': {
    make: cwd => {
      const path = join(cwd, 'data/crypto-binance-5m/BTCUSDT-5m-2023-03.csv.gz')
      const rows = gunzipSync(readFileSync(path)).toString().split('\n')
      rows[4711] = (rows[4711] as string).replace(/,[\d.]+,/, ',n/a,')
      writeFileSync(path, rows.join('\n'))
    },
    argv: execute,
    code: 65,
    says: ['BTCUSDT-5m-2023-03.csv.gz, line 4712', '"n/a" is no plain decimal', 'correct the row'],
  },
  'a data file that is half a gzip file': {
    make: cwd => {
      const path = join(cwd, 'data/crypto-binance-5m/BTCUSDT-5m-2023-03.csv.gz')
      writeFileSync(path, readFileSync(path).subarray(0, 50_000))
    },
    argv: execute,
    code: 65,
    says: ['BTCUSDT-5m-2023-03.csv.gz', 'not a whole gzip file', 'copy it again'],
  },
  'a verb without the word that it needs': {
    argv: ['why', ...own],
    code: 64,
    says: ['a word is missing: veritape why <id>'],
  },
  'a symbol that nobody recorded': {
    argv: [...execute, '--symbol', 'DOGE/USDT'],
    code: 65,
    says: ['DOGE/USDT', 'there are BTC/USDT 5m, ETH/USDT 5m'],
  },
  'a symbol that is none': {
    argv: [...execute, '--symbol', 'doge coin'],
    code: 78,
    says: ['--symbol', '"doge coin"', 'BTC/USDT'],
  },
  'a verb that does not exist': { argv: ['excecute'], code: 64, says: ['excecute', '--help'] },
  'no verb': { argv: [], code: 64, says: ['Which verb?', '--help'] },
  'half a verb': { argv: ['check'], code: 64, says: ['check config', '--help'] },
  'a flag that does not exist': { argv: ['status', '--bok', 'x'], code: 64, says: ['bok', '--help'] },
  'a wish of another kind': {
    argv: ['intent', 'borrow', 'BTC/USDT', '--id', 'x', ...own],
    code: 64,
    says: ['borrow', 'buy', '--help'],
  },
  'a wish without a name': {
    argv: ['intent', 'buy', 'BTC/USDT', '--quantity', '1', ...own],
    code: 64,
    says: ['id', '--help'],
  },
  'a quantity that is no number': {
    argv: ['intent', 'buy', 'BTC/USDT', '--id', 'x', '--quantity', '1e3', ...own],
    code: 64,
    says: ['1e3', 'write it as 0.25'],
  },
  'two modes at once': {
    argv: ['execute', '--paper', '--dry-run', ...own],
    code: 64,
    says: ['mutually exclusive', '--help'],
  },
  'a date that does not exist': {
    argv: ['replay', '2023-02-30', ...own],
    code: 64,
    says: ['2023-02-30', 'write it as'],
  },
  'a time that is none': { argv: [...execute, '--from', 'noon'], code: 64, says: ['noon', 'write'] },
  'an event that is not there': { argv: ['why', '999999', ...own], code: 65, says: ['999999', 'ends at'] },
  'an order that nobody knows': {
    argv: ['why', 'no-such-order', ...own],
    code: 65,
    says: ['no-such-order', 'order id'],
  },
  'a mode that is not the book’s': {
    argv: ['execute', '--dry-run', ...own],
    code: 78,
    says: ['in mode paper', 'in mode dry-run', 'choose another --book'],
  },
  'a store that is none': {
    argv: ['status', '--store', 'redis://localhost', ...own],
    code: 78,
    says: ['--store', 'jsonl', 'esdb://host:2113'],
  },
  'no champion folder': {
    make: cwd => rmSync(join(cwd, champions), { recursive: true }),
    argv: execute,
    code: 78,
    says: [champions, 'no such folder', 'check its path'],
  },
  'a champion folder without champions': {
    make: cwd => {
      for (const name of readdirSync(join(cwd, champions))) rmSync(join(cwd, champions, name))
    },
    argv: execute,
    code: 78,
    says: [champions, 'no champion', 'merged_config'],
  },
  'a strategy without a champion': {
    argv: [...execute, '--strategy', 'hope'],
    code: 78,
    says: ['no champion of hope', 'breakout, ema-cross'],
  },
  'a champion file that is no JSON': {
    make: cwd => writeFileSync(join(cwd, breakout), '{'),
    argv: execute,
    code: 78,
    says: ['BTC-USDT_5m.breakout.json', 'no JSON'],
  },
  'a champion file without an order value': {
    make: cwd =>
      writeFileSync(
        join(cwd, breakout),
        readFileSync(join(cwd, breakout), 'utf8').replace('"orderValue": "2000",', ''),
      ),
    argv: execute,
    code: 78,
    says: ['BTC-USDT_5m.breakout.json', 'orderValue'],
  },
  'a folder of other things in the place of a ledger': {
    make: cwd => {
      mkdirSync(join(cwd, 'ledger/notes'))
      writeFileSync(join(cwd, 'ledger/notes/diary.txt'), 'dear diary')
    },
    argv: [...execute, '--book', 'notes'],
    code: 78,
    says: ['diary.txt', 'LEDGER.json', 'choose another folder'],
  },
  'a folder of other things in the place of the views': {
    make: cwd => {
      rmSync(join(cwd, 'state/demo-crypto'), { recursive: true })
      mkdirSync(join(cwd, 'state/demo-crypto'))
      writeFileSync(join(cwd, 'state/demo-crypto/diary.txt'), 'dear diary')
    },
    argv: ['rebuild', ...own],
    code: 73,
    says: ['views.json', 'nothing was removed', '--state'],
  },
}

describe('one sentence, the right code, nothing lost', () => {
  test.each(Object.entries(mistakes))('%s', async (_, { make, argv, code, says }) => {
    const cwd = workshop()
    make?.(cwd)
    const before = bytesOf(cwd)
    const ended = await veritape(argv, { cwd })
    for (const each of says) expect(ended.stderr).toMatch(each)
    expectOneSentence(ended)
    expect(ended.code).toBe(code)
    expect(bytesOf(cwd)).toEqual(before)
  })
})

describe('a champion that was not chosen', () => {
  /** Refusing is a decision: the book says why, so the ledger grows by it. */
  test.each([
    ['from a baseline', 'BTC-USDT_5m.baseline.json', (text: string) => text, 'baseline-fallback'],
    [
      'with a parameter out of range',
      'BTC-USDT_5m.breakout.json',
      (text: string) => text.replace('"entryBars": 96', '"entryBars": 1'),
      'parameters-refused',
    ],
    [
      'of a strategy that does not exist',
      'BTC-USDT_5m.breakout.json',
      (text: string) => text.replace('"strategy": "breakout"', '"strategy": "hope"'),
      'strategy-unknown',
    ],
  ])('%s is refused, and the ledger says why', async (_, name, change, reason) => {
    const cwd = workshop()
    const text = readFileSync(join(cwd, breakout), 'utf8')
    rmSync(join(cwd, breakout))
    writeFileSync(join(cwd, champions, name), change(text))
    const before = bytesOf(join(cwd, 'ledger/demo-crypto'))
    const ended = await veritape(execute, { cwd })
    expectOneSentence(ended)
    expect(ended.stderr).toContain(`Mend champions/${name}`)
    expect(ended.code).toBe(78)
    const last = readFileSync(join(cwd, 'ledger/demo-crypto', '2023-03-21.jsonl'), 'utf8')
    expect(last).toContain(`"reason":"${reason}"`)
    expect(last).toContain('"t":"RunStopped"')
    const after = bytesOf(join(cwd, 'ledger/demo-crypto'))
    expect({ ...after, HEAD: '', '2023-03-21.jsonl': '' }).toEqual({
      ...before,
      HEAD: '',
      '2023-03-21.jsonl': '',
    })
    expect(await veritape(['verify', ...own], { cwd })).toMatchObject({ code: 0 })
  })
})

describe('a ledger with one bit flipped', () => {
  /** The `segment`-th of five: the last one is the one that is written to. */
  const damaged = (segment: number) => {
    const cwd = copyOf(first.folder)
    const path = join(
      cwd,
      'ledger/demo-crypto',
      segmentsOf(join(cwd, 'ledger/demo-crypto'))[segment] as string,
    )
    const bytes = readFileSync(path)
    // Inside a candle: the line still reads as JSON, only its hash does not hold.
    const at = bytes.indexOf('"volume":"', bytes.length / 2 - 2000) + '"volume":"'.length
    bytes[at] = (bytes[at] as number) ^ 1
    writeFileSync(path, bytes)
    return { cwd, at, path }
  }

  test('verify names the place and ends with 1', async () => {
    const { cwd } = damaged(1)
    const before = bytesOf(cwd)
    const { code, stdout, stderr } = await veritape(['verify', ...crypto], { cwd })
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^2023-03-22\.jsonl, line \d+, byte \d+: expected .* found /)
    expect(stdout).toContain('restore a backup')
    expect(code).toBe(1)
    expect(bytesOf(cwd)).toEqual(before)
  })

  test('nobody may write to it any more', async () => {
    const { cwd } = damaged(4)
    const before = bytesOf(cwd)
    const ended = await veritape(['execute', '--paper', '--until', '2023-03-26', ...crypto], { cwd })
    expectOneSentence(ended)
    expect(ended.stderr).toMatch(
      /2023-03-25\.jsonl is damaged at byte \d+.*Nothing was changed.*veritape verify/,
    )
    expect(ended.code).toBe(65)
    expect(bytesOf(cwd)).toEqual(before)
  })

  test('halt halts it all the same, and says so', async () => {
    const { cwd } = damaged(4)
    const { code, stderr } = await veritape(['halt', ...crypto], { cwd })
    expect(stderr).toContain('KILL stands')
    expect(stderr).toContain('veritape verify')
    expect(code).toBe(65)
    expect(existsSync(join(cwd, 'ledger/demo-crypto/KILL'))).toBe(true)
  })

  test.each([['rebuild'], ['project', '--once'], ['replay', '--prove']])(
    '%s on a line that does not even read: one sentence, and no verdict',
    async (...argv) => {
      const { cwd, at, path } = damaged(1)
      const bytes = readFileSync(path)
      bytes[bytes.lastIndexOf('\n', at) + 1] = '#'.charCodeAt(0)
      writeFileSync(path, bytes)
      const before = bytesOf(join(cwd, 'ledger'))
      const ended = await veritape([...argv, ...crypto], { cwd })
      expectOneSentence(ended)
      expect(ended.stderr).toMatch(/damaged.*veritape verify.*restore/)
      expect(ended.code).toBe(65)
      expect(bytesOf(join(cwd, 'ledger'))).toEqual(before)
    },
  )
})

describe('without the right to write', () => {
  const locked: string[] = []
  const lock = (folder: string) => {
    locked.push(folder)
    for (const name of ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })]) {
      const path = join(folder, name)
      chmodSync(path, statSync(path).mode & ~0o222)
    }
  }
  afterEach(() => {
    for (const folder of locked.splice(0))
      for (const name of ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })])
        chmodSync(join(folder, name), 0o755)
  })
  /** Root may write everywhere, unless it gives that right up. */
  const ordinary = (cwd: string): Surroundings => ({
    cwd,
    through:
      process.getuid?.() === 0
        ? [
            'setpriv',
            '--bounding-set=-dac_override,-dac_read_search',
            '--inh-caps=-dac_override,-dac_read_search',
          ]
        : [],
  })

  test('a ledger that may only be read can be read, and is not written', async () => {
    const cwd = copyOf(first.folder)
    lock(join(cwd, 'ledger'))
    const before = bytesOf(join(cwd, 'ledger'))
    for (const verb of ['status', 'verify', 'rebuild'])
      expect(await veritape([verb, ...crypto], ordinary(cwd)), verb).toMatchObject({ code: 0, stderr: '' })
    const ended = await veritape(['execute', '--paper', '--until', '2023-03-26', ...crypto], ordinary(cwd))
    expectOneSentence(ended)
    expect(ended.stderr).toMatch(/no permission to open .*ledger\/demo-crypto\/.*give this user the right/)
    expect(ended.code).toBe(73)
    expect(bytesOf(join(cwd, 'ledger'))).toEqual(before)
  })

  test('views that may only be read: the sentence names the folder, and no view is lost', async () => {
    const cwd = copyOf(first.folder)
    lock(join(cwd, 'state'))
    const before = bytesOf(join(cwd, 'state'))
    const ended = await veritape(['rebuild', ...crypto], ordinary(cwd))
    expectOneSentence(ended)
    expect(ended.stderr).toMatch(/cannot write .*state\/demo-crypto.*no permission.*--state/)
    expect(ended.code).toBe(73)
    expect(bytesOf(join(cwd, 'state'))).toEqual(before)
  })
})

describe('on a full disk', () => {
  /** strace answers these calls of the program as a full disk would. */
  const full = (cwd: string, call: string, when: string, path?: string): Surroundings => ({
    cwd,
    through: [
      ...['strace', '--follow-forks', '--quiet=all', '--output=/dev/null', '--trace', call],
      ...['--inject', `${call}:error=ENOSPC${when}`, ...(path === undefined ? [] : ['--trace-path', path])],
    ],
  })

  test('a view that finds no room is not half written, and the old one stays', async () => {
    const cwd = copyOf(first.folder)
    const view = join(cwd, 'state/demo-crypto/portfolio.json')
    writeFileSync(view, 'an old one\n')
    const before = bytesOf(cwd)
    const ended = await veritape(['project', '--once', ...crypto], full(cwd, 'fsync', ''))
    expectOneSentence(ended)
    expect(ended.stderr).toMatch(/cannot write .*portfolio\.json: no room left; free some space/)
    expect(ended.code).toBe(73)
    expect(bytesOf(cwd)).toEqual(before)
  })

  test('a ledger that finds no room stays whole, and goes on when there is some', async () => {
    const cwd = temporaryFolder()
    const until = ['--from', '2023-03-21', '--until', '2023-03-21T03:00Z', ...crypto]
    const segment = join(cwd, 'ledger/demo-crypto/2023-03-21.jsonl')
    const ended = await veritape(['execute', '--paper', ...until], full(cwd, 'write', ':when=40+', segment))
    expectOneSentence(ended)
    expect(ended.stderr).toMatch(/no room for the ledger \(.*\); free some space and start again/)
    expect(ended.code).toBe(73)
    expect(await veritape(['verify', ...crypto], { cwd })).toMatchObject({ code: 0 })
    const lines = readFileSync(segment, 'utf8').split('\n').length
    expect(await veritape(['execute', '--paper', ...until], { cwd })).toMatchObject({ code: 0 })
    expect(readFileSync(segment, 'utf8').split('\n').length).toBeGreaterThan(lines + 50)
    expect(await veritape(['replay', '--prove', ...crypto], { cwd })).toMatchObject({ code: 0 })
  })
})
