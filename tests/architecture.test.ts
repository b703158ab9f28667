// The architecture, kept by tests: who may import whom, a domain without clock and chance, one door to each package
// that could be replaced. Every rule is also shown a file that breaks it, so that a rule that sees nothing fails.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

interface Source {
  /** From the root of the project: 'domain/order.ts'. */
  readonly path: string
  readonly text: string
}

const unread = new Set(['node_modules', 'dist', 'data', 'ledgers', '.git'])
const filesIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return unread.has(entry.name) ? [] : filesIn(path)
    return [path]
  })
const read = (path: string): Source => ({ path, text: readFileSync(join(root, path), 'utf8') })

const layers = ['domain', 'projections', 'adapters', 'commands'] as const
const isCode = (path: string) => /\.ts$/.test(path) && !path.endsWith('.d.ts')
const code = layers.flatMap(filesIn).filter(isCode).map(read)
const tests = filesIn('tests').filter(isCode).map(read)
const examples = filesIn('examples').filter(isCode).map(read)

const layerOf = (path: string): string => path.split('/')[0] ?? ''

/** Static, dynamic and bare imports, as they are written. */
const importsOf = ({ text }: Source): readonly string[] =>
  importForms.flatMap(form => [...withoutComments(text).matchAll(form)].map(([, name]) => name ?? ''))

const importForms = [
  /^(?:import|export)\b[^'"`;]*?\bfrom\s*'([^']+)'/gm,
  /^import\s*'([^']+)'/gm,
  /\bimport\s*\(\s*'([^']+)'\s*\)/g,
]

const withoutComments = (text: string): string =>
  text.replace(/^\s*\/\/.*$/gm, '').replace(/\/\*[\s\S]*?\*\//g, '')
/** What runs: without comments and without what stands in quotes. Templates stay, for what they calculate. */
const withoutText = (text: string): string => withoutComments(text).replace(/'(?:\\.|[^'\\\n])*'/g, "''")

const target = (from: string, name: string): string => normalize(join(dirname(from), name))
const packageOf = (name: string): string =>
  name.startsWith('node:')
    ? name
    : name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/')

// ── the rules: each gives sentences about what breaks it ────────────────────────────────────────────────────────

type Rule = (source: Source) => readonly string[]

const mayImport: Record<string, readonly string[]> = {
  domain: ['domain'],
  projections: ['domain', 'projections'],
  adapters: ['domain', 'adapters'],
  commands: ['domain', 'projections', 'commands'],
  examples: ['domain'],
}

/** domain ← projections ← commands; adapters know the domain only; the composition root alone sees both sides. */
const layering: Rule = source => {
  const from = layerOf(source.path)
  const allowed = [...(mayImport[from] ?? []), ...(source.path === 'commands/main.ts' ? ['adapters'] : [])]
  return importsOf(source)
    .filter(name => name.startsWith('.'))
    .map(name => target(source.path, name))
    .filter(path => !allowed.includes(layerOf(path)))
    .map(path => `${source.path} imports ${path}: ${from} may only see ${allowed.join(', ')}`)
}

const doors: Record<string, string> = {
  'decimal.js': 'domain/decimal.ts',
  'fp-ts': 'domain/result.ts',
  luxon: 'domain/time.ts',
}
const packagesOf: Record<string, (name: string) => boolean> = {
  domain: name => name === 'zod',
  projections: () => false,
  // A vendor's package or a system call lives in an adapter, and nowhere else.
  adapters: name => name !== 'yargs',
  commands: name => name === 'yargs' || name === 'node:path',
  examples: name => name === 'zod',
}
/** The composition root; and the check that asks whether folders are there and may be written. */
const touchesFiles: readonly string[] = ['commands/main.ts', 'commands/check-config.ts']

const packages: Rule = source =>
  importsOf(source)
    .filter(name => !name.startsWith('.'))
    .flatMap(name => {
      const wanted = packageOf(name)
      const door =
        doors[wanted] ??
        (wanted === 'node:crypto' && layerOf(source.path) !== 'adapters' ? 'domain/hash.ts' : undefined)
      if (door !== undefined)
        return door === source.path ? [] : [`${source.path} imports ${name}: its one door is ${door}`]
      if (touchesFiles.includes(source.path) && name.startsWith('node:')) return []
      return packagesOf[layerOf(source.path)]?.(wanted) === true
        ? []
        : [`${source.path} imports ${name}: ${layerOf(source.path)} has no use for it`]
    })

