// The thread that checks lines for ledger-checker.ts: told which lines lie in which of the shared buffers, it answers each
// time with where the chain stands behind them.

import { parentPort, workerData } from 'node:worker_threads'
import type { Seq } from '../domain/event.ts'
import { takeLines, type WrongLine } from './ledger-check.ts'
import { zeroHash } from './ledger-line-bytes.ts'
import { type Chain, chainAfter } from './ledger-scan.ts'

/** Where the chain stands behind the lines, or the first of them that does not continue it. */
export interface Checked {
  readonly seq: Seq
  readonly hash: string
  readonly wrong: WrongLine | undefined
}

/** Whole lines in one of the checker's buffers. */
export interface LinesInBuffer {
  readonly buffer: number
  readonly from: number
  readonly to: number
}

/** What a worker is told: lines to check, or the chain that they continue, when something else proved what is behind it. */
export type CheckOrder = LinesInBuffer | Chain

/** What a worker says: that it has begun, then an answer to each order to check. */
export type WorkerSays = 'begun' | Checked

const buffers = (workerData as readonly SharedArrayBuffer[]).map(shared => Buffer.from(shared))
let chain = chainAfter(0, zeroHash)

parentPort?.on('message', (order: CheckOrder) => {
  if (!('buffer' in order)) {
    chain = order
    return
  }
  const lines = (buffers[order.buffer] as Buffer).subarray(order.from, order.to)
  const wrong = takeLines(chain, lines)
  say({ seq: chain.seq, hash: chain.hash, wrong })
})

const say = (what: WorkerSays) => parentPort?.postMessage(what)

say('begun')
