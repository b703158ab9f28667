// The folder of a book's views: written atomically, read by people and other programs, never by a decision.
//
//   text ──▶ .name.<pid>.tmp ──fsync──▶ rename to name ──▶ fsync of the folder
//
// A reader sees the old file or the new one, never a part, and after a power cut one of the two is there. A file
// whose bytes would not change is not touched, so that its time of change tells when the view last changed.

import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'

export interface StateFolder {
  /** Absolute. */
  readonly path: string
  /** True when the bytes on disk changed. Throws CannotWrite. */
  write(name: string, text: string): Promise<boolean>
  /** undefined when there is no such file. */
  read(name: string): Promise<string | undefined>
  /** Names of all files, with '/' between folders, sorted; without what an interrupted write left behind. */
  list(): Promise<readonly string[]>
  /** True when there was such a file. Throws CannotWrite. */
  remove(name: string): Promise<boolean>
  /** Removes everything inside. Throws NotAStateFolder when it holds other things than views, and CannotWrite. */
  clear(): Promise<void>
}

/** The machine refuses to take the bytes. The process ends with exit code 73. */
export class CannotWrite extends Error {
  readonly path: string
  readonly code: string
  constructor(path: string, cause: NodeJS.ErrnoException) {
    super(`cannot write ${path}: ${whatToDo(cause.code, path)}`, { cause })
    this.name = 'CannotWrite'
    this.path = path
    this.code = cause.code ?? 'unknown'
  }
}

const whatToDo = (code: string | undefined, path: string): string => {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `no permission; let this user write in ${dirname(path)}, or choose another folder with --state`
    case 'EROFS':
      return 'the file system is read-only; choose another folder with --state, or allow it in ReadWritePaths='
    case 'ENOSPC':
    case 'EDQUOT':
      return 'no room left; free some space and run veritape project again'
    case 'ENOTDIR':
    case 'EEXIST':
      return 'a file stands where a folder is needed; move it away, or choose another folder with --state'
    default:
      return `${code ?? 'unknown error'}; choose another folder with --state`
  }
}

/** Clearing it could destroy what is not ours. */
export class NotAStateFolder extends Error {
  constructor(path: string) {
    super(
      `${path} holds files but no ${marker}, so it is not a folder of views; ` +
        'nothing was removed: check --state, or empty it by hand',
    )
    this.name = 'NotAStateFolder'
  }
}

/** The index that every folder of views has: its presence says that clearing is safe. */
const marker = 'views.json'

/** Checkpoints of the ledger lie in the same folder. They are no views: not listed, and kept when views are cleared. */
export const checkpointsName = 'checkpoints'

export const openStateFolder = (folder: string): StateFolder => {
  const root = resolve(folder)
  const checkpoints = join(root, checkpointsName)

  const pathOf = (name: string): string => {
    const path = resolve(root, name)
    if (!path.startsWith(root + sep)) throw new Error(`${name} leads out of the state folder`)
    return path
  }

  const read = async (name: string): Promise<string | undefined> => {
    try {
      return await readFile(pathOf(name), 'utf8')
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  const filesIn = async (folder: string): Promise<readonly string[]> => {
    const names: string[] = []
    for (const entry of await entriesOf(folder)) {
      const path = join(folder, entry.name)
      if (path === checkpoints) continue
      if (entry.isDirectory()) names.push(...(await filesIn(path)))
      else names.push(relative(root, path).replaceAll(sep, '/'))
    }
    return names
  }

  return {
    path: root,
    read,
    write: async (name, text) => {
      const path = pathOf(name)
      if (await holds(path, text)) return false
      await orCannotWrite(path, async () => {
        await makeFolder(dirname(path))
        await replaceFile(path, text)
      })
      return true
    },
    list: async () => (await filesIn(root)).filter(name => !isTemporary(name)).sort(),
    remove: async name => {
      const path = pathOf(name)
      return await orCannotWrite(path, async () => {
        try {
          await rm(path)
        } catch (error) {
          if (isMissing(error)) return false
          throw error
        }
        await syncFolder(dirname(path))
        return true
      })
    },
    clear: async () => {
      const names = await filesIn(root)
      if (names.some(name => !isTemporary(name)) && !names.includes(marker)) throw new NotAStateFolder(root)
      // The marker goes last: an interrupted clear can be repeated.
      const inOrder = [...names.filter(name => name !== marker), ...names.filter(name => name === marker)]
      await orCannotWrite(root, async () => {
        for (const name of inOrder) await rm(pathOf(name), { force: true })
        await removeEmptyFolders(root, checkpoints)
        if (names.length > 0) await syncFolder(root)
      })
    },
  }
}

/** Whether the file has exactly these bytes. One that cannot be read is written anew, which then says why. */
const holds = async (path: string, text: string): Promise<boolean> => {
  try {
    return (await readFile(path)).equals(Buffer.from(text))
  } catch {
    return false
  }
}

const replaceFile = async (path: string, text: string): Promise<void> => {
  const temporary = join(dirname(path), `.${path.slice(dirname(path).length + 1)}.${process.pid}.tmp`)
  try {
    const file = await open(temporary, 'w', 0o644)
    await written(file, text)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}) // the first error is the one to tell
    throw error
  }
  await syncFolder(dirname(path))
}

const written = async (file: FileHandle, text: string): Promise<void> => {
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes the folder and those above it; each new name is made durable in the folder that holds it. */
const makeFolder = async (folder: string): Promise<void> => {
  const first = await mkdir(folder, { recursive: true })
  if (first === undefined) return
  for (let each = folder; each.length >= first.length; each = dirname(each)) await syncFolder(dirname(each))
}

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const removeEmptyFolders = async (folder: string, except: string): Promise<void> => {
  for (const entry of await entriesOf(folder)) {
    if (!entry.isDirectory()) continue
    const path = join(folder, entry.name)
    if (path === except) continue
    await removeEmptyFolders(path, except)
    await rmdir(path)
  }
}

const entriesOf = async (folder: string) => {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** What an interrupted write left behind. */
export const isTemporary = (name: string): boolean => /(^|\/)\.[^/]+\.\d+\.tmp$/.test(name)

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

const orCannotWrite = async <Result>(path: string, act: () => Promise<Result>): Promise<Result> => {
  try {
    return await act()
  } catch (error) {
    throw new CannotWrite(path, error as NodeJS.ErrnoException)
  }
}
