// The KILL file of a book: halts trading without the ledger, so it works while the ledger is busy, full or damaged.
//
//   no file                                  trading goes on
//   {"level":"reducing", "by", "reason"}     only orders that shrink a position
//   {"level":"halted", "by", "reason"}       no orders
//   anything else, `touch KILL` included     halted: whoever made the file meant something

import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import type { KillSwitch } from '../domain/kill-switch.ts'
import { isNoRoom } from './ledger-appending.ts'
import {
  codeOf,
  FolderNotSynced,
  type LedgerFiles,
  nodeFiles,
  syncAbove,
  writeDurably,
} from './ledger-files.ts'
import { poisonOf } from './ledger-poison.ts'
import { releaseReserve } from './ledger-reserve.ts'
import { systemClock } from './system-clock.ts'

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

  /** Writes the words beside KILL, and gives them its name by `put`, which makes one change of what stands there. */
  const write = (words: string, put: (temporary: string) => void) => {
    const temporary = join(folder, `${fileName}.${randomBytes(4).toString('hex')}.tmp`)
    try {
      writeDurably(files, temporary, words)
      put(temporary)
    } finally {
      rmSync(temporary, { force: true })
    }
    files.syncFolder(folder)
  }

  const pullOver = (words: string) => write(words, temporary => files.rename(temporary, path))

  /** What stands there halts as much or more, also what came to stand there a moment ago: a link takes no name away. */
  const pullUnlessPulled = (words: string) => {
    if (read() !== undefined) return files.syncFolder(folder)
    write(words, temporary => {
      try {
        linkSync(temporary, path)
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error
      }
    })
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

  /** Names of the ledger may have been dropped as well: nobody writes on. */
  const poisoning = (act: () => void) => {
    try {
      act()
    } catch (error) {
      if (error instanceof FolderNotSynced && existsSync(join(folder, 'LEDGER.json')))
        poisonOf(files, folder, systemClock.now).note(error)
      throw error
    }
  }

  const pull: (...words: Parameters<KillSwitch['pull']>) => void = (level, by, reason) => {
    mkdirSync(folder, { recursive: true })
    const words = `${JSON.stringify({ level, by, reason } satisfies Kill)}\n`
    const pullWithWords = level === 'halted' ? () => pullOver(words) : () => pullUnlessPulled(words)
    try {
      pullWithWords()
    } catch (error) {
      if (error instanceof FolderNotSynced) throw error // a sync that failed is never tried again
      try {
        if (isNoRoom(error) && releaseReserve(files, folder)) pullWithWords()
        else pullWithoutWords()
      } catch (again) {
        // The first failure says more than that of the attempt to save the halt; but of a sync everybody must hear.
        throw again instanceof FolderNotSynced ? again : error
      }
    }
    syncAbove(files, folder)
  }

  return {
    pull: async (...words) => poisoning(() => pull(...words)),
    read,
    release: async () => {
      rmSync(path, { force: true })
      for (const name of namesIn(folder))
        if (isUnfinishedHalt(name)) rmSync(join(folder, name), { force: true })
      if (read() !== undefined) throw new Error(`${path} is still there; remove it by hand`)
      poisoning(() => syncIfThere(files, folder))
    },
  }
}

/** One that was being written when its process was killed. Each process has a name of its own for it. */
const isUnfinishedHalt = (name: string): boolean => /^KILL\.[0-9a-f]{8}\.tmp$/.test(name)

const namesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    return []
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
