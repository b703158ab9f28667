// config show: every value, and where it is from.

import { expect, test } from 'vitest'
import { readConfiguration } from '../../adapters/configuration.ts'
import { configurationKeys } from '../../adapters/configuration-key.ts'
import { configShow } from '../../commands/config.ts'
import type { Engine } from '../../commands/engine.ts'
import { capturedScreen } from './captured-screen.ts'

const { values, hash } = readConfiguration({
  environment: { VERITAPE__LIMITS__OPENORDERSMAX: '3' },
  flags: { book: { value: 'mine', flag: '--book' } },
  workingFolder: '/srv/trading',
})

const show = async (json: boolean) => {
  const { screen, stdout } = capturedScreen(json)
  const engine = { configValues: values, configHash: hash, screen } as Partial<Engine> as Engine
  return { code: await configShow.run(engine, {}), text: stdout() }
}

test('people see a line for each key with its value and source, and the hash', async () => {
  const { code, text } = await show(false)
  expect(code).toBe(0)
  for (const { key } of configurationKeys)
    expect(text).toMatch(new RegExp(`^${key.replaceAll('.', '\\.')} +\\S`, 'm'))
  expect(text).toMatch(/^book +mine +flag --book$/m)
  expect(text).toMatch(/^limits\.openOrdersMax +3 +environment VERITAPE__LIMITS__OPENORDERSMAX$/m)
  expect(text).toMatch(/^execute\.symbols +\["BTC\/USDT"\] +default$/m)
  expect(text).toContain(hash)
})

test('programs get the same as JSON', async () => {
  const { code, text } = await show(true)
  expect(code).toBe(0)
  expect(JSON.parse(text)).toEqual({ hash, values: JSON.parse(JSON.stringify(values)) })
})
