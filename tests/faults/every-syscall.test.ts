// Every system call that a story makes on its book fails, once and for ever, and kills the process: the method of
// Tessera's storage tests, with strace in place of the kernel.

import fs from 'node:fs'
import { expect, test } from 'vitest'
import { folderOnDisk } from './folders.ts'
import { child } from './process.ts'
import { type Call, readTrace, through, whyNoStrace } from './strace.ts'
import { counting, full, record } from './tally.ts'
import { type Acknowledged, prove } from './witness.ts'

const missing = whyNoStrace()
if (missing !== undefined)
  record({
    fault: 'each system call failed and killed',
    times: 0,
    outcomes: { [missing]: 0 },
    proven: 'nothing',
  })

/** Everything that the story makes in its book. -P takes no pattern, so they are named. */
const filesOf = (book: string): readonly string[] => {
  const days = ['2023-03-24', '2023-03-25', '2023-03-26']
  const whole = ['HEAD', 'LEDGER.json', 'CHECKPOINT']
  const replaced = [
    ...whole,
    ...days.flatMap(day => [
      `${day}.jsonl.gz`,
      `${day}.jsonl.seal.json`,
      `anchors/${day}.json`,
      `checkpoints/${day}.jsonl.checkpoint`,
    ]),
  ]
  const once = ['LOCK', 'SEALING', 'POISON', 'RESERVE', 'quarantine', 'anchors', 'checkpoints']
  const names = [
    ...replaced,
    ...replaced.map(name => `${name}.tmp`),
    ...once,
    ...days.map(day => `${day}.jsonl`),
  ]
  return [book, ...names.map(name => `${book}/${name}`)]
}

interface Injection {
  readonly call: string
  /** As strace counts: the how many-th of this call. */
  readonly nth: number
  readonly how: string
}

const faults = ['error=EIO', 'error=ENOSPC', 'error=EINTR', 'signal=KILL'] as const

/** Calls of the main thread, by name, with how often each is made. */
const countsOf = (calls: readonly Call[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const { name, pid } of calls) if (pid === calls[0]?.pid) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

const injectionsOf = (counts: ReadonlyMap<string, number>): readonly Injection[] =>
  [...counts].flatMap(([call, count]) =>
    Array.from({ length: count }, (_, index) => index + 1).flatMap(nth =>
      faults.flatMap(fault => [
        { call, nth, how: `${fault}:when=${nth}` },
        ...(fault.startsWith('error') && fault !== 'error=EINTR'
          ? [{ call, nth, how: `${fault}:when=${nth}+` }]
          : []),
      ]),
    ),
  )

/** A few of each kind, evenly over the story. */
const some = (all: readonly Injection[], count: number): readonly Injection[] =>
  Array.from(
    { length: count },
    (_, index) => all[Math.floor(((index + 0.5) * all.length) / count)] as Injection,
  )

/**
 * The process was told that a sync of a segment or of HEAD failed: it may never ask again for that file. A temporary
 * file is removed after that and made anew, under the same name.
 */
const requireNoSecondSync = (calls: readonly Call[]) => {
  calls.forEach(({ name, file, injected, result }, at) => {
    if (!injected || name !== 'fdatasync' || result.endsWith('EINTR') || file.endsWith('.tmp')) return
    const again = calls.slice(at + 1).find(each => each.name === name && each.file === file && !each.injected)
    if (again !== undefined) throw new Error(`a failed fdatasync of ${file} was tried again`)
  })
}

const tellThrough = async (place: string, injection: Injection | undefined) => {
  const book = `${place}/book`
  const trace = `${place}/trace`
  const inject = injection && `${injection.call}:${injection.how}`
  const told = child(['story', book], through(trace, filesOf(book), inject))
  const ended = await told.ended
  const acknowledged = told.lines.flatMap((line): Acknowledged[] => {
    const [word, seq, mark = ''] = line.split(' ')
    return word === 'ACK' ? [{ seq: Number(seq), mark }] : []
  })
  const end = told.lines.find(line => line.startsWith('END'))?.slice(4)
  return {
    book,
    acknowledged,
    calls: readTrace(trace),
    end: end ?? `killed (${ended})`,
    ended,
    lines: told.lines,
  }
}

test.runIf(missing === undefined)('a story is told through strace, and its calls are counted', async () => {
  const { end, calls, book, acknowledged } = await tellThrough(folderOnDisk(), undefined)
  expect(end).toBe('told')
  expect(countsOf(calls).get('fdatasync')).toBeGreaterThan(6)
  expect(countsOf(calls).get('write')).toBeGreaterThan(6)
  expect(countsOf(calls).get('pwrite64')).toBeGreaterThan(6)
  expect((await prove(book, acknowledged)).lines.length).toBeGreaterThan(12)
})

test.runIf(missing === undefined)(
  'each call of create, append, roll, close and open may fail once, for ever, or kill',
  { timeout: 1_800_000 },
  async () => {
    const counts = countsOf((await tellThrough(folderOnDisk(), undefined)).calls)
    const all = injectionsOf(counts)
    expect(all.length).toBeGreaterThan(200)
    const count = counting()
    const left = [...(full ? all : some(all, 16))]
    const place = folderOnDisk()
    const worker = async (own: string) => {
      for (let injection = left.shift(); injection !== undefined; injection = left.shift()) {
        fs.mkdirSync(own)
        const telling = await tellThrough(own, injection)
        try {
          if (
            injection.how.startsWith('signal')
              ? telling.ended !== 'SIGKILL'
              : !telling.calls.some(({ injected }) => injected)
          )
            throw new Error('nothing was injected')
          requireNoSecondSync(telling.calls)
          fs.rmSync(`${telling.book}/POISON`, { force: true })
          await prove(telling.book, telling.acknowledged)
        } catch (error) {
          const { call, how } = injection
          throw new Error(`inject=${call}:${how}: ${error} [${telling.lines.join('; ')}]`, { cause: error })
        }
        const fault = injection.how
          .replace(/:when=\d+/, '')
          .replace(/^\w+=/, '')
          .replace('+', ' for ever')
        count.add(`${fault}: ${telling.end}`)
        fs.rmSync(own, { recursive: true })
      }
    }
    await Promise.all([worker(`${place}/a`), worker(`${place}/b`)])
    count.row(
      `each system call on the book (${[...counts].map(([name, times]) => `${times} ${name}`).join(', ')})`,
      'G1 G2 G3 G7 G8; a failed fdatasync is never tried again (from the trace)',
    )
  },
)
