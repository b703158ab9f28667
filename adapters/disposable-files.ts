// The files that retention may throw away: what lies under a book's state and is no view of it, and old logs.
//
// A view is what views.json names. A link is never followed and never thrown away, so that nothing outside is reached.

import { lstat, readdir, readFile, rm } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import type { Disposable, DisposableFiles } from '../domain/retention.ts'
import { instantOf } from '../domain/time.ts'
import { unsealedSegments } from './ledger-seal-days.ts'
import { CannotWrite, checkpointsName, isTemporary } from './state-folder.ts'

/** 'veritape.log', 'veritape.log.3', 'execute-2026-01-01.log.gz'. */
const isLog = (name: string): boolean => /\.log(?:\.\d+)?(?:\.gz)?$/.test(name)

export const disposableFiles = (ledger: string, state: string): DisposableFiles => {
  const root = resolve(state)
  return {
    list: async logFolders => {
      const views = await viewsOf(root)
      const found: Disposable[] = []
      for (const path of await filesUnder(root, join(root, checkpointsName))) {
        const name = relative(root, path).replaceAll(sep, '/')
        if (name === 'views.json' || views?.has(name)) continue
        // Without an index nothing is known to be no view.
        if (isTemporary(name)) found.push(await described('leftover', path))
        else if (views !== undefined) found.push(await described('old view', path))
      }
      for (const folder of logFolders)
        for (const path of await filesIn(resolve(folder)))
          if (isLog(path)) found.push(await described('log', path))
      return found
    },
    remove: async ({ path, modified }) => {
      try {
        const now = await lstat(path)
        if (!now.isFile() || instantOf(Math.floor(now.mtimeMs)) !== modified) return false
        await rm(path)
        return true
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
        throw new CannotWrite(path, error as NodeJS.ErrnoException)
      }
    },
    unsealed: () => unsealedSegments(ledger),
  }
}

const described = async (area: Disposable['area'], path: string): Promise<Disposable> => {
  const { size, mtimeMs } = await lstat(path)
  return { area, path, bytes: size, modified: instantOf(Math.floor(mtimeMs)) }
}

/** Names in the index; undefined where there is none that can be read. */
const viewsOf = async (root: string): Promise<ReadonlySet<string> | undefined> => {
  try {
    const { files } = JSON.parse(await readFile(join(root, 'views.json'), 'utf8')) as { files?: unknown }
    return typeof files === 'object' && files !== null ? new Set(Object.keys(files)) : undefined
  } catch {
    return undefined
  }
}

const filesIn = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder, { withFileTypes: true }))
    .filter(entry => entry.isFile())
    .map(entry => join(folder, entry.name))

const filesUnder = async (folder: string, except: string): Promise<readonly string[]> => {
  const found: string[] = []
  let entries: Awaited<ReturnType<typeof readEntries>>
  try {
    entries = await readEntries(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (path === except) continue
    if (entry.isDirectory()) found.push(...(await filesUnder(path, except)))
    else if (entry.isFile()) found.push(path)
  }
  return found
}

const readEntries = (folder: string) => readdir(folder, { withFileTypes: true })
