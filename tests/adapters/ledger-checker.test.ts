// The checker that works beside a fold: this thread checks until the other one has begun, and nobody can tell who did.
// It runs from dist/, because Node 20 starts no thread from TypeScript.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Checked } from '../../adapters/ledger-check-worker.ts'
import type { LineChecker } from '../../adapters/ledger-checker.ts'
import { listSegments } from '../../adapters/ledger-segment.ts'
import { writeDays } from '../bench/bench-ledger.ts'

const place = fs.mkdtempSync(path.join(os.tmpdir(), 'veritape-checker-'))
let lines: readonly string[] = []

beforeAll(async () => {
  const { folder } = await writeDays(place, 1, 1500)
  lines = fs.readFileSync(`${folder}/${listSegments(folder)[0]}`, 'latin1').match(/.*\n/g) ?? []
})
afterAll(() => fs.rmSync(place, { recursive: true }))

const withChecker = async (work: (checker: LineChecker) => Promise<void>): Promise<void> => {
  const file = path.resolve('dist/adapters/ledger-checker.js')
  const { openChecker } = (await import(file)) as typeof import('../../adapters/ledger-checker.ts')
  const checker = openChecker(2 ** 30)
  try {
    await work(checker)
  } finally {
    await checker.close()
  }
}

const check = (checker: LineChecker, some: readonly string[]): Promise<Checked> => {
  const to = (checker.buffers[1] as Buffer).write(some.join(''), 'latin1')
  return checker.check({ buffer: 1, from: 0, to })
}

/** Whether an answer is there without waiting for another thread. */
const isThere = (answer: Promise<unknown>): Promise<boolean> =>
  Promise.race([answer.then(() => true), setImmediate(false)])

/** Checks line by line until the other thread answers; gives how many were taken. */
const untilBeside = async (checker: LineChecker): Promise<number> => {
  for (let line = 0; line < lines.length; line++) {
    const answer = check(checker, lines.slice(line, line + 1))
    const isHere = await isThere(answer)
    if (line === 0) expect(isHere).toBe(true)
    expect(await answer).toMatchObject({ seq: line + 1, wrong: undefined })
    if (!isHere) return line + 1
    await setTimeout(10)
  }
  throw new Error('the other thread never began')
}

test.skipIf(os.availableParallelism() < 2)(
  'the other thread goes on where this one was, within a group',
  () =>
    withChecker(async checker => {
      const taken = await untilBeside(checker)
      const rest = await check(checker, lines.slice(taken))
      expect(rest).toEqual({ seq: lines.length, hash: lines.at(-1)?.slice(-67, -3), wrong: undefined })
    }),
)

test.skipIf(os.availableParallelism() < 2)('the other thread finds a line that is missing, and where', () =>
  withChecker(async checker => {
    const taken = await untilBeside(checker)
    const [first, , third] = lines.slice(taken) as [string, string, string]
    const { seq, wrong } = await check(checker, [first, third])
    expect(seq).toBe(taken + 1)
    expect(wrong).toMatchObject({ start: first.length, expected: `previous hash ${first.slice(-67, -3)}` })
  }),
)

test('this thread finds a line that is missing, and where', () =>
  withChecker(async checker => {
    const [first, , third] = lines as [string, string, string]
    const { seq, wrong } = await check(checker, [first, third])
    expect(seq).toBe(1)
    expect(wrong).toMatchObject({ start: first.length, expected: `previous hash ${first.slice(-67, -3)}` })
  }))
