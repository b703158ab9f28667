// What another process does to a ledger, by its first argument:
//   append FOLDER NAME COUNT   appends COUNT events to the stream candles-NAME-5m, one at a time, and prints each seq
//   lock FOLDER                takes the lock, prints 'locked', and keeps it until it is killed
//   create FOLDER NAME         creates the ledger (or finds it created) and begins the stream candles-NAME-5m

import { openJsonlStore } from '../../adapters/jsonl-store.ts'
import { openLock } from '../../adapters/ledger-lock.ts'
import { candleStream } from '../../domain/stream.ts'
import { candleClosed, expectedAfter, group, market, write } from '../cast.ts'

const [, , what, folder = '', name = '', count = '1'] = process.argv
const clock = () => new Date().toISOString()

if (what === 'lock') {
  const lock = openLock(folder, 'execute')
  if (!lock.tryTake()) throw new Error('the lock is not free')
  lock.sign()
  console.log('locked')
  setInterval(() => {}, 1000)
} else {
  const create = { book: 'cast', mode: 'dry-run', zone: 'UTC' } as const
  const store = await openJsonlStore({
    folder,
    role: 'execute',
    clock,
    allowMemory: true,
    busyAfterMs: 60_000,
    ...(what === 'create' ? { create } : {}),
  })
  const stream = candleStream(name, '5m')
  for (let n = 0; n < Number(count); n++) {
    const answer = await store.append(group(write(stream, expectedAfter(n), [market(n), candleClosed(n)])))
    if (answer._tag === 'Left') throw new Error(answer.left.kind)
    console.log(answer.right.events[0]?.seq)
  }
  await store.close()
}
