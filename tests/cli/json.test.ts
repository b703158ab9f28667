// --json: one JSON value on stdout and nothing else there, for every verb; and text without it. In a pipe neither has
// colour or control characters.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { project } from '../checkout.ts'
import { demo } from '../demo-ledger.ts'
import { copyOf } from './files.ts'
import { cryptoExample, equitiesExample, veritape } from './veritape.ts'

const crypto = ['--config', cryptoExample]
const equities = ['--config', equitiesExample]
const candles = ['--from', '2023-03-21', '--until', '2023-03-22']

/** In this order on one copy of the demo: a resume needs a halt before it. {format} is text, then json. */
const cases: Readonly<Record<string, readonly string[]>> = {
  demo: ['demo'],
  scan: ['scan', '--as-of', '2015-10-30T08:30', ...equities],
  'watchlist check': ['watchlist', 'check', '--as-of', '2015-10-30T08:35', ...equities],
  execute: ['execute', '--paper', '--until', '2023-03-25', ...crypto],
  project: ['project', '--once', ...crypto],
  rebuild: ['rebuild', ...crypto],
  intent: ['intent', 'buy', 'BTC/USDT', '--id', 'a', '--quantity', '0.01', ...crypto],
  halt: ['halt', '--reason', 'a test', ...crypto],
  resume: ['resume', ...crypto],
  status: ['status', ...crypto],
  replay: ['replay', '2023-03-24', ...crypto],
  'replay --prove': ['replay', '2023-03-24', '--prove', ...crypto],
  why: ['why', '3000', ...crypto],
  'why-not': ['why-not', 'BTC/USDT', ...crypto],
  verify: ['verify', ...crypto],
  audit: ['audit', ...crypto],
  'report kpi': ['report', 'kpi', ...crypto],
  'report costs': ['report', 'costs', ...crypto],
  'report latency': ['report', 'latency', ...crypto],
  backtest: ['backtest', '--symbol', 'BTC/USDT', '--strategy', 'breakout', ...candles, ...crypto],
  'check config': ['check', 'config', ...crypto],
  'check session': ['check', 'session', '--as-of', '2015-10-30T08:30', ...equities],
  'config show': ['config', 'show', ...crypto],
  export: ['export', '--out', 'all-{format}.jsonl', ...crypto],
  import: ['import', 'all-{format}.jsonl', '--book', 'imported-{format}', '--mode', 'backtest'],
  backup: ['backup', 'copy-{format}', ...crypto],
  restore: ['restore', 'copy-{format}', '--ledger', 'restored-{format}', ...crypto],
  seal: ['seal', ...crypto],
  repair: ['repair', ...crypto],
  retain: ['retain', '--dry-run', ...crypto],
  snapshot: ['snapshot', ...crypto],
  reconcile: ['reconcile', ...crypto],
  'check preflight': ['check', 'preflight', '--as-of', '2015-10-30T08:35', ...equities],
  'check health': ['check', 'health', ...crypto],
  'units list': ['units', 'list', ...crypto],
  guard: ['guard', '--dry-run', ...crypto, '--', 'true'],
}

/** Verbs that need more than a demo: a list of tickers, a server, a machine with systemd. Where they are run. */
const elsewhere: Readonly<Record<string, string>> = {
  fetch: 'tests/commands/fetch.test.ts',
  copy: 'tests/cli/eventstoredb.test.ts',
  deploy: 'tests/systemd/deploy.test.ts',
  notify: 'tests/commands/notify.test.ts',
  'units install': 'tests/systemd/operate.test.ts',
  'units verify': 'tests/systemd/operate.test.ts',
  'units uninstall': 'tests/systemd/operate.test.ts',
}

const cwd = copyOf((await demo()).folder)
const runIn = (format: 'text' | 'json', argv: readonly string[]) => {
  const named = argv.map(word => word.replace('{format}', format))
  const folders = ['--state', 'state', ...(argv.includes('--ledger') ? [] : ['--ledger', 'ledger'])]
  const flags = [...folders, ...(format === 'json' ? ['--json'] : [])]
  // What stands behind '--' is another command's.
  const own = named.includes('--') ? named.indexOf('--') : named.length
  return veritape([...named.slice(0, own), ...flags, ...named.slice(own)], { cwd })
}
/** All but end of line and what a table pads with. */
const control = /[^\P{Cc}\n]/u

test.each(Object.entries(cases))('%s', async (_, argv) => {
  const asText = await runIn('text', argv)
  const asJson = await runIn('json', argv)
  expect(asText).toMatchObject({ code: 0, stderr: '' })
  expect(asJson).toMatchObject({ code: 0, stderr: '' })

  expect(asText.stdout).toMatch(/\w/)
  expect(asText.stdout).not.toMatch(control)
  expect(asText.stdout).not.toMatch(/[ \t]\n/)
  expect(() => JSON.parse(asText.stdout)).toThrow()

  expect(asJson.stdout).toMatch(/^[{[].*[}\]]\n$/)
  expect(JSON.parse(asJson.stdout)).toBeTruthy()
})

const isListed = (verb: string) => cases[verb] !== undefined || elsewhere[verb] !== undefined

test('every verb of --help is in the lists above', async () => {
  const verbsOf = async (...words: readonly string[]): Promise<readonly string[]> => {
    const { stdout } = await veritape([...words, '--help'], { cwd })
    const [, listed = ''] = /Commands:\n(.*?)\n\n/s.exec(stdout) ?? []
    const names = listed.match(/(?<=^ +veritape )[a-z-]+(?: [a-z-]+)?(?= )/gm) ?? []
    const nested = await Promise.all(
      names.map(async name => (isListed(name) ? [name] : verbsOf(...name.split(' ')))),
    )
    return names.length === 0 ? [words.join(' ')] : nested.flat()
  }
  const verbs = [...new Set(await verbsOf())]
  expect(verbs.length).toBeGreaterThan(15)
  expect(verbs.filter(verb => !isListed(verb))).toEqual([])
  for (const [verb, file] of Object.entries(elsewhere))
    expect(readFileSync(join(project, file), 'utf8'), file).toContain(`${verb.split(' ').at(-1)}`)
})

test('an error is JSON too, with its exit code, and its sentence on stderr', async () => {
  const failed = await veritape(['status', '--book', 'nowhere', '--json'], { cwd })
  expect(failed.code).toBe(65)
  const { error, exit } = JSON.parse(failed.stdout) as Record<string, unknown>
  expect(exit).toBe(65)
  expect(failed.stderr).toBe(`veritape: ${error}\n`)
})
