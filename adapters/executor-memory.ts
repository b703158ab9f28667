// How much memory the executor of a book holds, as the kernel counts it. The process is the one that holds the lock on
// EXECUTOR: a process id alone may be somebody else's by now.

import fs from 'node:fs'
import type { MemoryFact } from '../domain/health-rules.ts'
import { executorHolder } from './executor-lock.ts'
import { codeOf } from './ledger-files.ts'

/** `folder` is that of the book's ledger. Undefined when no executor runs here, or its process cannot be seen. */
export const executorMemory = (folder: string): MemoryFact | undefined => {
  const pid = Number(/^pid (\d+)$/m.exec(executorHolder(folder) ?? '')?.[1])
  if (Number.isNaN(pid)) return undefined // nobody, or not to be seen
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? undefined : { pid, rssBytes: Number(kilobytes) * 1024 }
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    return undefined // gone, or hidden from this user
  }
}
