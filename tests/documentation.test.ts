// The documentation is run: what it shows is what the program prints, what it quotes is what the files say, what it
// lists is what the code declares. `npx vitest run tests/documentation.test.ts -u` rewrites what its consoles show.

import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readChampions } from '../adapters/champion-folder.ts'
import { RiskDenial } from '../domain/risk-denial.ts'
import { Anchor, TickerRejection } from '../domain/scan.ts'
import { avwapPullback } from '../domain/strategies/avwap-pullback.ts'
import { breakout } from '../domain/strategies/breakout.ts'
import { emaCross } from '../domain/strategies/ema-cross.ts'
import { myStrategy } from '../examples/my-strategy.ts'
import { addMyStrategy, checkout, importLine, project, registryLine, shell } from './checkout.ts'
import { mended, shows } from './console-blocks.ts'
import { tableRows } from './docs/markdown-table.ts'

const documents = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(project, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`)
    .sort(),
]
const textOf = (path: string): string => readFileSync(join(project, path), 'utf8')
const withConsole = documents.filter(path => textOf(path).includes('```console'))

const temporary = realpathSync(mkdtempSync(join(tmpdir(), 'veritape-documentation-')))
const plain = join(temporary, 'plain/veritape')
const newcomer = join(temporary, 'newcomer/veritape')
let demoPrinted: readonly string[] = []

beforeAll(() => {
  checkout(plain)
  demoPrinted = shell(plain, plain)('veritape demo')
}, 240_000)
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

/** Each document plays in a copy of the demo's books, so that it may halt, wish and trade. */
const playing = (path: string) => {
  const folder = join(temporary, path.replaceAll(/[^a-z-]/g, '-'), 'veritape')
  for (const name of ['ledger', 'state', 'package.json', 'domain', 'docs'])
    if (existsSync(join(plain, name))) cpSync(join(plain, name), join(folder, name), { recursive: true })
  symlinkSync(join(project, 'examples'), join(folder, 'examples'))
  return folder
}

describe('what a console shows is what the program prints', () => {
  test.each(withConsole)('%s', { timeout: 240_000 }, async path => {
    if (path === 'docs/strategies.md') checkout(newcomer, addMyStrategy)
    const run = shell(playing(path), path === 'docs/strategies.md' ? newcomer : plain)
    const text = mended(textOf(path), command =>
      command === 'npm ci && npm start' ? demoPrinted : run(command),
    )
    await expect(text).toMatchFileSnapshot(join(project, path))
  })

  test('a line that is not printed is noticed, and so is one too many', () => {
    expect(shows(['a', '…', 'c'], ['a', 'b', 'b', 'c'])).toBe(true)
    expect(shows(['a', '…', 'd'], ['a', 'b', 'c'])).toBe(false)
    expect(shows(['a'], ['a', 'b'])).toBe(false)
    expect(shows(['a', 'b'], ['a'])).toBe(false)
    expect(shows(['a b …'], ['a b c'])).toBe(true)
    expect(mended('```console\n$ x\nold\n```\n', () => ['new', ''])).toBe('```console\n$ x\nnew\n```\n')
    expect(mended('```console\n$ x\na\n…\nz\n```\n', () => ['b', 'm', 'y', ''])).toBe(
      '```console\n$ x\nb\n…\ny\n```\n',
    )
  })
})

describe('what is quoted from a file stands in it', () => {
  const quotes = documents.flatMap(path =>
    [...textOf(path).matchAll(/^```\w+\n(?:\/\/|#) (\S+\.\w+)\n(.*?)^```$/gms)].map(
      ([, file = '', quoted = '']) => ({ path, file, quoted }),
    ),
  )
  test('there are quotes', () => expect(quotes.length).toBeGreaterThan(3))
  test.each(quotes)('$path quotes $file', ({ file, quoted }) => {
    let rest = textOf(file)
    for (const part of quoted.split(/^\s*\/\/ …\n/m)) {
      expect(rest).toContain(part)
      rest = rest.slice(rest.indexOf(part) + part.length)
    }
  })
})

describe('links lead somewhere', () => {
  const anchorsOf = (path: string) =>
    [...textOf(path).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    )
  test.each(documents)('%s', path => {
    for (const [, target = ''] of textOf(path).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue
      const [file = '', anchor] = target.split('#')
      const to = file === '' ? path : join(dirname(path), file)
      expect(existsSync(join(project, to)), `${path} → ${target}`).toBe(true)
      if (anchor !== undefined) expect(anchorsOf(to), `${path} → ${target}`).toContain(anchor)
    }
  })
})

describe('lists are complete', () => {
  const firstCells = (path: string, head: readonly string[]) =>
    tableRows(path, head).map(([cell = '']) => cell.replaceAll('`', ''))

  test('docs/safety.md has a row for each denial', () => {
    const rows = firstCells('docs/safety.md', ['denial', 'says no when', 'holds up a reducing order'])
    expect([...rows].sort()).toEqual([...RiskDenial.options].sort())
  })

  test('docs/scan.md has a row for each rejection, and for each anchor that the scan sets', () => {
    expect(firstCells('docs/scan.md', ['rejected as', 'when'])).toEqual(
      expect.arrayContaining([...TickerRejection.options]),
    )
    const anchors = firstCells('docs/scan.md', ['anchor', 'the day'])
    expect(Anchor.options).toEqual(expect.arrayContaining(anchors))
    expect(anchors).toHaveLength(6)
  })

  /** 'fast' → '2 … 500', as the schema says. */
  const boundsOf = (parameters: z.ZodType): Record<string, string> => {
    const bounds: Record<string, string> = {}
    const visit = (prefix: string, { properties = {} }: z.core.JSONSchema.BaseSchema) => {
      for (const [name, each] of Object.entries(properties)) {
        if (typeof each === 'boolean') continue
        if (each.type === 'object') visit(`${prefix}${name}.`, each)
        else bounds[`${prefix}${name}`] = each.enum?.join(' or ') ?? `${each.minimum} … ${each.maximum}`
      }
    }
    visit('', z.toJSONSchema(parameters))
    return bounds
  }
  const champions = [
    ...readChampions('examples/champions/crypto'),
    ...readChampions('examples/champions/equities'),
  ]
  /** Value of a dotted parameter in the first example champion of a strategy. */
  const exampleOf = (strategy: string, name: string): string => {
    const champion = champions.find(each => each.strategy === strategy)
    const value = name
      .split('.')
      .reduce<unknown>(
        (part, key) => (part as Record<string, unknown>)[key],
        champion?.merged_config.parameters,
      )
    return String(value)
  }

  test.each([
    ['ema-cross', emaCross.parameters],
    ['breakout', breakout.parameters],
    ['avwap-pullback', avwapPullback.parameters],
  ])('docs/strategies.md has every parameter of %s with its bounds and an example', (name, parameters) => {
    const rows = tableRows('docs/strategies.md', [`of \`${name}\``, 'bounds', 'example', 'meaning'])
    expect(rows.map(([key = '', bounds, example]) => [key.replaceAll('`', ''), bounds, example])).toEqual(
      Object.entries(boundsOf(parameters)).map(([key, bounds]) => [key, bounds, exampleOf(name, key)]),
    )
  })

  const verbs: string[] = []
  const help = (verb: string): string => shell(plain, plain)(`veritape ${verb} --help`).join('\n')
  const listed = (text: string): readonly string[] =>
    [...text.matchAll(/^ {2}veritape (.+?)(?: {2,}|$)/gm)].map(([, usage = '']) => usage)
  beforeAll(() => {
    for (const usage of listed(help(''))) {
      const verb = usage.replaceAll(/ [<[].*/g, '')
      const nested = listed(help(verb))
      if (nested.length > 0) verbs.push(...nested.map(each => each.replaceAll(/ [<[].*/g, '')))
      else verbs.push(verb)
    }
  }, 60_000)

  test('docs/commands.md has every verb with every flag', { timeout: 60_000 }, () => {
    const text = textOf('docs/commands.md')
    expect(verbs.length).toBeGreaterThan(15)
    for (const verb of verbs) {
      const [, section] =
        new RegExp(`^### \`${verb}(?: [^\`]*)?\`\\n(.*?)(?=^##|$(?![\\s\\S]))`, 'ms').exec(text) ?? []
      expect(section, `a section for ${verb}`).toBeDefined()
      const flags = [...help(verb).matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, flag = '']) => flag)
      for (const flag of flags)
        if (!globalFlags.includes(flag)) expect(section, `${verb} ${flag}`).toContain(`\`${flag}`)
    }
  })
  const globalFlags = [
    '--help',
    '--version',
    '--book',
    '--config',
    '--ledger',
    '--state',
    '--store',
    '--json',
  ]
  globalFlags.push('--log-level', '--as-of')

  test('no document claims a verb that is not built', () => {
    const others = ['docs/projections.md', 'docs/ledger-format.md', 'docs/configuration.md']
    for (const path of documents) {
      if (others.includes(path)) continue
      for (const [, claimed = ''] of textOf(path).matchAll(/`(?:npx )?veritape ([a-z][^`]*)`/g))
        expect(
          verbs.some(verb => claimed === verb || claimed.startsWith(`${verb} `)),
          `${path}: veritape ${claimed}`,
        ).toBe(true)
    }
  })
})

describe('the strategy in thirty lines', () => {
  const evaluate = () => myStrategy.start({ bars: 3 })
  const bar = (close: number) => ({
    openTime: 0,
    closeTime: 1,
    open: close,
    high: close,
    low: close,
    close,
    volume: 1,
  })
  const flat = { quantity: 0, entryPrice: 0 }

  test('has thirty lines', () => {
    expect(textOf('examples/my-strategy.ts').trimEnd().split('\n')).toHaveLength(30)
  })

  test('buys above its average, holds, and sells below it', () => {
    const ask = evaluate()
    expect(ask(bar(10), flat).reasons).toEqual(['warming up'])
    ask(bar(10), flat)
    expect(ask(bar(13), flat)).toMatchObject({ action: 'buy', indicators: { mean: 11 } })
    expect(ask(bar(14), { quantity: 1, entryPrice: 13 }).action).toBe('none')
    expect(ask(bar(9), { quantity: 1, entryPrice: 13 }).action).toBe('sell')
    expect(ask(bar(9), flat).action).toBe('none')
  })

  test('the two lines that add it are the ones that the document shows', () => {
    const text = textOf('docs/strategies.md')
    expect(text).toContain(importLine)
    expect(text).toContain(registryLine)
  })
})
