// Which units a book has, and the port to the machine that runs them.

import type { Config } from './config.ts'
import { type Place, rendered, settingsOf, valuesOf } from './unit-file.ts'

/** The machine's units, and those that this program ships. */
export interface Units {
  /** Where units, the system users and the configurations lie, for people. */
  readonly folder: string
  /** Where the program lies and which node runs it. */
  readonly home: Pick<Place, 'prefix' | 'node'>
  /** Templates and their parts, as shipped, by name: 'veritape-execute@.service', 'hardening.conf'. */
  shipped(): ReadonlyMap<string, string>
  /** Our files on the machine, by name; drop-ins as 'veritape-execute@paper.service.d/book.conf'. */
  installed(): ReadonlyMap<string, string>
  write(name: string, text: string): void
  remove(name: string): void
  /** Makes the system user and what else must be there before a unit starts. Repeatable. */
  prepare(book: string, user: string): void
  /** Runs systemctl; gives its exit code and what it said. */
  control(...words: readonly string[]): { readonly code: number; readonly said: string }
  /** Configuration of a book as its units read it, for people; and whether it is there. */
  configuration(book: string): { readonly path: string; readonly there: boolean }
}

/** Seconds: the watchdog must outlast a turn and the pause before it. */
const watchdogOf = ({ execute }: Config): number => Math.max(60, Math.ceil(execute.pollSeconds * 3) + 30)

/** A book that trades what the scan finds; the others trade what their configuration names. */
export const tradesWatchlist = ({ execute, calendar }: Config): boolean =>
  calendar === 'nyse' && execute.symbols.length === 0

/** Units of the morning: for books that trade a watchlist, and for books that have sessions at all. */
const ofWatchlists = /^veritape-(?:scan|execute-restart)@/
const ofSessions = /^veritape-preflight@/

/** Units besides the executor that ask the venue, and so need its keys. The views, seals and reports never see them. */
const withKeys = ['scan', 'integrity', 'health', 'preflight', 'audit'] as const

/** Units that a guardian may have restarted besides the book's own: one instance for each of them. */
const ofOtherUnits = /^veritape-restart-unit@/
/** A book of which somebody outside shall hear. */
const ofNotices = /^veritape-notify@/

/** What is enabled and started for a book. Services without an [Install] section are started by these. */
export const enabledUnits = (config: Config, templates: Iterable<string>): readonly string[] => {
  const own = [...templates]
    .filter(name => /^veritape-(?:execute|project|notify)@\.service$|\.(?:timer|path)$/.test(name))
    .filter(name => !ofOtherUnits.test(name))
    .filter(name => tradesWatchlist(config) || !ofWatchlists.test(name))
    .filter(name => config.calendar === 'nyse' || !ofSessions.test(name))
    .filter(name => config.notify.channels.length > 0 || !ofNotices.test(name))
    .map(name => name.replace('@.', `@${config.book}.`))
  const others = config.guard.units.map(
    unit => `veritape-restart-unit@${unit.replace(/\.service$/, '')}.path`,
  )
  return [...own, ...others].sort()
}

/** Whether a file is the template of a unit, and not a drop-in: 'veritape-execute@.service'. */
export const isTemplate = (name: string): boolean => /@\.\w+$/.test(name)

/** The drop-in that says what is special about a book's executor. */
export const bookFile = (book: string): string => `veritape-execute@${book}.service.d/book.conf`

/** Books that have units, from the names of installed files. */
export const installedBooks = (names: Iterable<string>): readonly string[] =>
  [...names].flatMap(name => /^veritape-execute@(.+)\.service\.d\/book\.conf$/.exec(name)?.[1] ?? []).sort()

/** Credentials of who is told, which nobody who trades needs. */
const forMessages = /^VERITAPE_/

/** Every file that a book needs on this machine, by name. `credentials` are names of files under /etc/veritape/credentials/<book>/. */
export const filesOf = (
  config: Config,
  place: Place,
  shipped: ReadonlyMap<string, string>,
  credentials: readonly string[],
): ReadonlyMap<string, string> => {
  const files = new Map<string, string>()
  for (const [name, text] of shipped)
    if (/^veritape-.*@\.(?:service|timer|path)$/.test(name)) files.set(name, rendered(text, place, shipped))
  const { book } = config
  const gate = `ExecStartPre=${place.node} ${place.prefix}/dist/commands/main.js watchlist check --config /etc/veritape/%i.json`
  const loaded = (names: readonly string[]) =>
    names.map(name => `LoadCredential=${name}:/etc/veritape/credentials/%i/${name}`)
  const ofMessages = credentials.filter(name => forMessages.test(name))
  const ofVenue = credentials.filter(name => !forMessages.test(name))
  const lines = [
    '[Service]',
    `WatchdogSec=${watchdogOf(config)}`,
    ...(tradesWatchlist(config) ? [gate] : []),
    ...loaded(ofVenue),
  ]
  files.set(bookFile(book), `${lines.join('\n')}\n`)
  // The guardian runs the health check, which asks the venue, and says its own alarms.
  const shares: ReadonlyArray<readonly [unit: string, names: readonly string[]]> = [
    ...withKeys.map(unit => [unit, ofVenue] as const),
    ['guardian', credentials],
    ['all-clear', credentials],
    ['notify', ofMessages],
  ]
  for (const [unit, names] of shares)
    if (names.length > 0)
      files.set(`veritape-${unit}@${book}.service.d/book.conf`, `[Service]\n${loaded(names).join('\n')}\n`)
  if (config.calendar === 'always') files.set(`veritape-audit@${book}.timer.d/book.conf`, aroundTheClock)
  return files
}

/** A book that never closes is audited behind its day, which ends at midnight UTC. */
const aroundTheClock = '[Timer]\nOnCalendar=\nOnCalendar=*-*-* 00:30 UTC\n'

/** How a book is installed, from its unit files: what an upgrade must keep. Undefined when it is not. */
export const installationOf = (
  installed: ReadonlyMap<string, string>,
  book: string,
): (Place & { readonly credentials: readonly string[] }) | undefined => {
  const template = settingsOf(installed.get('veritape-execute@.service') ?? '')
  const [, node, prefix] =
    /(\S+) (\S+)\/dist\/commands\/main\.js /.exec(valuesOf(template, 'ExecStart').at(-1) ?? '') ?? []
  const user = valuesOf(template, 'User').at(-1)
  const own = installed.get(bookFile(book))
  if (node === undefined || prefix === undefined || user === undefined || own === undefined) return undefined
  // The guardian is given all of them.
  const guardian = installed.get(`veritape-guardian@${book}.service.d/book.conf`) ?? own
  const keys = valuesOf(settingsOf(guardian), 'LoadCredential')
  return { node, prefix, user, credentials: keys.map(value => value.split(':')[0] ?? '') }
}
