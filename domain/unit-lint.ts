// What systemd accepts and an operator regrets: rules over all unit files together, each a sentence.
//
// systemd-analyze verify reads one file at a time and lets dangling references, zones and limits that never bite pass.

import type { Config } from './config.ts'
import { settingsOf, type UnitSetting, valuesOf } from './unit-file.ts'
import { bookFile, tradesWatchlist } from './units.ts'

type Lint = (name: string, settings: readonly UnitSetting[], names: ReadonlySet<string>) => readonly string[]

/** Sentences about what is wrong; none when all is well. Names as in 'veritape-execute@.service'. */
export const lintUnits = (units: ReadonlyMap<string, string>): readonly string[] => {
  const names = new Set(units.keys())
  return [...units].flatMap(([name, text]) => {
    const settings = settingsOf(text)
    return lints.flatMap(lint => lint(name, settings, names)).map(sentence => `${name}: ${sentence}`)
  })
}

/** Whether the executor of a book that trades a watchlist starts behind the gate. `files` as installed, by name. */
export const lintGate = (config: Config, files: ReadonlyMap<string, string>): readonly string[] => {
  if (!tradesWatchlist(config)) return []
  const name = bookFile(config.book)
  const gated = valuesOf(settingsOf(files.get(name) ?? ''), 'ExecStartPre').some(value =>
    / watchlist check --config /.test(value),
  )
  return gated ? [] : [`${name}: the executor has no watchlist gate (ExecStartPre)`]
}

const last = (settings: readonly UnitSetting[], key: string) => valuesOf(settings, key).at(-1)
const isService = (name: string) => name.endsWith('.service')
const isTimer = (name: string) => name.endsWith('.timer')

/** The template behind a name with specifiers: 'veritape-guardian@%i.service' is 'veritape-guardian@.service'. */
const templateOf = (name: string) => name.replace(/@[^.]*\./, '@.')

const references: Lint = (_, settings, names) =>
  ['OnFailure', 'OnSuccess', 'Unit', 'Wants', 'Requires', 'After', 'BindsTo', 'PartOf', 'Conflicts']
    .flatMap(key => valuesOf(settings, key).flatMap(value => value.split(' ').map(to => [key, to] as const)))
    .filter(([, to]) => to.startsWith('veritape-') && !names.has(templateOf(to)))
    .map(([key, to]) => `${key}=${to} names a unit that is not there`)

const starters: Lint = (name, _, names) =>
  (isTimer(name) || name.endsWith('.path')) && !names.has(name.replace(/\.\w+$/, '.service'))
    ? ['starts a service that is not there']
    : []

const seconds = (value: string | undefined): number => {
  const found = /^(\d+)(?:s|sec)?$/.exec(value ?? '')?.[1]
  return found === undefined ? Number.NaN : Number(found)
}

/**
 * OnFailure comes only when systemd gives up, and it gives up only when the starts of the burst fit into the interval,
 * even when each is as slow as it may be: gate, start, stop, pause. Half of the interval is left as margin.
 */
const startLimit: Lint = (name, settings) => {
  if (!isService(name) || last(settings, 'Restart') === undefined) return []
  const interval = seconds(last(settings, 'StartLimitIntervalSec'))
  const burst = Number(last(settings, 'StartLimitBurst'))
  const start = seconds(last(settings, 'TimeoutStartSec'))
  const cycle = start * 2 + seconds(last(settings, 'TimeoutStopSec')) + seconds(last(settings, 'RestartSec'))
  return interval >= burst * cycle
    ? []
    : [`its start limit (${burst} in ${interval} s) never trips: a failure may take ${cycle} s`]
}

const zones: Lint = (name, settings) => {
  if (!isTimer(name)) return []
  const sentences = valuesOf(settings, 'OnCalendar').flatMap(value =>
    value.endsWith(' UTC') || /^Mon\.\.Fri \d\d:\d\d America\/New_York$/.test(value)
      ? []
      : [`OnCalendar=${value} must name UTC, or a time of day in New York: other zones skip an hour a year`],
  )
  return last(settings, 'AccuracySec') === undefined
    ? [...sentences, 'has no AccuracySec: it may be a minute late']
    : sentences
}

const hanging: Lint = (_, settings) =>
  last(settings, 'Type') === 'oneshot' && Number.isNaN(seconds(last(settings, 'TimeoutStartSec')))
    ? ['is a oneshot without TimeoutStartSec: when it hangs, it is never started again']
    : []

/** The guardian and what it asks for must not call the guardian. */
const unheard: Lint = (name, settings) => {
  if (!isService(name)) return []
  const silent = /^veritape-(?:guardian|all-clear|restart|restart-unit)@/.test(name)
  const called = last(settings, 'OnFailure') !== undefined
  if (silent) return called ? ['must not have OnFailure: it would call itself'] : []
  return called ? [] : ['has no OnFailure: nobody hears of its failure']
}

const refusals: Lint = (_, settings) =>
  last(settings, 'Restart') !== undefined && last(settings, 'RestartPreventExitStatus') !== '78'
    ? ['restarts on exit 78: a refused configuration is no better the next time']
    : []

const secrets: Lint = (_, settings) =>
  valuesOf(settings, 'Environment')
    .filter(value => /key|secret|token|password|passphrase/i.test(value))
    .map(() => 'has a secret in Environment, which every user can read; use LoadCredential')

/** Only 10 means 'no session'. Node's own 1 for a crash would skip the morning in silence: every other code is a failure. */
const sessionGate =
  /check session .*; c=\$\$\?; case \$\$c in 0\) exit 0;; 10\) exit 1;; \*\) exit 255;; esac'$/

const gates: Lint = (name, settings) =>
  /^veritape-(?:scan|execute-restart|preflight)@\.service$/.test(name) &&
  !valuesOf(settings, 'ExecCondition').some(value => sessionGate.test(value))
    ? ['has no gate of trading days (ExecCondition), or one that takes a crash for a holiday']
    : []

const lints: readonly Lint[] = [
  references,
  starters,
  startLimit,
  zones,
  hanging,
  unheard,
  refusals,
  secrets,
  gates,
]
