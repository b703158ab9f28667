// The moment of a deployment: link, units, restarts, a look at what runs then; and all of it backwards when one of them
// fails. Nothing here is left half: a mark in the folder says that it was under way.

import { type Installed, type ReleaseHealth, type Releases, readHealth, worsened } from '../domain/release.ts'
import { lintUnits } from '../domain/unit-lint.ts'
import { isTemplate } from '../domain/units.ts'
import type { DeployedBook } from './deploy-checks.ts'
import type { Engine } from './engine.ts'

export interface Switch {
  readonly release: string
  readonly before: string | undefined
  readonly node: string
  readonly books: readonly DeployedBook[]
  /** Seconds to watch a book that was restarted. */
  readonly settle: number
}

export interface Outcome {
  /** 'stuck': the way back failed too, and a person is needed. */
  readonly kind: 'done' | 'rolled back' | 'stuck'
  readonly why: string
}

/** A step that failed, and so all of them. */
class StepFailed extends Error {}

export const switchTo = async (engine: Engine, releases: Releases, wanted: Switch): Promise<Outcome> => {
  const { screen, units } = engine
  const { release, before, books, node } = wanted
  const program: Installed = { node, prefix: releases.link }
  const files = units.installed()
  const enabled = enabledOf(engine, books)
  const wasWell = new Map<string, ReleaseHealth | undefined>()
  for (const book of books) wasWell.set(book.book, await healthOf(releases, book, book))
  const restarted: string[] = []
  const earlier = releases.previous()
  // Where a deployment was cut off, the one before may be the one that is asked for: then the other of the two is behind it.
  const cutOff = releases.interrupted()?.to
  const behind = [before, releases.current(), earlier, cutOff].find(
    each => each !== undefined && each !== release,
  )
  releases.begin(release)
  releases.relink(release, behind)
  screen.say(`linked ${releases.link} → ${release}`)
  try {
    for (const book of books) await installUnits(engine, releases, program, book)
    for (const book of books) {
      await restart(engine, releases, program, book, restarted)
      await verify(
        engine,
        releases,
        { ...book, ...program },
        wanted.settle,
        wasWell.get(book.book),
        restarted,
      )
    }
    releases.end()
    return { kind: 'done', why: '' }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    screen.say(screen.style.bad(`${why}: rolling back`))
    releases.relink(before, earlier === before ? undefined : earlier)
    const objection = takeBack(engine, files, enabled, books, restarted)
    if (objection !== undefined)
      return { kind: 'stuck', why: `${why}; and the way back failed: ${objection}` }
    releases.end()
    return { kind: 'rolled back', why }
  }
}

const installUnits = async (
  { screen, units }: Engine,
  releases: Releases,
  program: Installed,
  { book, user, credentials, configuration }: DeployedBook,
) => {
  const place = ['--prefix', program.prefix, '--node', program.node, '--user', user]
  const argv = [
    '--config',
    configuration,
    ...place,
    ...(credentials.length > 0 ? ['--credential', ...credentials] : []),
  ]
  const installed = await releases.runHere(program, ['units', 'install', ...argv, '--yes'])
  if (installed.code !== 0) throw new StepFailed(`units of ${book} not installed: ${installed.stderr.trim()}`)
  const verified = await releases.runHere(program, ['units', 'verify', ...argv])
  if (verified.code !== 0) throw new StepFailed(`units of ${book} are not sound: ${verified.stdout.trim()}`)
  // The release judged itself; this program judges it too, by the rules that it knows.
  const [objection] = lintUnits(new Map([...units.installed()].filter(([name]) => isTemplate(name))))
  if (objection !== undefined) throw new StepFailed(`units of ${book}: ${objection}`)
  screen.say(`${book}: units are installed, its gates among them`)
}

