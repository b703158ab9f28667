// What another process does to a ledger, by its first argument. It says each thing at once, with one write.
//   story FOLDER        tells the whole story; ACK seq mark …, TROUBLE what …, END how
//   write FOLDER NAME   appends to the stream of NAME until it is killed; ACK seq mark [when]
//   follow FOLDER       reads all, then waits for more, until it is killed; SAW seq mark [when]
//   hold FOLDER         takes the lock and keeps it; LOCKED
//   lend FOLDER         takes the lock, hands every descriptor it can to a child that outlives it; LENT pid
//   open FOLDER [MS [N]] opens for writing, with N descriptors, and appends once; OPENED, or REFUSED name sentence

import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { openJsonlReader } from '../../adapters/jsonl-store.ts'
import { openLock } from '../../adapters/ledger-lock.ts'
import { candleStream } from '../../domain/stream.ts'
import { candleClosed, expectedAfter, group, market, write } from '../cast.ts'
import { groupOf, openBook } from './story.ts'
import { nameOf, tell, wholeStory } from './teller.ts'
import { acknowledgedOf, candlesIn } from './witness.ts'

const [, , what, folder = '', name = '', pause = '0'] = process.argv
const say = (...words: readonly unknown[]) => fs.writeSync(1, `${words.join(' ')}\n`)
/** The same clock in all processes of a machine. */
const when = () => process.hrtime.bigint()
const clock = () => new Date().toISOString()
const open = () => openBook(folder, clock, { busyAfterMs: 60_000 })

// Nobody is left behind: whose parent is gone goes too.
const parent = process.ppid
setInterval(() => {
  if (process.ppid !== parent) process.exit(1)
}, 500).unref()

const writeOn = async () => {
  const store = await open()
  const stream = candleStream(name, '5m')
  let next = 0
  for await (const _ of store.read(stream)) next++
  for (; ; next++) {
    const answer = await store.append(
      group(write(stream, expectedAfter(next), [market(next), candleClosed(next)])),
    )
    if (answer._tag === 'Left') throw new Error(answer.left.kind)
    for (const event of answer.right.events) {
      const { seq, mark } = acknowledgedOf(event)
      say('ACK', seq, mark, when())
    }
    if (pause !== '0') await sleep(Number(pause))
  }
}

const follow = async () => {
  const reader = await openJsonlReader(folder)
  const forEver = new AbortController()
  for await (const event of reader.subscribe(0, forEver.signal)) {
    const at = when()
    const { seq, mark } = acknowledgedOf(event)
    say('SAW', seq, mark, at)
  }
}

switch (what) {
  case 'story': {
    const told = await tell(folder, wholeStory, ({ seq, mark }) => say('ACK', seq, mark))
    for (const trouble of told.troubles) say('TROUBLE', trouble)
    say('END', told.end)
    break
  }
  case 'write':
    await writeOn()
    break
  case 'follow':
    await follow()
    break
  case 'hold': {
    const lock = openLock(folder, 'execute')
    if (!lock.tryTake()) throw new Error('the lock is not free')
    lock.sign()
    say('LOCKED')
    setInterval(() => {}, 1000)
    break
  }
  case 'lend': {
    await open()
    const lock = openLock(folder, 'execute')
    if (!lock.tryTake()) throw new Error('the lock is not free')
    const child = spawn('sleep', ['30'], { stdio: 'ignore', detached: true })
    say('LENT', child.pid)
    setInterval(() => {}, 1000)
    break
  }
  case 'open':
    // Only now: the program itself needs many to be loaded.
    if (pause !== '0') execFileSync('prlimit', [`--pid=${process.pid}`, `--nofile=${pause}`])
    try {
      const store = await openBook(folder, clock, { busyAfterMs: Number(name) || 5000 })
      const answer = await store.append(groupOf(await candlesIn(store)))
      say(answer._tag === 'Left' ? `REFUSED ${answer.left.kind}` : 'OPENED')
      await store.close()
    } catch (error) {
      say('REFUSED', nameOf(error), String(error))
    }
    break
  default:
    throw new Error(`'${what}' is nothing that this process does`)
}
