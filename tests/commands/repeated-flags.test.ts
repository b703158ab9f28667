// A flag that is given twice: a list takes both values, in either way of writing; anything else is refused, because the
// program cannot know which of the two was meant.

import { expect, test } from 'vitest'
import yargs, { type Argv } from 'yargs'
import { runCommandLine, verbs } from '../../commands/command-line.ts'
import { exit, Stop } from '../../commands/exit.ts'
import { capturedScreen } from './captured-screen.ts'

/** What a verb would be run with; undefined when the line is refused, with the sentence and the code. */
const read = async (argv: readonly string[]) => {
  let args: Readonly<Record<string, unknown>> | undefined
  const { screen, stderr } = capturedScreen()
  const code = await runCommandLine(argv, screen, '0.0.0', async given => {
    args = { ...given }
    throw new Stop(exit.done, 'far enough')
  })
  return { args, code, said: stderr() }
}

interface Flag {
  readonly usage: string
  readonly flag: string
}

/** Every flag of every verb, by what it takes. */
const flags = { list: [] as Flag[], single: [] as Flag[] }
for (const { usage, load } of verbs) {
  const parser = (await load()).options(yargs([]) as never) as unknown as Argv & {
    getOptions(): Record<'array' | 'string' | 'number', readonly string[]>
  }
  const { array, string, number } = parser.getOptions()
  const positional = [...usage.matchAll(/[<[](\w+)/g)].map(([, name]) => name)
  for (const flag of new Set([...array, ...string, ...number]))
    if (/^[a-z]+(-[a-z]+)*$/.test(flag) && !positional.includes(flag))
      flags[array.includes(flag) ? 'list' : 'single'].push({ usage, flag })
}
/** What a verb does not go without, so that nothing else is wrong with the line. */
const companions: Readonly<Record<string, readonly string[]>> = {
  'intent <what> <subject>': ['--id', 'one'],
  reconcile: ['--adopt', '1', '--label', 'mine'],
}
const line = (usage: string, flag: string): readonly string[] => {
  const words = usage.replaceAll(/[<[]\w+[>\]]/g, word => (word === '<what>' ? 'buy' : '2023')).split(' ')
  const [first, second, ...rest] = companions[usage] ?? []
  const others = first === `--${flag}` ? rest : rest[0] === `--${flag}` ? [first, second] : companions[usage]
  return [...words, ...(others ?? [])] as string[]
}

test('there are flags of both kinds', () => {
  expect(flags.list.map(({ usage, flag }) => `${usage} --${flag}`)).toEqual(
    expect.arrayContaining(['execute --symbol', 'export --type', 'units install --credential']),
  )
  expect(flags.single.length).toBeGreaterThan(20)
})

test.each(flags.list)('$usage --$flag takes several, in one go and one by one', async ({ usage, flag }) => {
  const repeated = await read([...line(usage, flag), `--${flag}`, 'A', `--${flag}`, 'B'])
  expect(repeated.args?.[flag], repeated.said).toEqual(['A', 'B'])
  const together = await read([...line(usage, flag), `--${flag}`, 'A', 'B'])
  expect(together.args?.[flag], together.said).toEqual(['A', 'B'])
})

const everywhere = ['book', 'config', 'ledger', 'state', 'store', 'log-level', 'as-of'].map(flag => ({
  usage: 'status',
  flag,
}))
test.each([...everywhere, ...flags.single])('$usage --$flag twice is refused', async ({ usage, flag }) => {
  const { args, code, said } = await read([...line(usage, flag), `--${flag}`, '1', `--${flag}`, '2'])
  expect(args).toBeUndefined()
  expect(code).toBe(exit.usage)
  expect(said).toMatch(/^veritape: [^\n]+\n$/)
  expect(said).toContain(`--${flag} is given 2 times, and it takes one value; keep one of them`)
})

test('so is one of a few words', async () => {
  const { args, code, said } = await read(['report', 'kpi', '--format', 'csv', '--format', 'html'])
  expect(args).toBeUndefined()
  expect({ code, said }).toMatchObject({
    code: exit.usage,
    said: expect.stringContaining('--format is given 2'),
  })
})

test('a switch that is given twice is the same switch', async () => {
  expect((await read(['verify', '--deep', '--deep'])).args).toMatchObject({ deep: true })
})
