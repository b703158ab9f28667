// Checking lines while they are folded: hashing costs about as much as folding, so that with a second core both are
// done in the time of one. The checker sees the very bytes that are folded, in memory that both threads share.
//
//   file ──▶ ring of buffers ──▶ fold            (this thread)
//                      └───────▶ check, in order (a worker, or this thread when there is little to check)
//
// A worker needs 40 ms to begin on a quiet machine and ten times that on a busy one: until it says that it has, this
// thread checks as well, and then hands the chain over.

import os from 'node:os'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Seq } from '../domain/event.ts'
import { takeLines } from './ledger-check.ts'
import type { Checked, CheckOrder, LinesInBuffer, WorkerSays } from './ledger-check-worker.ts'
import { lineBytesMax, zeroHash } from './ledger-line-bytes.ts'
import { type Chain, chainAfter, chunkBytes } from './ledger-scan.ts'

export interface LineChecker {
  /** To read lines into. What is being checked must not be written over. */
  readonly buffers: readonly Buffer[]
  /** Checks lines against those before, in the order of the calls. */
  check(lines: LinesInBuffer): Promise<Checked>
  /** Goes on behind lines that were proven by other means. */
  goOnBehind(seq: Seq, hash: string): void
  close(): Promise<void>
}

const buffersInRing = 4
/** Less than this is checked sooner without a worker. */
const workerBytesMin = 32 * 1024 * 1024

/** A checker for about so many bytes of lines, from the beginning of a ledger. */
export const openChecker = (bytes: number): LineChecker =>
  bytes >= workerBytesMin && os.availableParallelism() > 1 && !isSource ? checkerBeside() : checkerHere()

/** Node 20 starts no thread from TypeScript: run from its source, the program checks in its own thread. */
const isSource = extname(import.meta.url) === '.ts'

const bufferBytes = lineBytesMax + chunkBytes

const ring = (): readonly Buffer[] =>
  Array.from({ length: buffersInRing }, () => Buffer.allocUnsafeSlow(bufferBytes))

const checkerHere = (buffers = ring()): LineChecker & { chain(): Chain } => {
  let chain = chainAfter(0, zeroHash)
  return {
    buffers,
    check: async ({ buffer, from, to }) => {
      const wrong = takeLines(chain, (buffers[buffer] as Buffer).subarray(from, to))
      return { seq: chain.seq, hash: chain.hash, wrong }
    },
    goOnBehind: (seq, hash) => {
      chain = chainAfter(seq, hash)
    },
    chain: () => chain,
    close: async () => {},
  }
}

interface Asked {
  resolve(checked: Checked): void
  reject(error: Error): void
}

const checkerBeside = (): LineChecker => {
  const memory = Array.from({ length: buffersInRing }, () => new SharedArrayBuffer(bufferBytes))
  const here = checkerHere(memory.map(shared => Buffer.from(shared)))
  const worker = new Worker(new URL('./ledger-check-worker.js', import.meta.url), { workerData: memory })
  const tell = (order: CheckOrder) => worker.postMessage(order)
  const asked: Asked[] = []
  let hasBegun = false
  let broken: Error | undefined
  const breakOff = (error: Error) => {
    broken ??= error
    for (const { reject } of asked.splice(0)) reject(error)
  }
  worker.on('message', (said: WorkerSays) => {
    if (said !== 'begun') return asked.shift()?.resolve(said)
    hasBegun = true
    tell(here.chain())
  })
  worker.on('error', breakOff)
  worker.on('exit', code => breakOff(new Error(`the thread that checks lines ended with ${code}`)))
  return {
    buffers: here.buffers,
    check: lines =>
      new Promise((resolve, reject) => {
        if (broken !== undefined) return reject(broken)
        if (!hasBegun) return resolve(here.check(lines))
        asked.push({ resolve, reject })
        tell(lines)
      }),
    goOnBehind: (seq, hash) => (hasBegun ? tell(chainAfter(seq, hash)) : here.goOnBehind(seq, hash)),
    close: async () => {
      await worker.terminate()
    },
  }
}
