// That the benchmarks run and say all they promise. Not how fast anything is: this machine may be busy.

import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const promised = [
  'append_durable_vs_raw',
  'append_group_vs_sqlite',
  'replay_vs_jsonparse',
  'sealed_replay_vs_jsonparse',
  'filter_vs_jsonparse',
  'day_of_100_vs_1',
  'open_10y_vs_1d',
  'startup_vs_node',
  'backtest_vs_grademark',
  'scan_500',
  'scan_3000',
  'order_path_vs_bare',
  'order_wire_vs_bare',
  'append_group_vs_lmdb',
  'append_one_vs_sqlite',
  'append_one_vs_sqlite_normal',
  'append_one_vs_lmdb',
  'append_one_vs_emmett',
]

/** What needs somebody else's program, which is not installed with ours. */
const peers: Readonly<Record<string, string>> = {
  append_group_vs_sqlite: 'better-sqlite3',
  backtest_vs_grademark: 'grademark',
  append_group_vs_lmdb: 'lmdb',
  append_one_vs_sqlite: 'better-sqlite3',
  append_one_vs_sqlite_normal: 'better-sqlite3',
  append_one_vs_lmdb: 'lmdb',
  append_one_vs_emmett: '@event-driven-io/emmett-sqlite',
}

interface Detail {
  readonly better: 'higher' | 'lower'
  readonly skipped?: string
  readonly rounds?: number
  readonly target: number | null
  readonly met: boolean | null
}

const meets = ({ better, target }: Detail, ratio: number): boolean =>
  better === 'higher' ? ratio >= Number(target) : ratio <= Number(target)

test('a quick run of the benchmarks measures every ratio that it has the peers for', () => {
  const tsc = ['node_modules/typescript/bin/tsc', '-p', 'tests/bench/tsconfig.json']
  execFileSync(process.execPath, tsc, { stdio: 'pipe' })
  const bench = ['node_modules/.cache/veritape-bench/tests/bench/run.js', '--quick', '--json']
  const printed = execFileSync(process.execPath, bench, { encoding: 'utf8', stdio: 'pipe' })
  const result = JSON.parse(printed) as Record<string, unknown> & { details: Record<string, Detail> }
  expect(Object.keys(result).slice(0, promised.length)).toEqual(promised)
  expect(Object.keys(result.details)).toEqual(promised)
  expect(result.size).toBe('quick')
  for (const name of promised) {
    const detail = result.details[name] as Detail
    if (detail.skipped === undefined) {
      expect(result[name], name).toBeGreaterThan(0)
      expect(detail.rounds, name).toBe(1)
      if (detail.target === null) expect(detail.met, name).toBeNull()
      else expect(detail.met, name).toBe(meets(detail, result[name] as number))
    } else {
      expect(result[name], name).toBeNull()
      expect(detail.skipped, name).toBe(`${peers[name]} is not installed`)
    }
  }
})

test('a benchmark that does not exist is refused by name', () => {
  const bench = ['node_modules/.cache/veritape-bench/tests/bench/run.js', 'append_faster']
  expect(() => execFileSync(process.execPath, bench, { stdio: 'pipe' })).toThrow('append_faster')
})
