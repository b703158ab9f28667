// Loaded in front of the program (node --import): kills it with SIGKILL at an exact place of one write to its ledger.
// CRASH_AT is '<phase> <event> <nth>': the nth time that a line of this event is
//
//   before   about to be written: nothing of it is on disk
//   torn     half written: a line without an end
//   synced   durable: the caller has not heard of it

import fs from 'node:fs'

const [phase, event, nth] = (process.env.CRASH_AT ?? '').split(' ')
const mark = `"t":"${event}"`
const { writeSync, fdatasyncSync } = fs
let left = Number(nth)
let written

const die = () => {
  process.kill(process.pid, 'SIGKILL')
  for (;;); // nothing of the program runs any more, however slowly the signal comes
}

fs.writeSync = (fd, bytes, offset, length, position) => {
  // A path or a text is not a line of a ledger: those are written as bytes.
  if (!ArrayBuffer.isView(bytes)) return writeSync(fd, bytes, offset, length, position)
  const isIt =
    Buffer.from(bytes)
      .subarray(offset, offset + length)
      .includes(mark) && --left === 0
  if (isIt && phase === 'before') die()
  if (isIt && phase === 'torn') {
    const place = Buffer.from(bytes).indexOf(mark)
    writeSync(fd, bytes, offset, place - offset, position)
    die()
  }
  const count = writeSync(fd, bytes, offset, length, position)
  if (isIt) written = fd
  return count
}

fs.fdatasyncSync = fd => {
  fdatasyncSync(fd)
  if (fd === written && phase === 'synced') die()
}