/** Views before trader: they understand what the trader before wrote, and must understand what the next one writes. */
const restart = async (
  { screen, units }: Engine,
  releases: Releases,
  program: Installed,
  book: DeployedBook,
  restarted: string[],
) => {
  for (const unit of ['project', 'execute']) {
    const name = `veritape-${unit}@${book.book}.service`
    if (units.control('is-active', name).said !== 'active') {
      screen.say(`${name} does not run; it takes the new release when it starts`)
      continue
    }
    if (unit === 'execute' && isGated(units.installed(), book.book)) {
      const gate = await releases.run(program, ['watchlist', 'check', '--config', book.configuration], book)
      if (gate.code !== 0) {
        screen.say(
          `${name} goes on with the release before, because the gate would refuse it now: ${gate.stdout.trim()}${gate.stderr.trim()}`,
        )
        continue
      }
    }
    restarted.push(name)
    const { code, said } = units.control('restart', name)
    if (code !== 0) throw new StepFailed(`${name} did not start: ${said}`)
    screen.say(`${name} is ready`)
  }
}

const isGated = (installed: ReadonlyMap<string, string>, book: string): boolean =>
  / watchlist check /.test(installed.get(`veritape-execute@${book}.service.d/book.conf`) ?? '')

/** What was restarted must go on running, and nothing be unhealthy that was not. */
const verify = async (
  { screen, units, clock, signal }: Engine,
  releases: Releases,
  book: DeployedBook,
  settle: number,
  before: ReleaseHealth | undefined,
  restarted: readonly string[],
) => {
  const own = restarted.filter(name => name.endsWith(`@${book.book}.service`))
  if (own.length === 0) return
  const restarts = () =>
    own.map(name => units.control('show', name, '-p', 'NRestarts', '--value').said).join()
  const atFirst = restarts()
  await clock.sleep(settle * 1000, signal)
  for (const name of own)
    if (units.control('is-active', name).said !== 'active') throw new StepFailed(`${name} stopped again`)
  if (restarts() !== atFirst) throw new StepFailed(`${own.join(' or ')} crashed and was restarted`)
  const after = await healthOf(releases, book, book)
  if (after === undefined) throw new StepFailed(`${book.book}: the health check itself failed`)
  const [worse] = worsened(before, after)
  if (worse !== undefined) throw new StepFailed(`${book.book} is unhealthy: ${worse}`)
  screen.say(`${book.book}: ${after.verdict} after ${settle} s`)
}

const healthOf = async (releases: Releases, program: Installed, book: DeployedBook) =>
  readHealth(
    (await releases.run(program, ['check', 'health', '--json', '--config', book.configuration], book)).stdout,
  )

/** Enabled units of the books. */
const enabledOf = ({ units }: Engine, books: readonly DeployedBook[]): readonly string[] =>
  instancesOf(units.installed(), books).filter(name => units.control('is-enabled', name).said === 'enabled')

const instancesOf = (installed: ReadonlyMap<string, string>, books: readonly DeployedBook[]) =>
  books.flatMap(({ book }) =>
    [...installed.keys()].filter(isTemplate).map(name => name.replace('@.', `@${book}.`)),
  )

/** Unit files, enabled units and running ones as they were; gives why that failed. */
const takeBack = (
  engine: Engine,
  files: ReadonlyMap<string, string>,
  enabled: readonly string[],
  books: readonly DeployedBook[],
  restarted: readonly string[],
): string | undefined => {
  const { units, screen } = engine
  const now = units.installed()
  const added = enabledOf(engine, books).filter(name => !enabled.includes(name))
  if (added.length > 0) units.control('disable', '--now', ...added)
  for (const name of now.keys()) if (!files.has(name)) units.remove(name)
  for (const [name, text] of files) if (now.get(name) !== text) units.write(name, text)
  const steps = [
    ['daemon-reload'],
    ['enable', ...enabled],
    ['restart', ...enabled.filter(name => !name.endsWith('.service'))],
    ...restarted.flatMap(name => [
      ['reset-failed', name],
      ['restart', name],
    ]),
  ].filter(([word, ...names]) => word === 'daemon-reload' || names.length > 0)
  const objections = steps.flatMap(words => {
    const { code, said } = units.control(...words)
    return code === 0 ? [] : [`systemctl ${words.join(' ')}: ${said}`]
  })
  if (objections.length === 0) screen.say('units, links and processes are as they were')
  return objections[0]
}