/** Of a namespace a bundler keeps what is used; `import { z }` brings all of zod, forty languages included, to every start. */
const wholeZod: Rule = ({ path, text }) =>
  /^import (?:type )?\{ z \} from 'zod'/m.test(text)
    ? [`${path} imports { z }: write import * as z from 'zod'`]
    : []

const chance: ReadonlyArray<readonly [what: string, form: RegExp]> = [
  ['the clock', /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)|\bperformance\./],
  ['the clock of luxon', /\bDateTime\.(?:now|local|utc)\b|\bSettings\b/],
  ['chance', /\bMath\.random\b|\brandomUUID\b|\bgetRandomValues\b/],
  ['the process', /\bprocess\.[a-z]|\bglobalThis\b|\bimport\.meta\b/],
  ['the log', /\bconsole\./],
  ['the network', /\bfetch\(|\bWebSocket\b/],
  ['a timer', /\bset(?:Timeout|Interval|Immediate)\b/],
  ['the locale', /\btoLocale\w+\(|\blocaleCompare\b|\bIntl\./],
]
/** Decisions are a function of what they are given, on every machine and at every time. */
const determinism: Rule = ({ path, text }) =>
  withoutText(text)
    .split('\n')
    .flatMap(line =>
      chance.filter(([, form]) => form.test(line)).map(([what]) => `${path} asks ${what}: ${line.trim()}`),
    )

const opening: Rule = ({ path, text }) => {
  const lines = text.replace(/^#!.*\n/, '').split('\n')
  const end = lines.findIndex(line => !line.startsWith('//'))
  const comment = lines
    .slice(0, end)
    .map(line => line.slice(3))
    .join(' ')
  return /^\S.*[.:?)]/.test(comment) && comment.split(' ').length > 2
    ? []
    : [`${path} does not open with a sentence`]
}

const names: Rule = ({ path }) =>
  /(?:^|[/\-.])(?:utils?|helpers?|common|misc|managers?|services?|shared|tools|lib|types|interfaces)(?:[/\-.]|$)/i.test(
    path,
  )
    ? [`${path} is named after nothing`]
    : []

const unfinished: Rule = ({ path, text }) =>
  text.split('\n').flatMap((line, index) => {
    const left =
      /\b(?:TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b/.test(line) ||
      /\b(?:test|it|describe|suite|bench)(?:\.\w+)*\.(?:ski[p]|onl[y]|tod[o]|fail[s])\b/.test(line)
    return left ? [`${path}:${index + 1} is left for later: ${line.trim()}`] : []
  })

/** Files that no other file imports. The command line starts at commands/main.ts. */
const lonely = (sources: readonly Source[], importers: readonly Source[]): readonly string[] => {
  const imported = new Set(
    importers.flatMap(source =>
      importsOf(source)
        .filter(name => name.startsWith('.'))
        .map(name => target(source.path, name))
        .filter(path => path !== source.path),
    ),
  )
  return sources.map(({ path }) => path).filter(path => path !== 'commands/main.ts' && !imported.has(path))
}

const unreached = (sources: readonly Source[]): readonly string[] => {
  const byPath = new Map(sources.map(source => [source.path, source]))
  const reached = new Set<string>()
  const walk = (path: string) => {
    const source = byPath.get(path)
    if (source === undefined || reached.has(path)) return
    reached.add(path)
    for (const name of importsOf(source)) if (name.startsWith('.')) walk(target(path, name))
  }
  walk('commands/main.ts')
  return sources.map(({ path }) => path).filter(path => !reached.has(path))
}

const broken = (rule: Rule, sources: readonly Source[]) => sources.flatMap(rule)

// ── the tree ────────────────────────────────────────────────────────────────────────────────────────────────────

test('there is a tree to look at', () => {
  for (const layer of layers)
    expect(code.filter(({ path }) => layerOf(path) === layer).length).toBeGreaterThan(10)
  expect(tests.length).toBeGreaterThan(50)
  expect(code.flatMap(importsOf).length).toBeGreaterThan(300)
})

test('imports follow the layers, and only commands/main.ts sees commands and adapters', () => {
  expect(broken(layering, [...code, ...examples])).toEqual([])
})

test('each package stands behind its door', () => {
  expect(broken(packages, code)).toEqual([])
})

test('zod is imported as a namespace', () => {
  expect(broken(wholeZod, code)).toEqual([])
})

test('the domain and the projections are deterministic', () => {
  expect(
    broken(
      determinism,
      code.filter(({ path }) => /^(?:domain|projections)\//.test(path)),
    ),
  ).toEqual([])
})

test('every file opens with a sentence; a test may be named by its file alone', () => {
  const spoken = tests.filter(({ path }) => !path.endsWith('.test.ts'))
  expect(broken(opening, [...code, ...spoken, ...examples])).toEqual([])
})

test('no file is named after nothing', () => {
  expect(broken(names, [...code, ...tests, ...examples])).toEqual([])
})

test('nothing is left for later, and no test is left out', () => {
  expect(broken(unfinished, [...code, ...tests, ...examples])).toEqual([])
})

/** Built and tested, and waiting for a verb: the measure of all stores. */
const waiting = ['adapters/memory-store.ts']

test('every file is imported by another', () => {
  expect(lonely(code, [...code, ...tests])).toEqual([])
})

test('every file is reached from commands/main.ts', () => {
  expect(unreached(code).filter(path => !waiting.includes(path))).toEqual([])
})

// ── the rules themselves ────────────────────────────────────────────────────────────────────────────────────────

describe('a file that breaks a rule is named, with what it did', () => {
  const says = (rule: Rule, path: string, text: string) => rule({ path, text })

  test.each([
    ['domain/x.ts', "import { a } from '../adapters/jsonl-store.ts'", 'adapters/jsonl-store.ts'],
    ['domain/x.ts', "import type { a } from '../commands/engine.ts'", 'commands/engine.ts'],
    ['domain/strategies/x.ts', "import { a } from '../../projections/kpi.ts'", 'projections/kpi.ts'],
    ['projections/x.ts', "import { a } from '../adapters/csv-rows.ts'", 'adapters/csv-rows.ts'],
    ['adapters/x.ts', "import { a } from '../commands/exit.ts'", 'commands/exit.ts'],
    ['adapters/x.ts', "import { a } from '../projections/kpi.ts'", 'projections/kpi.ts'],
    ['commands/x.ts', "import { a } from '../adapters/pino-log.ts'", 'adapters/pino-log.ts'],
    ['commands/x.ts', "const a = await import('../adapters/pino-log.ts')", 'adapters/pino-log.ts'],
    ['commands/x.ts', "import {\n  a,\n  b,\n} from '../adapters/pino-log.ts'", 'adapters/pino-log.ts'],
    ['commands/x.ts', "export { a } from '../adapters/pino-log.ts'", 'adapters/pino-log.ts'],
    ['commands/x.ts', "import '../tests/cast.ts'", 'tests/cast.ts'],
  ])('layers: %s, %s', (path, text, wanted) => {
    expect(says(layering, path, text)).toEqual([expect.stringContaining(`${path} imports ${wanted}`)])
  })

  test('layers: the composition root may', () => {
    expect(says(layering, 'commands/main.ts', "await import('../adapters/pino-log.ts')")).toEqual([])
  })

  test.each([
    ['domain/x.ts', 'fp-ts/lib/Either.js', 'domain/result.ts'],
    ['commands/x.ts', 'fp-ts', 'domain/result.ts'],
    ['domain/x.ts', 'decimal.js', 'domain/decimal.ts'],
    ['adapters/x.ts', 'decimal.js', 'domain/decimal.ts'],
    ['adapters/x.ts', 'luxon', 'domain/time.ts'],
    ['domain/x.ts', 'node:crypto', 'domain/hash.ts'],
    ['projections/x.ts', 'node:crypto', 'domain/hash.ts'],
    ['domain/x.ts', 'node:fs', 'no use'],
    ['domain/x.ts', 'pino', 'no use'],
    ['projections/x.ts', 'zod', 'no use'],
    ['commands/x.ts', 'pino', 'no use'],
    ['commands/x.ts', 'node:fs', 'no use'],
    ['adapters/x.ts', 'yargs', 'no use'],
  ])('packages: %s, %s', (path, name, why) => {
    expect(says(packages, path, `import a from '${name}'`)).toEqual([
      expect.stringMatching(new RegExp(`^${path} imports ${name}: .*${why}`)),
    ])
  })

  test.each([
    'const now = Date.now()',
    'const now = new Date()',
    'const now = performance.now()',
    'const now = DateTime.now()',
    'const now = DateTime.local({ zone })',
    'const id = Math.random()',
    'const id = randomUUID()',
    'const home = process.env.HOME',
    'console.log(order)',
    ['const at = `', '{Date.now()}`'].join('$'),
    'setTimeout(turn, 1000)',
    'const text = price.toLocaleString()',
    'names.sort((a, b) => a.localeCompare(b))',
  ])('determinism: %s', line => {
    expect(says(determinism, 'domain/x.ts', `// A file.\n${line}\n`)).toHaveLength(1)
  })

  test.each([
    '// Date.now() is never asked',
    "const sentence = 'another process. Date.now() was asked'",
    'const at = new Date(milliseconds).toISOString()',
    'const processed = order.process',
  ])('determinism: %s is harmless', line => {
    expect(says(determinism, 'domain/x.ts', line)).toEqual([])
  })

  test.each([
    '',
    "import { a } from './a.ts'\n",
    '// orders\n\n',
    '/** Orders, and what becomes of them. */\n',
    '\n// A sentence too late.\n',
  ])('openings: %j', text => {
    expect(says(opening, 'domain/x.ts', text)).toHaveLength(1)
  })

  test.each([
    'domain/utils.ts',
    'domain/order-utils.ts',
    'adapters/helpers/x.ts',
    'commands/common.ts',
    'adapters/order-manager.ts',
    'adapters/price-service.ts',
    'tests/test-helper.ts',
    'domain/types/order.ts',
  ])('names: %s', path => {
    expect(says(names, path, '')).toHaveLength(1)
  })

  test.each(['domain/order.ts', 'adapters/file-lock.ts', 'domain/community.ts', 'domain/prototypes.ts'])(
    'names: %s is one',
    path => {
      expect(says(names, path, '')).toEqual([])
    },
  )

  test.each([
    ['// TO', 'DO: later'],
    ['test.ski', "p('later', () => {})"],
    ['describe.onl', "y('mine', () => {})"],
    ['test.each([1]).ski', "p('later', () => {})"],
    ['test.tod', "o('later')"],
  ])('unfinished: %s…', (a, b) => {
    const text = `${a}${b}`.replace('each([1]).', 'concurrent.')
    expect(says(unfinished, 'tests/x.test.ts', text)).toHaveLength(1)
  })

  test('a file that nobody imports', () => {
    const sources = [
      { path: 'commands/main.ts', text: "import { a } from '../domain/a.ts'" },
      { path: 'domain/a.ts', text: "import { a } from './a.ts'" },
      { path: 'domain/b.ts', text: '' },
    ]
    expect(lonely(sources, sources)).toEqual(['domain/b.ts'])
    expect(lonely(sources, sources.slice(1))).toEqual(['domain/a.ts', 'domain/b.ts'])
  })

  test('files that only import each other', () => {
    const sources = [
      { path: 'commands/main.ts', text: "const a = await import('./a.ts')" },
      { path: 'commands/a.ts', text: "import type { b } from '../domain/b.ts'" },
      { path: 'domain/b.ts', text: '' },
      { path: 'domain/c.ts', text: "import { d } from './d.ts'" },
      { path: 'domain/d.ts', text: "import { c } from './c.ts'" },
    ]
    expect(unreached(sources)).toEqual(['domain/c.ts', 'domain/d.ts'])
  })
})
