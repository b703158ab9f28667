// Stories: folders named by a sentence that hold a ledger and the views it must give, byte for byte. The ledgers were
// written once and are read by every later program; tests/stories-write.ts says how a story is made.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bytesOf, copyOf, filesIn } from './cli/files.ts'
import { veritape } from './cli/veritape.ts'
import { stories } from './stories-told.ts'

const shelf = join(import.meta.dirname, 'stories')
const names = readdirSync(shelf).sort()

test('every story that is told has a folder, and every folder a story', () => {
  expect(names).toEqual(stories.map(({ name }) => name).sort())
})

describe.each(names)('%s', name => {
  const [book = ''] = readdirSync(join(shelf, name, 'state'))
  const stage = () => {
    const cwd = copyOf(join(shelf, name))
    return { cwd, told: (...argv: string[]) => veritape([...argv, '--book', book], { cwd }) }
  }

  test('the ledger is whole, and reading it changes nothing', async () => {
    const { cwd, told } = stage()
    const before = bytesOf(join(cwd, 'ledger'))
    expect(await told('verify')).toMatchObject({ code: 0, stderr: '' })
    expect(bytesOf(join(cwd, 'ledger'))).toEqual(before)
  })

  test('it gives these views', async () => {
    const { cwd, told } = stage()
    expect(await told('rebuild', '--state', 'again')).toMatchObject({ code: 0, stderr: '' })
    const golden = join(shelf, name, 'state', book)
    const again = join(cwd, 'again', book)
    for (const file of filesIn(golden))
      expect(readFileSync(join(again, file), 'utf8'), file).toBe(readFileSync(join(golden, file), 'utf8'))
    expect(filesIn(again)).toEqual(filesIn(golden))
  })

  test('every decision in it is made again', async () => {
    const { told } = stage()
    const proof = await told('replay', '--prove', '--json')
    const { decisions, identical, differences } = JSON.parse(proof.stdout) as Record<string, unknown>
    expect(differences).toEqual([])
    expect(decisions).toBeGreaterThan(5)
    expect(identical).toBe(decisions)
    expect(proof.code).toBe(0)
  })
})

test('a view that differs in one byte from the ledger is named by rebuild, which then ends with 1', async () => {
  const cwd = copyOf(join(shelf, 'a-halt-survives-a-restart'))
  const view = join(cwd, 'state/halted/portfolio.json')
  writeFileSync(view, readFileSync(view, 'utf8').replace('"cash": "', '"cash": "1'))
  const rebuilt = await veritape(['rebuild', '--book', 'halted'], { cwd })
  expect(rebuilt.stdout).toMatch(/portfolio\.json\s+\w+\s+differed/)
  expect(rebuilt.code).toBe(1)
})
