// The effective configuration: defaults, then a file, then the environment, then flags; and where each value is from.
//
//   defaults ◀── file ◀── VERITAPE__SECTION__KEY ◀── flags      the later one wins, value by value
//
// Each value is checked at its own door, so that a complaint names the line, the variable or the flag it came from.
// Lists and tables by name are replaced as a whole: half of one list and half of another is nobody's intention.

import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type * as z from 'zod'
import { Config, type ConfigValue, defaults } from '../domain/config.ts'
import { sha256 } from '../domain/hash.ts'
import { CommentedJsonError, readCommentedJson } from './commented-json.ts'
import { configurationKeys, isSection, keyNamed, wantsText } from './configuration-key.ts'
import {
  ConfigurationError,
  looksSecret,
  problemsOf,
  secretProblem,
  unknownProblem,
} from './configuration-problem.ts'
import { changePaths, decidingText, nested } from './configuration-text.ts'

export interface Configuration {
  readonly config: Config
  /** Every key in the order of the schema, for people: credentials in a URL are masked. */
  readonly values: readonly ConfigValue[]
  /** Canonical JSON of what can change a decision. */
  readonly text: string
  /** SHA-256 of `text`. */
  readonly hash: string
}

export interface ConfigurationSources {
  /** File given with --config. */
  readonly file?: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** By key: `{ 'limits.openOrdersMax': { value: 5, flag: '--open-orders-max' } }`. Undefined values are left out. */
  readonly flags: Readonly<Record<string, { readonly value: unknown; readonly flag: string }>>
  /** Absolute. Paths that do not come from a file are relative to it. */
  readonly workingFolder: string
}

/** A value at the door. */
interface Given {
  readonly value: unknown
  readonly source: string
  /** Paths are relative to this folder. */
  readonly folder: string
  /** What a complaint begins with: 'book.json, line 3'. Takes a path inside the value. */
  readonly where: (path: readonly PropertyKey[]) => string
  readonly remedy: string
}

/** To compile a parser that is used once takes longer than to do without. */
const once = { jitless: true }

const prefix = 'VERITAPE__'

