// The KILL file of a book: halts trading without the ledger, so it works while the ledger is busy, full or damaged.
//
//   no file                                  trading goes on
//   {"level":"reducing", "by", "reason"}     only orders that shrink a position
//   {"level":"halted", "by", "reason"}       no orders
//   anything else, `touch KILL` included     halted: whoever made the file meant something

import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import type { KillSwitch } from '../domain/kill-switch.ts'
import { isNoRoom } from './ledger-appending.ts'
import { codeOf, type LedgerFiles, nodeFiles, replaceFile, syncAbove } from './ledger-files.ts'
import { releaseReserve } from './ledger-reserve.ts'

const Kill = z.strictObject({ level: z.enum(['reducing', 'halted']), by: z.string(), reason: z.string() })
type Kill = z.infer<typeof Kill>

const fileName = 'KILL'

/** `folder` is the book's ledger folder; it need not exist. */
export const killSwitch = (folder: string, files: LedgerFiles = nodeFiles): KillSwitch => {
  const path = join(folder, fileName)

  const read: KillSwitch['read'] = () => {
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      return { level: 'halted', reason: `${path} is there and cannot be read (${codeOf(error) ?? error})` }
    }
    return killFrom(text) ?? { level: 'halted', reason: `${path} was made by hand${saying(text)}` }
  }

  /** An empty file halts too, and needs no room on the disk. */
  const pullWithoutWords = () => {
    const fd = openSync(path, 'w')
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    files.syncFolder(folder)
  }

  return {
    pull: async (level, by, reason) => {
      mkdirSync(folder, { recursive: true })
      // A halt that stands is not loosened by a milder one.
      if (level === 'reducing' && read()?.level === 'halted') return files.syncFolder(folder)
      const kill: Kill = { level, by, reason }
      const pullWithWords = () => replaceFile(files, folder, fileName, `${JSON.stringify(kill)}\n`)
      try {
        pullWithWords()
      } catch (error) {
        try {
          if (isNoRoom(error) && releaseReserve(files, folder)) pullWithWords()
          else pullWithoutWords()
        } catch {
          throw error // the first failure says more than that of the attempt to save the halt
        }
      }
      syncAbove(files, folder)
    },
    read,
    release: async () => {
      rmSync(path, { force: true })
      if (read() !== undefined) throw new Error(`${path} is still there; remove it by hand`)
      syncIfThere(files, folder)
    },
  }
}

const killFrom = (text: string): Kill | undefined => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined // no JSON is a file of a person, not an error
  }
  return Kill.safeParse(value).data
}

/** The first words of a file that a person wrote. */
const saying = (text: string): string => {
  const line = text.trim().split('\n')[0]?.slice(0, 120) ?? ''
  return line === '' ? '' : `, saying '${line}'`
}

const syncIfThere = (files: LedgerFiles, folder: string): void => {
  try {
    files.syncFolder(folder)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}
