// The configuration as one text: what can change a decision, and nothing else, in one form only. Its SHA-256 is the
// configuration hash of a run; two runs with the same one had the same rules, wherever their files lay.

import { basename } from 'node:path'
import * as z from 'zod'
import { isPath, keyNamed } from './configuration-key.ts'

interface KeyedValue {
  readonly key: string
  readonly value: unknown
}

/** The value with `change` applied to every path in it. */
export const changePaths = (schema: z.ZodType, value: unknown, change: (path: string) => string): unknown => {
  if (value === undefined) return value
  if (isPath(schema)) return change(value as string)
  if (schema instanceof z.ZodArray)
    return (value as unknown[]).map(each => changePaths(schema.element as z.ZodType, each, change))
  if (schema instanceof z.ZodRecord || schema instanceof z.ZodObject)
    return Object.fromEntries(
      Object.entries(value as object).map(([name, each]) => {
        const inner = schema instanceof z.ZodObject ? schema.shape[name] : schema.valueType
        return [name, changePaths(inner as z.ZodType, each, change)]
      }),
    )
  return value
}

/** { 'limits.openOrdersMax': 5 } as { limits: { openOrdersMax: 5 } } */
export const nested = (values: readonly KeyedValue[]): Record<string, unknown> => {
  const root: Record<string, unknown> = {}
  for (const { key, value } of values) {
    const names = key.split('.')
    const last = names.pop() as string
    let section = root
    for (const name of names) {
      section[name] ??= {}
      section = section[name] as Record<string, unknown>
    }
    section[last] = value
  }
  return root
}

/** Where things lie, how much is said about them, and who heals and tells: nothing of it can change a decision. */
const notDeciding = /^(?:ledger|state|store|logLevel|guard\..*|notify\..*)$/

/** Canonical JSON of what can change a decision; of a path only the name of the file or folder. */
export const decidingText = (values: readonly KeyedValue[]): string =>
  canonical(
    nested(
      values
        .filter(({ key }) => !notDeciding.test(key))
        .map(({ key, value }) => {
          const { schema } = keyNamed(key) as { schema: z.ZodType }
          return { key, value: changePaths(schema, value, path => basename(path)) }
        }),
    ),
  )

/** JSON without spaces, keys sorted by their UTF-16 units: the same values give the same bytes. */
const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`).join(',')}}`
  }
  return JSON.stringify(value)
}
