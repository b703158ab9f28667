// The thread that checks lines for ledger-checker.ts: told which lines lie in which of the shared buffers, it answers each
// time with where the chain stands behind them.

import { parentPort, workerData } from 'node:worker_threads'
import type { Seq } from '../domain/event.ts'
import { takeLines, type WrongLine } from './ledger-check.ts'
import { zeroHash } from './ledger-line-bytes.ts'
import { chainAfter } from './ledger-scan.ts'

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

/** What a worker is told: lines to check, or that the chain goes on behind lines that were proven otherwise. */
export type CheckOrder = LinesInBuffer | { readonly seq: Seq; readonly hash: string }

const buffers = (workerData as readonly SharedArrayBuffer[]).map(shared => Buffer.from(shared))
let chain = chainAfter(0, zeroHash)

parentPort?.on('message', (order: CheckOrder) => {
  if (!('buffer' in order)) {
    chain = chainAfter(order.seq, order.hash)
    return
  }
  const lines = (buffers[order.buffer] as Buffer).subarray(order.from, order.to)
  const wrong = takeLines(chain, lines)
  parentPort?.postMessage({ seq: chain.seq, hash: chain.hash, wrong } satisfies Checked)
})
