// veritape units install|verify|list|uninstall   What systemd runs for a book. Shows what would change before it
// changes anything; doing it twice changes nothing.

import type { Argv } from 'yargs'
import { settingsOf } from '../domain/unit-file.ts'
import { lintGate, lintUnits } from '../domain/unit-lint.ts'
import { bookFile, enabledUnits, installedBooks, isTemplate, type Units } from '../domain/units.ts'
import type { Command } from './command.ts'
import { exit, Stop } from './exit.ts'
import { changesFor, type PlaceOptions, showChanges } from './unit-changes.ts'
import { nextRuns } from './units-next.ts'

const placeOptions = <T>(yargs: Argv<T>) =>
  yargs
    .option('prefix', { type: 'string', describe: 'Folder of the program; this one when left out' })
    .option('user', { type: 'string', describe: 'System user of the units; veritape when left out' })
    .option('node', { type: 'string', describe: 'The node that runs them; this one when left out' })
    .option('credential', {
      type: 'string',
      array: true,
      describe:
        'A secret for the units, by its file in /etc/veritape/credentials/BOOK; repeatable. Those installed when left out',
    })

export const unitsInstall: Command<PlaceOptions & { yes: boolean }> = {
  options: yargs =>
    placeOptions(yargs).option('yes', {
      type: 'boolean',
      default: false,
      describe: 'Do it; without, only show what would change',
    }),
  run: async (engine, options) => {
    const { screen, units, config } = engine
    const changes = changesFor(engine, options)
    const { files, enable, disable, enabled } = changes
    showChanges(engine, changes)
    const before = { changed: files.map(({ name }) => name), enable, disable }
    if (files.length + enable.length + disable.length === 0) {
      screen.say(`the units of ${config.book} are installed already; veritape units list shows them`)
      screen.result({ ...before, done: true })
      return exit.done
    }
    if (!options.yes) {
      screen.say('nothing was changed; add --yes to do it')
      screen.result({ ...before, done: false })
      return exit.done
    }
    units.prepare(config.book, changes.user)
    must(units, 'disable', disable)
    must(units, 'stop', disable)
    // Where another book's units came with another version, theirs change too: the templates are shared.
    for (const { name, after } of files)
      if (after === undefined) units.remove(name)
      else units.write(name, after)
    must(units, 'daemon-reload')
    must(units, 'enable', enable)
    // A timer or path takes its new text when it starts; an executor is left to the operator, who knows the hour.
    must(
      units,
      'restart',
      enabled.filter(name => !name.endsWith('.service')),
    )
    const { path } = units.configuration(config.book)
    screen.say(screen.style.good(`installed for ${config.book}, which reads ${path}`))
    screen.say(`start it: systemctl start veritape-execute@${config.book}`)
    screen.result({ ...before, done: true })
    return exit.done
  },
}

export const unitsVerify: Command<PlaceOptions> = {
  options: placeOptions,
  run: async (engine, options) => {
    const { screen, units, config } = engine
    const changes = changesFor(engine, options)
    showChanges(engine, changes)
    const objections = [
      ...changes.files.map(({ name, before, after }) =>
        before === undefined
          ? `${name} is missing`
          : after === undefined
            ? `${name} is none that this program ships for the book`
            : `${name} is not what this program ships`,
      ),
      ...lintUnits(templatesOf(units.installed())),
      ...lintGate(config, units.installed()),
      ...changes.enable.map(name => `${name} is not enabled`),
      ...changes.disable.map(name => `${name} is enabled, and is none of this book`),
      ...secondExecutors(units, config.book),
    ]
    const runs = nextRuns(units, changes.enabled)
    screen.table(
      ['timer', 'next in New York', 'next in UTC'],
      runs.map(({ timer, newYork, utc }) => [timer, newYork, utc]),
    )
    for (const sentence of objections) screen.say(screen.style.bad(sentence))
    if (objections.length === 0)
      screen.say(screen.style.good(`the units of ${config.book} are as shipped, and sound`))
    else screen.say('veritape units install shows what it would change')
    screen.result({ objections, timers: runs })
    return objections.length === 0 ? exit.done : 1
  },
}

