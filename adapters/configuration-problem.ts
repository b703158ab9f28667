// What is wrong with a configuration, in sentences that say where, what was expected, what was found, what to do.

import type * as z from 'zod'
import { DecimalText } from '../domain/decimal.ts'
import { configurationKeys, expectationOf, schemaAt } from './configuration-key.ts'
import { redaction } from './redaction.ts'

/** The configuration cannot be used. Its message has a line for each problem. */
export class ConfigurationError extends Error {
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'ConfigurationError'
    this.problems = problems
  }
}

/** Whether a name is one that people give to secrets. */
export const looksSecret = (name: string): boolean =>
  /key|secret|token|passw|passphrase|credential/i.test(name)

/** Never shows the value. `variable` is the one that may hold it. */
export const secretProblem = (where: string, key: string, variable?: string): string =>
  variable === undefined
    ? `${where}: ${key} looks like a secret, and no secret belongs in the configuration; take it out, and give it ` +
      'in an environment variable of its own or as a systemd credential (LoadCredential=)'
    : `${where}: ${key} has a user name or password in its URL, and no secret belongs there; take it out, and ` +
      (key === 'store'
        ? "give user:password in the environment as VERITAPE_ESDB_CREDENTIALS, or as the systemd credential 'esdb'"
        : `give the whole URL in the environment as ${variable}`)

export const unknownProblem = (where: string, key: string): string => {
  const near = nearest(
    key,
    configurationKeys.map(each => each.key),
  )
  const hint = near === undefined ? 'remove it' : `did you mean ${near}? Else remove it`
  return `${where}: ${key} is no key of the configuration; ${hint} (veritape config show lists them all)`
}

/** A sentence for each issue of one value. */
export const problemsOf = (
  key: string,
  schema: z.ZodType,
  value: unknown,
  issues: readonly z.core.$ZodIssue[],
  where: (path: readonly PropertyKey[]) => string,
  remedy: string,
): readonly string[] =>
  issues.flatMap(issue => {
    const name = [key, ...issue.path].join('.')
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map(extra => {
        const at = where([...issue.path, extra])
        if (looksSecret(extra)) return secretProblem(at, `${name}.${extra}`)
        const inner = schemaAt(schema, issue.path)
        const allowed = inner === undefined ? '' : `; it expects ${expectationOf(inner)}`
        return `${at}: ${name}.${extra} is no key of the configuration${allowed}; remove it`
      })
    const found = issue.path.reduce<unknown>(
      (part, step) => (part as Record<PropertyKey, unknown>)?.[step],
      value,
    )
    const at = where(found === undefined ? issue.path.slice(0, -1) : issue.path)
    const inner = schemaAt(schema, issue.path)
    const expected = expectedBy(issue, inner)
    if (found === undefined) return [`${at}: ${name} is missing; it expects ${expected}; add it`]
    return [
      `${at}: ${name} expects ${expected}, found ${shortened(found)}; ${remedyFor(inner, found) ?? remedy}`,
    ]
  })

/** The rule's own words where the value has the right type, else the type. */
const expectedBy = (issue: z.core.$ZodIssue, schema: z.ZodType | undefined): string => {
  const own = issue.code === 'custom' || issue.code === 'invalid_format'
  if (own) return issue.message.replace(/^not /, '')
  return schema === undefined ? issue.message : expectationOf(schema)
}

const remedyFor = (schema: z.ZodType | undefined, found: unknown): string | undefined =>
  (schema as unknown) === DecimalText && typeof found === 'number'
    ? `write it in quotes: "${found}" (money is never a floating-point number)`
    : undefined

/** What was found may be a secret that was put under a wrong name: what looks like one is not shown. */
const shortened = (value: unknown): string => {
  const text = redaction([]).text(JSON.stringify(value))
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`
}

/** The name that differs in the fewest letters, if those are few. */
const nearest = (name: string, names: readonly string[]): string | undefined => {
  let best: string | undefined
  let fewest = Math.max(2, Math.floor(name.length / 4)) + 1
  for (const candidate of names) {
    const last = candidate.slice(candidate.lastIndexOf('.') + 1)
    const distance = Math.min(differences(name, candidate), differences(name, last))
    if (distance < fewest) {
      fewest = distance
      best = candidate
    }
  }
  return best
}

/** Letters to insert, delete or replace (Levenshtein), without regard to case. */
const differences = (left: string, right: string): number => {
  const [a, b] = [left.toLowerCase(), right.toLowerCase()]
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min(
          (row[j] as number) + 1,
          (next[j - 1] as number) + 1,
          (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      )
    row = next
  }
  return row[b.length] as number
}
