// veritape deploy SOURCE   The program of a machine by another release of it: fetched, proven on yesterday's decisions,
// linked, restarted and looked at; and the old one again when that goes wrong.
//
//   fetch ─▶ look and prove ─▶ link and install units ─▶ restart ─▶ verify ─▶ done (0)
//     │            │                    └──────────────────┴──────────┴──▶ roll back ─▶ 1, or 2 when that failed too
//     └────────────┴──▶ nothing that runs was touched (65, 78)

import { dayToProve, type Releases, ReleaseUnusable, sourceOf } from '../domain/release.ts'
import { dateIn } from '../domain/time.ts'
import { installationOf, installedBooks } from '../domain/units.ts'
import type { Command } from './command.ts'
import { type DeployedBook, lookAt } from './deploy-checks.ts'
import { switchTo } from './deploy-switch.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'

interface Options {
  source?: string | undefined
  to: string
  accept: boolean
  rollback: boolean
  'dry-run': boolean
  sha256?: string | undefined
  settle: number
  keep: number
}

export const deploy: Command<Options> = {
  options: yargs =>
    yargs
      .positional('source', { type: 'string', describe: 'A folder, a .tgz, its address, or git+URL#REF' })
      .option('to', { type: 'string', default: '/opt/veritape', describe: 'Folder of the releases' })
      .option('accept', { type: 'boolean', default: false, describe: 'Go on although decisions changed' })
      .option('rollback', { type: 'boolean', default: false, describe: 'The release before this one again' })
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'Fetch and prove; change nothing that runs',
      })
      .option('sha256', { type: 'string', describe: 'SHA-256 that the archive must have' })
      .option('settle', { type: 'number', default: 15, describe: 'Seconds to watch a restarted book' })
      .option('keep', { type: 'number', default: 3, describe: 'Releases to keep' }),
  run: async (engine, options) => {
    const releases = await engine.releases(options.to)
    const free = releases.hold()
    if (free === undefined)
      throw new Stop(
        exit.tryAgain,
        `another deployment holds ${releases.folder}/DEPLOY; wait until it has ended`,
      )
    try {
      return await deployHeld(engine, releases, options)
    } catch (error) {
      if (error instanceof ReleaseUnusable)
        throw new Stop(exit.badData, `${error.message}; nothing that runs was touched`)
      throw error
    } finally {
      free()
    }
  },
}

const deployHeld = async (engine: Engine, releases: Releases, options: Options): Promise<number> => {
  const { screen } = engine
  const broken = releases.interrupted()
  if (broken !== undefined)
    screen.say(screen.style.warn(`a deployment of ${broken.to} was cut off; this one takes its place`))
  const release = await chosen(engine, releases, options)
  const before = broken === undefined ? releases.current() : broken.from
  const books = booksOf(engine)
  if (release === releases.current() && broken === undefined) {
    screen.say(`${release} is the one that runs; veritape units verify looks at its units`)
    screen.result({ release, before, outcome: 'already', books: books.map(({ book }) => book) })
    return exit.done
  }
  const program = { node: nodeOf(engine), prefix: releases.prefixOf(release) }
  if (books.length === 0) screen.say('no book is installed here: there is nothing to prove or restart')
  for (const book of books) {
    if (engine.signal.aborted) throw new Stop(exit.tryAgain, 'stopped; nothing that runs was touched')
    const day = dayToProve(releases.daysOf(book.book), dateIn(engine.config.zone, engine.clock.now()))
    const { objections, changed } = await lookAt(engine, releases, program, book, day)
    if (objections.length > 0) {
      for (const sentence of objections) screen.say(screen.style.bad(`${book.book}: ${sentence}`))
      throw new Stop(
        exit.refused,
        `${release} cannot run ${book.book} as it is configured; nothing that runs was touched`,
      )
    }
    if (changed > 0 && !options.accept && !options.rollback)
      throw new Stop(
        exit.refused,
        `${release} would have decided ${changed} of ${book.book}'s decisions of ${day} otherwise; nothing that runs was touched. If that is wanted: --accept`,
      )
  }
  if (options['dry-run']) {
    for (const book of books) await showUnits(engine, releases, program, book)
    screen.say(`${release} is ready in ${program.prefix}; nothing that runs was touched`)
    screen.result({ release, before, outcome: 'dry run', books: books.map(({ book }) => book) })
    return exit.done
  }
  const outcome = await switchTo(engine, releases, {
    release,
    before,
    node: program.node,
    books,
    settle: options.settle,
  })
  if (outcome.kind === 'done')
    for (const name of releases.prune(options.keep)) screen.say(`removed the old release ${name}`)
  screen.result({
    release,
    before,
    outcome: outcome.kind,
    books: books.map(({ book }) => book),
    why: outcome.why,
  })
  if (outcome.kind === 'done') screen.say(screen.style.good(`${release} runs`))
  else if (outcome.kind === 'rolled back')
    screen.say(
      screen.style.bad(
        `${release} was taken back: ${outcome.why}. ${before ?? 'What was there before'} runs again`,
      ),
    )
  else
    screen.say(
      screen.style.bad(
        `${outcome.why}. Look at systemctl status 'veritape-*' and docs/runbooks.md, roll back`,
      ),
    )

  return { done: exit.done, 'rolled back': 1, stuck: 2 }[outcome.kind]
}

/** The release that was asked for, ready to run. */
const chosen = async (engine: Engine, releases: Releases, options: Options): Promise<string> => {
  const { screen } = engine
  if (options.rollback && options.source !== undefined)
    throw new Stop(exit.usage, 'deploy --rollback takes the release before this one, and no source')
  if (options.rollback) {
    const previous = releases.previous()
    if (previous === undefined)
      throw new Stop(
        exit.refused,
        `${releases.folder} has no release before the current one; deploy one by its source`,
      )
    return previous
  }
  if (options.source === undefined)
    throw new Stop(exit.usage, 'deploy what? veritape deploy veritape-0.2.0.tgz, or --rollback')
  const progress = screen.progress('fetching and installing the release')
  try {
    return await releases.bring(sourceOf(options.source), options.sha256, nodeOf(engine), line =>
      screen.say(line),
    )
  } finally {
    progress.stop()
  }
}

const nodeOf = ({ units }: Engine): string => units.home.node

/** Books with units on this machine: all of them share the program. */
const booksOf = ({ units }: Engine): readonly DeployedBook[] => {
  const installed = units.installed()
  return installedBooks(installed.keys()).flatMap(book => {
    const found = installationOf(installed, book)
    return found === undefined ? [] : [{ book, ...found, configuration: units.configuration(book).path }]
  })
}

const showUnits = async (
  { screen }: Engine,
  releases: Releases,
  program: { readonly node: string; readonly prefix: string },
  { book, user, credentials, configuration }: DeployedBook,
) => {
  const place = ['--prefix', releases.link, '--node', program.node, '--user', user]
  const keys = credentials.flatMap(name => ['--credential', name])
  const { stdout, stderr } = await releases.runHere(program, [
    ...['units', 'install', '--config', configuration, ...place, ...keys],
  ])
  screen.heading(`units of ${book}`)
  screen.say(`${stdout}${stderr}`.trim())
}