export const unitsList: Command<object> = {
  options: yargs => yargs,
  run: async ({ screen, units }) => {
    const installed = units.installed()
    const rows = installedBooks(installed.keys()).flatMap(book =>
      [...installed.keys()].filter(isTemplate).map(name => stateOf(units, name.replace('@.', `@${book}.`))),
    )
    if (rows.length === 0) screen.say('no units are installed; veritape units install shows what it would do')
    else
      screen.table(
        ['unit', 'enabled', 'active', 'restarts'],
        rows.map(({ unit, enabled, active, restarts }) => [unit, enabled, active, restarts]),
      )
    screen.result({ folder: units.folder, units: rows })
    return exit.done
  },
}

export const unitsUninstall: Command<{ yes: boolean }> = {
  options: yargs =>
    yargs.option('yes', {
      type: 'boolean',
      default: false,
      describe: 'Do it; without, only show what would go',
    }),
  run: async ({ screen, units, config }, { yes }) => {
    const { book } = config
    const names = [...units.installed().keys()]
    const others = installedBooks(names).filter(each => each !== book)
    const templates = names.filter(isTemplate)
    const going = [
      ...names.filter(name => name.includes(`@${book}.`)),
      ...(others.length === 0 ? templates : []),
    ]
    if (!names.includes(bookFile(book)) && going.length === 0) {
      screen.say(`no units of ${book} are installed`)
      screen.result({ removed: [], done: true })
      return exit.done
    }
    for (const name of going) screen.say(`remove ${units.folder}/${name}`)
    if (!yes) screen.say('nothing was changed; add --yes to do it')
    else {
      const instances = [
        ...new Set([
          ...templates.map(name => name.replace('@.', `@${book}.`)),
          ...enabledUnits(config, templates),
        ]),
      ]
      // Starters first: what is stopped must not be started again.
      const order = [...instances].sort(
        (a, b) => Number(a.endsWith('.service')) - Number(b.endsWith('.service')),
      )
      must(units, 'stop', order)
      must(
        units,
        'disable',
        instances.filter(name => units.control('is-enabled', name).code === 0),
      )
      for (const name of going) units.remove(name)
      must(units, 'daemon-reload')
      units.control('reset-failed', ...instances)
      screen.say(screen.style.good(`the units of ${book} are gone; its ledger, views and configuration stay`))
    }
    screen.result({ removed: going, done: yes })
    return exit.done
  },
}

const templatesOf = (installed: ReadonlyMap<string, string>) =>
  new Map([...installed].filter(([name]) => isTemplate(name)))

/** Executors of the same book that systemd runs under another name, or of which there is more than one. */
const secondExecutors = (units: Units, book: string): readonly string[] => {
  const { said } = units.control(
    'list-units',
    '--plain',
    '--no-legend',
    '--state=active',
    '--type=service',
    '--all',
  )
  const wanted = `veritape-execute@${book}.service`
  return said
    .split('\n')
    .map(line => line.split(' ')[0] ?? '')
    .filter(name => name !== wanted && name !== '' && !name.startsWith('veritape-'))
    .filter(name => {
      const command = units.control('show', name, '-p', 'ExecStart', '--value').said
      return /\bexecute\b/.test(command) && command.includes(`/${book}.json`)
    })
    .map(name => `${name} executes ${book} too; exactly one executor may`)
}

const stateOf = (units: Units, unit: string) => {
  const { said } = units.control('show', unit, '-p', 'UnitFileState,ActiveState,SubState,NRestarts')
  const of = new Map(settingsOf(said).map(({ key, value }) => [key, value]))
  return {
    unit,
    enabled: of.get('UnitFileState') ?? '',
    active: `${of.get('ActiveState')} (${of.get('SubState')})`,
    restarts: of.get('NRestarts') ?? '',
  }
}

const must = (units: Units, word: string, names: readonly string[] = []): void => {
  if (word !== 'daemon-reload' && names.length === 0) return // of nothing, systemctl would make everything or a fault
  const { code, said } = units.control(word, ...names)
  if (code !== 0) throw new Stop(exit.cannotWrite, `systemctl ${word}: ${said}; are you root?`)
}