/** Reads and checks everything, or throws one ConfigurationError with a sentence for each problem. */
export const readConfiguration = (sources: ConfigurationSources): Configuration => {
  const problems: string[] = []
  const given = new Map<string, Given>()
  fromDefaults(given, sources)
  if (sources.file !== undefined) fromFile(resolve(sources.workingFolder, sources.file), given, problems)
  fromEnvironment(sources, given, problems)
  fromFlags(sources, given, problems)

  const values: ConfigValue[] = []
  for (const { key, schema } of configurationKeys) {
    const { value, source, folder, where, remedy } = given.get(key) as Given
    const parsed = schema.safeParse(value, once)
    if (parsed.success)
      values.push({ key, value: changePaths(schema, parsed.data, path => resolve(folder, path)), source })
    else problems.push(...problemsOf(key, schema, value, parsed.error.issues, where, remedy))
  }
  if (problems.length > 0) throw new ConfigurationError(problems)

  const config = Config.safeParse(nested(values), once)
  if (!config.success)
    throw new ConfigurationError(
      config.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`),
    )
  const text = decidingText(values)
  const shown = values.map(each => ({ ...each, value: masked(each.value) }))
  return { config: config.data, values: shown, text, hash: sha256(text) }
}

const fromDefaults = (given: Map<string, Given>, { workingFolder }: ConfigurationSources): void => {
  for (const { key } of configurationKeys) {
    const value = key
      .split('.')
      .reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], defaults)
    const where = (path: readonly PropertyKey[]) => `default of ${[key, ...path].join('.')}`
    given.set(key, { value, source: 'default', folder: workingFolder, where, remedy: 'this is a bug' })
  }
}

const fromFile = (file: string, given: Map<string, Given>, problems: string[]): void => {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    problems.push(`${file} cannot be read (${why}); check the path after --config and its permissions`)
    return
  }
  try {
    const { value, lines } = readCommentedJson(text)
    const lineOf = (path: string): string => `${file}, line ${lines.get(path) ?? 1}`
    takeSection(value, '', file, lineOf, given, problems)
  } catch (error) {
    if (!(error instanceof CommentedJsonError)) throw error
    problems.push(
      `${file}, line ${error.line}: ${error.message}; write JSON (comments and a last comma are allowed)`,
    )
  }
}

const takeSection = (
  section: unknown,
  key: string,
  file: string,
  lineOf: (path: string) => string,
  given: Map<string, Given>,
  problems: string[],
): void => {
  if (typeof section !== 'object' || section === null || Array.isArray(section)) {
    const name = key === '' ? 'the configuration' : key
    problems.push(
      `${lineOf(key)}: ${name} expects an object, found ${JSON.stringify(section)}; write { … } with its keys`,
    )
    return
  }
  for (const [name, value] of Object.entries(section)) {
    const path = key === '' ? name : `${key}.${name}`
    if (keyNamed(path) !== undefined)
      given.set(path, {
        value,
        source: `file ${file}`,
        folder: dirname(file),
        where: inside => lineOf([path, ...inside].join('.')),
        remedy: 'correct it in the file',
      })
    else if (isSection(path)) takeSection(value, path, file, lineOf, given, problems)
    else if (looksSecret(name)) problems.push(secretProblem(lineOf(path), path))
    else problems.push(unknownProblem(lineOf(path), path))
  }
  const url = key === '' ? (section as Record<string, unknown>).store : undefined
  if (hasCredentials(url)) problems.push(secretProblem(lineOf('store'), 'store', `${prefix}STORE`))
}

/** A name as people vary it: OPENORDERSMAX, OPEN_ORDERS_MAX and openOrdersMax are one. */
const plain = (name: string): string => name.replaceAll('_', '').toLowerCase()

const fromEnvironment = (
  { environment, workingFolder }: ConfigurationSources,
  given: Map<string, Given>,
  problems: string[],
): void => {
  const takenBy = new Map<string, string>()
  for (const variable of Object.keys(environment).sort()) {
    const text = environment[variable]
    if (text === undefined || !variable.toUpperCase().startsWith(prefix)) continue
    const path = variable.slice(prefix.length).split('__').map(plain).join('.')
    const found = configurationKeys.find(({ key }) => key.toLowerCase() === path)
    if (found === undefined) {
      const section = configurationKeys.find(({ key }) => key.toLowerCase().startsWith(`${path}.`))
      if (section !== undefined)
        problems.push(
          `${variable} names a section; set one of its keys, such as ${variableOf(section.key)}, or use a file`,
        )
      else if (looksSecret(path)) problems.push(secretProblem(variable, path))
      else problems.push(unknownProblem(variable, path))
      continue
    }
    const other = takenBy.get(found.key)
    if (other !== undefined)
      problems.push(`${other} and ${variable} both set ${found.key}; unset one of them`)
    takenBy.set(found.key, variable)
    given.set(found.key, {
      value: readText(text, found.schema),
      source: `environment ${variable}`,
      folder: workingFolder,
      where: () => variable,
      remedy: 'correct or unset the variable',
    })
  }
}

const fromFlags = (
  { flags, workingFolder }: ConfigurationSources,
  given: Map<string, Given>,
  problems: string[],
): void => {
  for (const [key, { value, flag }] of Object.entries(flags)) {
    if (value === undefined) continue
    const found = keyNamed(key)
    if (found === undefined) throw new Error(`${flag} sets ${key}, which the configuration does not have`)
    // Other users of the machine can read a command line.
    if (hasCredentials(value)) problems.push(secretProblem(flag, key, variableOf(key)))
    given.set(key, {
      value: typeof value === 'string' ? readText(value, found.schema) : value,
      source: `flag ${flag}`,
      folder: workingFolder,
      where: () => flag,
      remedy: 'correct the flag',
    })
  }
}

/** 'limits.openOrdersMax' → 'VERITAPE__LIMITS__OPENORDERSMAX' */
export const variableOf = (key: string): string => prefix + key.split('.').join('__').toUpperCase()

/** Text becomes a number or a list where one is wanted. What does not parse stays text, and is refused as such. */
const readText = (text: string, schema: z.ZodType): unknown => {
  if (wantsText(schema)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const credentials = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#@]*@/i

const hasCredentials = (value: unknown): boolean => typeof value === 'string' && credentials.test(value)

const masked = (value: unknown): unknown =>
  typeof value === 'string' ? value.replace(credentials, '$1***@') : value
