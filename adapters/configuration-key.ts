// The keys of the configuration, read from its schema: what each is called, and what it expects.

import * as z from 'zod'
import { Config } from '../domain/config.ts'
import { DecimalText } from '../domain/decimal.ts'

/** One value of the configuration: lists and tables by name are one value, replaced as a whole. */
export interface ConfigurationKey {
  /** 'limits.openOrdersMax' */
  readonly key: string
  readonly schema: z.ZodType
}

/** A default or an optional value of the schema is a matter of the schema's other users: here every key is given. */
const required = (schema: z.ZodType): z.ZodType =>
  schema instanceof z.ZodOptional || schema instanceof z.ZodDefault
    ? required(schema.unwrap() as z.ZodType)
    : schema

const keysOf = (schema: z.ZodObject, prefix: string): ConfigurationKey[] =>
  Object.entries(schema.shape).flatMap(([name, child]) => {
    const inner = required(child as z.ZodType)
    return inner instanceof z.ZodObject
      ? keysOf(inner, `${prefix}${name}.`)
      : [{ key: `${prefix}${name}`, schema: child as z.ZodType }]
  })

/** In the order of the schema. */
export const configurationKeys: readonly ConfigurationKey[] = keysOf(Config, '')

export const keyNamed = (key: string): ConfigurationKey | undefined =>
  configurationKeys.find(each => each.key === key)

export const isSection = (key: string): boolean =>
  configurationKeys.some(each => each.key.startsWith(`${key}.`))

export const isPath = (schema: z.ZodType): boolean => required(schema).meta()?.path === true

/** Whether text is taken as it is: '5' for a name is text, for a count it is a number. */
export const wantsText = (schema: z.ZodType): boolean => {
  const inner = required(schema)
  return inner instanceof z.ZodString || inner instanceof z.ZodEnum
}

/** The part of a schema that a path inside a value leads to. */
export const schemaAt = (given: z.ZodType, path: readonly PropertyKey[]): z.ZodType | undefined => {
  const schema = required(given)
  const [first, ...rest] = path
  if (first === undefined) return schema
  let inner: unknown
  if (schema instanceof z.ZodArray) inner = schema.element
  else if (schema instanceof z.ZodRecord) inner = schema.valueType
  else if (schema instanceof z.ZodObject) inner = schema.shape[String(first)]
  return inner instanceof z.ZodType ? schemaAt(inner, rest) : undefined
}

/** What a value must be, for people: 'a whole number of at least 0'. */
export const expectationOf = (given: z.ZodType): string => {
  const schema = required(given)
  if (isPath(schema)) return 'a path'
  if ((schema as unknown) === DecimalText) return 'a decimal as text, such as "12.5"'
  if (schema instanceof z.ZodEnum) return schema.options.map(each => `"${each}"`).join(' or ')
  if (schema instanceof z.ZodLiteral) return [...schema.values].map(each => JSON.stringify(each)).join(' or ')
  if (schema instanceof z.ZodString) return 'text'
  if (schema instanceof z.ZodNumber) return numberExpectation(schema)
  if (schema instanceof z.ZodBoolean) return 'true or false'
  if (schema instanceof z.ZodUnion)
    return (schema.options as readonly z.ZodType[]).map(expectationOf).join(' or ')
  if (schema instanceof z.ZodArray) return `a list, each ${expectationOf(schema.element as z.ZodType)}`
  if (schema instanceof z.ZodRecord)
    return `a table by name, each ${expectationOf(schema.valueType as z.ZodType)}`
  if (schema instanceof z.ZodObject) return `an object of ${Object.keys(schema.shape).join(', ')}`
  throw new Error(`the configuration has a kind of value that has no name here: ${schema.type}`)
}

const numberExpectation = (schema: z.ZodNumber): string => {
  const kind = schema.format === 'safeint' ? 'a whole number' : 'a number'
  const bounds: string[] = []
  const { minValue, maxValue } = schema
  const excluded = !schema.safeParse(minValue).success
  if (minValue !== null && minValue > Number.MIN_SAFE_INTEGER)
    bounds.push(excluded ? `above ${minValue}` : `of at least ${minValue}`)
  if (maxValue !== null && maxValue < Number.MAX_SAFE_INTEGER) bounds.push(`at most ${maxValue}`)
  return [kind, bounds.join(' and ')].join(' ').trim()
}
