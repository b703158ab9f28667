// veritape check config   Is the configuration sound? Offline: 0 when every line passes, 78 when one fails.
//
// By the time it runs, form and types have passed: a configuration that has not stops every verb with 78.

import { constants, type Stats } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Config } from '../domain/config.ts'
import type { Command } from './command.ts'
import {
  type ConfigCheck,
  championChecks,
  fail,
  limitsCheck,
  modeCheck,
  pass,
  pollCheck,
  seriesCheck,
  venueCheck,
} from './config-checks.ts'
import type { Engine } from './engine.ts'
import { exit } from './exit.ts'

const notChecked: readonly string[] = [
  'whether scan, watchlist and candles are fresh (veritape check preflight)',
  'whether the universe is complete, and the market regime',
  'whether the venue answers, and with which keys',
  'funds, positions and open orders',
  'whether the calendar covers today, and whether there is a session',
  'the rows of the market files, and the bytes of the ledger (veritape verify)',
]

export const checkConfig: Command<object> = {
  options: yargs => yargs,
  run: async engine => {
    const checks = await configChecks(engine)
    const failed = checks.filter(({ verdict }) => verdict === 'FAIL').length
    const { screen } = engine
    const { style } = screen
    for (const { name, verdict, saw, todo } of checks) {
      const word = verdict === 'PASS' ? style.good(verdict) : style.bad(verdict)
      screen.say(`${word}  ${name}: ${saw}${todo === undefined ? '' : `; ${todo}`}`)
    }
    screen.say()
    screen.say('Not checked here:')
    for (const each of notChecked) screen.say(`  ${each}`)
    screen.say()
    screen.say(
      failed === 0
        ? style.strong(`PASS: ${checks.length} checks`)
        : style.strong(
            `FAIL: ${failed} of ${checks.length} checks; see veritape config show for where each value is from`,
          ),
    )
    screen.result({ verdict: failed === 0 ? 'PASS' : 'FAIL', checks, notChecked })
    return failed === 0 ? exit.done : exit.refused
  },
}

/** Every line but the ones that need a clock, a ledger or a venue: those are the preflight's. */
export const configChecks = async (engine: Engine): Promise<readonly ConfigCheck[]> => {
  const { config } = engine
  return [
    schemaCheck(engine),
    modeCheck(config),
    limitsCheck(config),
    venueCheck(config),
    pollCheck(config),
    await writableCheck('ledger', config.ledger),
    await writableCheck('state', config.state),
    seriesCheck(config),
    ...(await Promise.all(config.market.files.map(({ path }) => fileCheck(path)))),
    ...(await Promise.all(config.universe.lists.map(path => fileCheck(path, 'universe list')))),
    ...(await championFolderChecks(engine)),
  ]
}

const schemaCheck = ({ config, configValues }: Engine): ConfigCheck => {
  const { error } = Config.safeParse(config)
  if (error !== undefined)
    return fail('schema', error.message, 'this is a bug: it should have been refused at start')
  const sources = new Set(configValues.map(({ source }) => source.replace(/^(environment|flag) .*/, '$1')))
  return pass('schema', `${configValues.length} values from ${[...sources].join(', ')}`)
}

/** A folder that is there, or that can be made where it shall be. */
const writableCheck = async (name: string, path: string): Promise<ConfigCheck> => {
  for (let folder = path; ; folder = dirname(folder)) {
    const found = await look(folder)
    if (found === 'absent') continue
    if (found === 'forbidden')
      return fail(
        name,
        `${folder} cannot be written`,
        'give this user the right to write there, or choose another',
      )
    if (!found.isDirectory()) return fail(name, `${folder} is no folder`, `choose another folder for ${name}`)
    return pass(name, folder === path ? path : `${path} will be made`)
  }
}

const fileCheck = async (path: string, name = 'market file'): Promise<ConfigCheck> => {
  const found = await look(path)
  if (found === 'absent') return fail(name, `${path} is not there`, `fetch it, or correct ${keyOf(name)}`)
  if (found === 'forbidden')
    return fail(name, `${path} cannot be read`, 'give this user the right to read it')
  if (!found.isFile() || found.size === 0)
    return fail(
      name,
      `${path} is ${found.isFile() ? 'empty' : 'no file'}`,
      `fetch it again, or correct ${keyOf(name)}`,
    )
  return pass(name, `${path}, ${found.size} bytes`)
}

const keyOf = (name: string): string => (name === 'market file' ? 'market.files' : 'universe.lists')

/** What is at a path, if this user may read it, or write in it when it is a folder. */
const look = async (path: string): Promise<Stats | 'absent' | 'forbidden'> => {
  try {
    const found = await stat(path)
    await access(path, found.isDirectory() ? constants.W_OK | constants.X_OK : constants.R_OK)
    return found
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'absent'
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'forbidden'
    throw error
  }
}

const championFolderChecks = async (engine: Engine): Promise<readonly ConfigCheck[]> => {
  const { config } = engine
  try {
    return championChecks(config, await engine.champions())
  } catch (error) {
    // What the folder objects to is an answer; anything else is an error of our own.
    if (!(error instanceof Error) || error.name !== 'BadChampion') throw error
    return [{ name: 'champions', verdict: 'FAIL', saw: error.message }] // it says what to do, too
  }
}
