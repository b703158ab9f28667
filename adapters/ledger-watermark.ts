// HEAD in the hands of a writer: which mark stands there, and which slot is to be overwritten next.
//
// Moving it does not sync it, or every append would wait for the disk twice. But once nothing was written for a second
// it is synced, so that a power cut in a quiet hour finds HEAD where the ledger is. Never while POISON stands: after a
// sync that failed, the next one would report success.

import fs from 'node:fs'
import type { LedgerFiles } from './ledger-files.ts'
import { type DurableMark, readHead, writeSlot } from './ledger-head.ts'
import type { Poison } from './ledger-poison.ts'

export interface Watermark {
  readonly mark: () => DurableMark
  /** Reads HEAD again: another process may have moved it. */
  look(): DurableMark
  /** Throws when HEAD could not be written; the mark is then as before. */
  move(mark: DurableMark): void
  /** Syncs it too, unless a sync has failed before; throws when this one does. */
  close(): void
  /** Closes without a sync: the ledger could not be opened. */
  abandon(): void
}

const idleMs = 1000

export const watermarkOf = (
  files: LedgerFiles,
  folder: string,
  headFd: number,
  poison: Poison,
): Watermark => {
  let head = readHead(headFd, folder)
  let movedAt = 0
  let timer: NodeJS.Timeout | undefined

  const whenIdle = () => {
    const idle = performance.now() - movedAt
    timer = undefined
    if (idle < idleMs) return waitForIdle(idleMs - idle)
    if (poison.stands()) return
    try {
      files.sync(headFd)
    } catch (error) {
      poison.note(error)
    }
  }
  const waitForIdle = (milliseconds: number) => {
    timer = setTimeout(whenIdle, milliseconds)
    timer.unref() // a process that has nothing else to do closes its store, which syncs too
  }

  return {
    mark: () => head.mark,
    look: () => {
      head = readHead(headFd, folder)
      return head.mark
    },
    move: mark => {
      writeSlot(files, headFd, head.nextSlot, mark)
      head = { mark, nextSlot: head.nextSlot === 0 ? 1 : 0 }
      movedAt = performance.now()
      if (timer === undefined) waitForIdle(idleMs)
    },
    close: () => {
      clearTimeout(timer)
      try {
        if (!poison.stands()) files.sync(headFd)
      } catch (error) {
        poison.note(error) // seals rely on HEAD
        throw error
      } finally {
        fs.closeSync(headFd)
      }
    },
    abandon: () => {
      clearTimeout(timer)
      fs.closeSync(headFd)
    },
  }
}
