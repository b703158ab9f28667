// The program knows its version and its own code, from its sources and from a build.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { program, programAt } from '../../adapters/program.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'veritape-program-'))
  for (const name of ['adapters', 'commands', 'domain/strategies', 'projections'])
    mkdirSync(join(folder, 'dist', name), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"name": "veritape", "version": "9.8.7", "type": "module"}')
  writeFileSync(join(folder, 'dist/domain/a.js'), 'one')
  writeFileSync(join(folder, 'dist/domain/strategies/b.js'), 'two')
})
afterEach(() => rmSync(folder, { recursive: true }))

const hashOf = (name = 'dist') => programAt(join(folder, name)).codeHash()

test('the sources find their own package', () => {
  const own = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  const found = program
  expect(found.version).toBe(own.version)
  expect(found.root).toBe(process.cwd())
  expect(found.codeHash()).toMatch(/^[0-9a-f]{64}$/)
})

test('a build finds the package above it', () => {
  const found = programAt(join(folder, 'dist'))
  expect([found.version, found.root]).toEqual(['9.8.7', folder])
})

test('a folder that belongs to another package is refused', () => {
  writeFileSync(join(folder, 'package.json'), '{"name": "other", "version": "1.0.0"}')
  expect(() => programAt(join(folder, 'dist'))).toThrow(
    /no package.json of veritape .*; install the package again/,
  )
})

test('the same files have the same hash wherever they lie', () => {
  cpSync(join(folder, 'dist'), join(folder, 'copy'), { recursive: true })
  expect(hashOf('copy')).toBe(hashOf())
})

test.each<[string, () => void]>([
  ['a changed byte', () => writeFileSync(join(folder, 'dist/domain/a.js'), 'onE')],
  ['a new file', () => writeFileSync(join(folder, 'dist/commands/c.json'), '{}')],
  ['a file in a folder below', () => writeFileSync(join(folder, 'dist/domain/strategies/c.ts'), '')],
  ['a new name', () => renameSync(join(folder, 'dist/domain/a.js'), join(folder, 'dist/domain/c.js'))],
])('%s changes the hash', (_, change) => {
  const before = hashOf()
  change()
  expect(hashOf()).not.toBe(before)
})

test('files that are no code do not change the hash', () => {
  const before = hashOf()
  writeFileSync(join(folder, 'dist/domain/a.js.map'), 'x')
  writeFileSync(join(folder, 'dist/domain/README.md'), 'x')
  expect(hashOf()).toBe(before)
})

test('the runtime names Node, ICU and the time zone data', () => {
  const { node, icu, tz } = process.versions
  expect(program.runtime).toEqual({ node, icu, tzdata: tz })
})
