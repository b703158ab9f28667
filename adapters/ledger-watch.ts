// Waiting until a ledger may have grown: the kernel tells of changes in the folder; a slow look at the clock covers
// what it does not tell (other file systems, too many watches).

import fs from 'node:fs'

export interface LedgerWatch {
  /** Resolves when something may be new, or `signal` aborts. Never misses a change after the last wait. */
  somethingNew(signal: AbortSignal): Promise<void>
  /** This process itself has written. */
  wake(): void
  close(): void
}

const pollMs = 250

export const watchLedger = (folder: string): LedgerWatch => {
  let changed = false
  let resolveWait: (() => void) | undefined
  const wake = () => {
    changed = true
    resolveWait?.()
  }
  let watcher: fs.FSWatcher | undefined
  try {
    watcher = fs.watch(folder, { persistent: false }, wake)
    watcher.on('error', () => watcher?.close()) // the poll goes on
  } catch {
    watcher = undefined // no watches left: the poll alone is slower, not wrong
  }
  return {
    wake,
    close: () => watcher?.close(),
    somethingNew: signal =>
      new Promise(resolve => {
        const done = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          resolveWait = undefined
          changed = false
          resolve()
        }
        const timer = setTimeout(done, pollMs)
        resolveWait = done
        signal.addEventListener('abort', done)
        if (changed || signal.aborted) done()
      }),
  }
}
