// What is said about a wrong key, and which names are taken for secrets.

import { expect, test } from 'vitest'
import { ConfigurationError, looksSecret, unknownProblem } from '../../adapters/configuration-problem.ts'

test.each([
  ['limits.openOrderMax', 'limits.openOrdersMax'],
  ['openOrdersMax', 'limits.openOrdersMax'],
  ['loglevel', 'logLevel'],
  ['execute.symbol', 'execute.symbols'],
  ['Book', 'book'],
])('%s is near %s', (given, near) => {
  expect(unknownProblem('book.json, line 1', given)).toContain(`did you mean ${near}?`)
})

test('a name that is near to none gets no guess', () => {
  expect(unknownProblem('book.json, line 1', 'telegram.channel')).toBe(
    'book.json, line 1: telegram.channel is no key of the configuration; remove it ' +
      '(veritape config show lists them all)',
  )
})

test.each(['apiKey', 'API_SECRET', 'token', 'dbPassword', 'passwd', 'passphrase', 'credentials'])(
  '%s is taken for a secret',
  name => {
    expect(looksSecret(name)).toBe(true)
  },
)

test('no name of the configuration is taken for a secret', async () => {
  const { configurationKeys } = await import('../../adapters/configuration-key.ts')
  expect(configurationKeys.filter(({ key }) => looksSecret(key))).toEqual([])
})

test('an error has a line for each problem', () => {
  const error = new ConfigurationError(['one', 'two'])
  expect([error.name, error.message, error.problems]).toEqual([
    'ConfigurationError',
    'one\ntwo',
    ['one', 'two'],
  ])
})
