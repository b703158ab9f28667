// What installing a book's units would change on this machine: files that are new, other or no longer wanted, and units
// that are to be enabled or disabled.

import { lineDiff } from '../domain/line-diff.ts'
import { objectionTo, type Place } from '../domain/unit-file.ts'
import { enabledUnits, filesOf, installationOf, isTemplate } from '../domain/units.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'

export interface PlaceOptions {
  prefix?: string | undefined
  user?: string | undefined
  node?: string | undefined
  /** Those that are installed when left out: nobody shall lose a key by forgetting to name it. An empty name is none. */
  credential?: string[] | undefined
}

export interface Change {
  readonly name: string
  /** Undefined for a file that is not there yet. */
  readonly before: string | undefined
  /** Undefined for a file that goes. */
  readonly after: string | undefined
}

export interface Changes {
  readonly files: readonly Change[]
  /** Wanted, and not enabled yet. */
  readonly enable: readonly string[]
  /** Enabled, and no longer wanted: of another configuration of the book, or of another version of the program. */
  readonly disable: readonly string[]
  /** Everything that is enabled when it is done. */
  readonly enabled: readonly string[]
  readonly user: string
}

/** Throws Stop for a place that units could not use, and for a book without a configuration where its units read it. */
export const changesFor = (engine: Engine, options: PlaceOptions): Changes => {
  const { units, config } = engine
  const installed = units.installed()
  const now = installationOf(installed, config.book)
  const user = options.user ?? now?.user ?? 'veritape'
  const credentials = options.credential?.filter(name => name !== '') ?? now?.credentials ?? []
  const wanted = wantedFiles(engine, options, user, credentials)
  const enabled = enabledUnits(config, wanted.keys())
  const isEnabled = (name: string) => units.control('is-enabled', name).said === 'enabled' // and not static
  // What this program wrote once; drop-ins with other names are the operator's.
  const isOurs = (name: string) =>
    isTemplate(name) || name.endsWith(`@${config.book}.${kindOf(name)}.d/book.conf`)
  return {
    files: [
      ...[...wanted].map(([name, after]) => ({ name, before: installed.get(name), after })),
      ...[...installed]
        .filter(([name]) => isOurs(name) && !wanted.has(name))
        .map(([name, before]) => ({ name, before, after: undefined })),
    ].filter(({ before, after }) => before !== after),
    enabled,
    user,
    enable: enabled.filter(name => !isEnabled(name)),
    disable: [...installed.keys()]
      .filter(isTemplate)
      .map(name => name.replace('@.', `@${config.book}.`))
      .filter(name => !enabled.includes(name) && isEnabled(name)),
  }
}

/** A new file as one line, a changed one as its diff. */
export const showChanges = ({ screen, units }: Engine, { files, enable, disable }: Changes): void => {
  for (const { name, before, after } of files) {
    const path = `${units.folder}/${name}`
    if (after === undefined) screen.say(screen.style.bad(`remove ${path}`))
    else if (before === undefined)
      screen.say(screen.style.good(`new ${path}, ${after.split('\n').length - 1} lines`))
    else {
      screen.heading(`changed ${path}`)
      for (const line of lineDiff(before, after))
        if (line.startsWith('+')) screen.say(screen.style.good(line))
        else if (line.startsWith('-')) screen.say(screen.style.bad(line))
    }
  }
  for (const name of enable) screen.say(`enable ${name}`)
  for (const name of disable) screen.say(`disable ${name}`)
}

const kindOf = (name: string): string => /\.(service|timer|path)\.d\//.exec(name)?.[1] ?? ''

const wantedFiles = (
  engine: Engine,
  options: PlaceOptions,
  user: string,
  credentials: readonly string[],
): ReadonlyMap<string, string> => {
  const { units, config } = engine
  const place: Place = {
    prefix: options.prefix ?? units.home.prefix,
    user,
    node: options.node ?? units.home.node,
  }
  const objection = objectionTo(place)
  if (objection !== undefined) throw new Stop(exit.refused, objection)
  for (const name of credentials)
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name))
      throw new Stop(
        exit.usage,
        `--credential ${name} is no name; it names a file, not its path or its content`,
      )
  const { path, there } = units.configuration(config.book)
  if (!there)
    throw new Stop(
      exit.refused,
      `the units of ${config.book} read ${path}, which is not there; put the configuration there first`,
    )
  return filesOf(config, place, units.shipped(), credentials)
}
