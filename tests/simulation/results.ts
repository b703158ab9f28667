// What all long runs have shown so far: docs/simulation-results.json, and its tables in docs/simulation.md. Each chunk of
// seeds is added when it is done, so a run that is cut off keeps what it has proven and goes on there.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { kindOf } from './coverage.ts'

export interface Summary {
  seeds: number
  simulatedMs: number
  failed: number[]
  hits: Record<string, number>
  counts: Record<string, number>
}

interface Range {
  readonly commit: string
  readonly from: number
  readonly to: number
  readonly seconds: number
  readonly failed: readonly number[]
}

interface Results {
  readonly ranges: readonly Range[]
  readonly summary: Summary
}

const page = 'docs/simulation.md'
const file = 'docs/simulation-results.json'
const marks = ['<!-- the long run -->', '<!-- end of the long run -->'] as const

export const nothing = (): Summary => ({ seeds: 0, simulatedMs: 0, failed: [], hits: {}, counts: {} })

export const count = (into: Record<string, number>, key: string, by = 1) => {
  into[key] = (into[key] ?? 0) + by
}

export const addTo = (total: Summary, more: Summary) => {
  total.seeds += more.seeds
  total.simulatedMs += more.simulatedMs
  total.failed.push(...more.failed)
  for (const [key, times] of Object.entries(more.hits)) count(total.hits, key, times)
  for (const [key, times] of Object.entries(more.counts)) count(total.counts, key, times)
}

const read = (): Results =>
  existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { ranges: [], summary: nothing() }

/** The first seed behind all that were run. */
export const nextSeed = (): number => Math.max(0, ...read().ranges.map(({ to }) => to)) + 1

const git = (...words: string[]): string => spawnSync('git', words, { encoding: 'utf8' }).stdout.trim()

/** With a + when files were changed since, other than those that this run itself writes. */
const commit = (): string => {
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', '.', `:!${page}`, `:!${file}`)
  return `${git('rev-parse', '--short=10', 'HEAD')}${changed === '' ? '' : '+'}`
}

/** Adds a chunk that was run from seed `from` on. Ranges of one commit that touch become one. */
export const keep = (more: Summary, from: number, seconds: number): void => {
  const { ranges, summary } = read()
  addTo(summary, more)
  const next: Range = { commit: commit(), from, to: from + more.seeds - 1, seconds, failed: more.failed }
  const last = ranges.at(-1)
  const grown: readonly Range[] =
    last?.commit === next.commit && last.to + 1 === from
      ? [
          ...ranges.slice(0, -1),
          {
            ...next,
            from: last.from,
            seconds: last.seconds + seconds,
            failed: [...last.failed, ...more.failed],
          },
        ]
      : [...ranges, next]
  const results: Results = { ranges: grown, summary }
  replace(file, `${JSON.stringify(results)}\n`)
  writeTables(results)
}

const replace = (path: string, text: string) => {
  writeFileSync(`${path}.tmp`, text)
  renameSync(`${path}.tmp`, path)
}

const days = (milliseconds: number) => Math.round(milliseconds / 86_400_000)

const tablesOf = ({ ranges, summary }: Results): string =>
  [
    `${summary.seeds} runs, ${days(summary.simulatedMs)} simulated days; **${summary.failed.length} failed**.`,
    '',
    '| seeds | at commit | seconds | failed |',
    '| --- | --- | ---: | --- |',
    ...ranges.map(
      ({ from, to, commit, seconds, failed }) =>
        `| ${from} to ${to} | ${commit} | ${Math.round(seconds)} | ${failed.join(', ') || 'none'} |`,
    ),
    '',
    '| in the ledgers and at the exchange | times |',
    '| --- | ---: |',
    ...Object.entries(summary.counts)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([type, times]) => `| ${type} | ${times} |`),
    '',
    ...faultTable(summary.hits),
  ].join('\n')

/** Each kind of fault with the states of the orders that it met. */
export const faultTable = (hits: Readonly<Record<string, number>>): readonly string[] => {
  const faults = new Map<string, [state: string, times: number][]>()
  for (const [cell, times] of Object.entries(hits)) {
    const kind = kindOf(cell)
    const state = cell.slice(kind.length + 3) || '-'
    faults.set(kind, [...(faults.get(kind) ?? []), [state, times]])
  }
  return [
    '| what was done | times | to an order whose last event was |',
    '| --- | ---: | --- |',
    ...[...faults]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([kind, states]) => {
        const by = states.sort(([, a], [, b]) => b - a).map(([state, times]) => `${state} ${times}`)
        const total = states.reduce((sum, [, times]) => sum + times, 0)
        return `| ${kind} | ${total} | ${by.join(', ')} |`
      }),
  ]
}

const writeTables = (results: Results) => {
  const text = readFileSync(page, 'utf8')
  const [before, rest] = text.split(marks[0]) as [string, string]
  const after = rest.split(marks[1])[1]
  replace(page, `${before}${marks[0]}\n\n${tablesOf(results)}\n\n${marks[1]}${after}`)
}
