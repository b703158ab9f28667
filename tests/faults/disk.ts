// A disk that fails. It stands between the program and one folder: every file operation below the folder is counted,
// may be refused, and is written down twice, as the two images that a disk really has:
//
//   volatile   what the kernel shows: the files themselves
//   durable    what a power cut leaves: the content at the last sync of each file, the names at the last sync of
//              each folder; and of what came since, any part
//
// A power cut chooses for each file how far its length has got, for each of its sectors which of the writes since
// the last sync has reached the disk, and for each folder which of its changes of names: the first so many, or any of
// them, for nobody promises an order. A rename is one change. So unsynced bytes are lost, reordered and torn at the
// border of sectors (512 bytes, which disks write whole). The store's lock, and what is read, are not part of it.

import fs from 'node:fs'
import path from 'node:path'
import type { Chance } from './seeded.ts'

export interface Operation {
  /** Counted from 1 since the disk was put in. */
  readonly number: number
  readonly kind:
    | 'open'
    | 'read'
    | 'write'
    | 'sync'
    | 'truncate'
    | 'rename'
    | 'mkdir'
    | 'list'
    | 'stat'
    | 'remove'
  /** Relative to the folder; empty for the folder itself. */
  readonly file: string
}

/** Looks at an operation before it is done: throws to refuse it; a number lets a write take only so many bytes. */
export type Before = (operation: Operation, length: number) => number | undefined

/** A sync that fails and drops the bytes or names it should have written: the kernel goes on showing them, and never writes them. */
export class SyncDropped extends Error {
  readonly code: string
  constructor(code: string) {
    super(`${code}: injected`)
    this.code = code
  }
}

/** The machine has stopped: nothing works any more. */
export class PowerCut extends Error {
  constructor() {
    super('the power is cut')
  }
}

export const systemError = (code: string): Error => Object.assign(new Error(`${code}: injected`), { code })

export interface Disk {
  readonly operations: readonly Operation[]
  /** Writes into the empty folder `to` what a power cut would leave at this moment. */
  cut(to: string, chance: Chance): void
  /** Cuts the power and gives it back: the folder is what the cut left. Files that were open then are nobody's any more. */
  cutHere(chance: Chance): void
  /** Takes the disk out: file operations are as usual again, and files that are still open are closed. */
  remove(): void
}

interface Inode {
  durable: Buffer
  /** Begins with the durable bytes and has room for more, so that a file that grows is not copied with each sync. */
  roomy?: Buffer
  /** Since the last sync. */
  pending: Change[]
}
type Change =
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly length: number }

/** Its names after the last sync, and as they are now. */
interface Folder {
  readonly durable: Names
  readonly current: Names
}
type Names = Map<string, Inode | Folder>

/** A change of names, which is done as a whole or not at all; `node` is undefined when the name is gone. */
type Naming = readonly {
  readonly folder: Folder
  readonly name: string
  readonly node: Inode | Folder | undefined
}[]

const isFolder = (node: Inode | Folder): node is Folder => 'current' in node
const emptyFolder = (): Folder => ({ durable: new Map(), current: new Map() })

const sector = 512

/** Puts the disk under `folder`; one at a time. With `lies`, a sync of a file it names is reported and not done. */
export const putDisk = (
  folder: string,
  before: Before,
  lies: (file: string) => boolean = () => false,
): Disk => {
  const root = path.resolve(folder)
  const real = { ...fs }
  const operations: Operation[] = []
  const open = new Map<number, { readonly file: string; readonly node: Inode | Folder; position: number }>()
  /** Holds the root alone, under the name ''. A sync of the root makes its own name durable too. */
  const above = emptyFolder()
  /** Since the last sync of their folders, in the order in which they were made. */
  let namings: Naming[] = []

  /** While the disk itself writes: what Node offers as one operation consists of those that are replaced here. */
  let isOwn = false
  const relative = (name: unknown): string | undefined => {
    if (isOwn || typeof name !== 'string') return undefined
    const full = path.resolve(name)
    if (full === root) return ''
    return full.startsWith(`${root}/`) ? full.slice(root.length + 1) : undefined
  }
  const parentOf = (file: string): string => (path.dirname(file) === '.' ? '' : path.dirname(file))

  /** What has a path, relative to the root. */
  const nodeOf = (file: string): Inode | Folder | undefined => {
    if (file === '') return above.current.get('')
    const parent = nodeOf(parentOf(file))
    return parent !== undefined && isFolder(parent) ? parent.current.get(path.basename(file)) : undefined
  }
  const folderOf = (file: string): Folder => {
    const node = file === '' ? above : nodeOf(parentOf(file))
    if (node === undefined || !isFolder(node)) throw new Error(`the disk knows no folder of '${file}'`)
    return node
  }

  const note = (kind: Operation['kind'], file: string, length = 0): number | undefined => {
    const operation = { number: operations.length + 1, kind, file }
    operations.push(operation)
    return before(operation, length)
  }

  const name = (...names: (readonly [file: string, node: Inode | Folder | undefined])[]) => {
    const naming = names.map(([file, node]) => ({ folder: folderOf(file), name: path.basename(file), node }))
    namings.push(naming)
    apply(naming, folder => folder.current)
  }

  const adopted = (where: string): Inode | Folder => {
    if (!real.statSync(where).isDirectory()) return { durable: real.readFileSync(where), pending: [] }
    const folder = emptyFolder()
    for (const each of real.readdirSync(where)) {
      const node = adopted(path.join(where, each))
      folder.durable.set(each, node)
      folder.current.set(each, node)
    }
    return folder
  }
  const adoptRoot = () => {
    const node = adopted(root)
    above.durable.set('', node)
    above.current.set('', node)
  }
  if (real.existsSync(root)) adoptRoot()

  const content = (node: Inode, changes: number): Buffer => {
    let bytes = node.durable
    for (const change of node.pending.slice(0, changes)) bytes = changed(bytes, change)
    return bytes
  }

  /** The changes that a sync of this folder makes durable, or drops; they wait no longer. */
  const takeNamings = (node: Folder): readonly Naming[] => {
    const isOf = (naming: Naming) =>
      naming.some(({ folder }) => folder === node || (folder === above && above.current.get('') === node))
    const taken = namings.filter(isOf)
    namings = namings.filter(naming => !isOf(naming))
    return taken
  }

  const synced = (file: string, node: Inode | Folder) => {
    if (lies(file)) return
    if (isFolder(node)) for (const naming of takeNamings(node)) apply(naming, folder => folder.durable)
    else {
      for (const change of node.pending) settle(node, change)
      node.pending = []
    }
  }

  const dropped = (node: Inode | Folder) => {
    if (isFolder(node)) takeNamings(node)
    else node.pending = []
  }

  const sync = (doReally: (fd: number) => void) => (fd: number) => {
    const file = open.get(fd)
    if (file === undefined) return doReally(fd)
    try {
      note('sync', file.file)
    } catch (error) {
      if (error instanceof SyncDropped) dropped(file.node)
      throw error
    }
    synced(file.file, file.node) // the kernel need not sync as well: the images are what counts
  }

  const mkdir = (where: fs.PathLike, options?: fs.MakeDirectoryOptions | fs.Mode | null) => {
    const file = relative(where)
    if (file === undefined) return real.mkdirSync(where, options)
    note('mkdir', file)
    const first = real.mkdirSync(where, options)
    const missing: string[] = []
    if (first !== undefined)
      for (let made = file; nodeOf(made) === undefined; made = parentOf(made)) {
        missing.unshift(made)
        if (made === '') break
      }
    for (const made of missing) name([made, emptyFolder()])
    return first
  }

  const patched = {
    openSync: (where: fs.PathLike, flags: fs.OpenMode = 'r', mode?: fs.Mode) => {
      const file = relative(where)
      if (file === undefined) return real.openSync(where, flags, mode)
      note('open', file)
      const existed = real.existsSync(where)
      const fd = real.openSync(where, flags, mode)
      let node = nodeOf(file)
      if (node === undefined || !existed) {
        node = real.fstatSync(fd).isDirectory() ? emptyFolder() : { durable: Buffer.alloc(0), pending: [] }
        name([file, node])
      } else if (!isFolder(node) && flags === 'w') node.pending.push({ kind: 'truncate', length: 0 })
      open.set(fd, { file, node, position: 0 })
      return fd
    },
    closeSync: (fd: number) => {
      open.delete(fd)
      real.closeSync(fd)
    },
    writeSync: (
      fd: number,
      data: Uint8Array | string,
      from?: number,
      length?: number,
      position?: number | null,
    ) => {
      const file = open.get(fd)
      const bytes = typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.subarray(from ?? 0))
      const asked = typeof data === 'string' ? bytes.length : (length ?? bytes.length)
      if (file === undefined || isFolder(file.node))
        return real.writeSync(fd, bytes, 0, asked, typeof data === 'string' ? null : position)
      const taken = note('write', file.file, asked) ?? asked
      const at = position ?? (file.file.endsWith('.jsonl') ? real.fstatSync(fd).size : file.position)
      const written = real.writeSync(fd, bytes, 0, taken, position)
      if (typeof position !== 'number') file.position = at + written
      file.node.pending.push({ kind: 'write', at, bytes: bytes.subarray(0, written) })
      return written
    },
    readSync: (fd: number, ...rest: [NodeJS.ArrayBufferView, number, number, fs.ReadPosition | null]) => {
      const file = open.get(fd)
      if (file !== undefined) note('read', file.file)
      return real.readSync(fd, ...rest)
    },
    fsyncSync: sync(real.fsyncSync),
    fdatasyncSync: sync(real.fdatasyncSync),
    ftruncateSync: (fd: number, length?: number) => {
      const file = open.get(fd)
      if (file === undefined || isFolder(file.node)) return real.ftruncateSync(fd, length)
      note('truncate', file.file)
      real.ftruncateSync(fd, length)
      file.node.pending.push({ kind: 'truncate', length: length ?? 0 })
    },
    renameSync: (from: fs.PathLike, to: fs.PathLike) => {
      const source = relative(from)
      const target = relative(to)
      if (source === undefined || target === undefined) return real.renameSync(from, to)
      note('rename', target)
      real.renameSync(from, to)
      name([target, nodeOf(source)], [source, undefined])
    },
    mkdirSync: mkdir,
    unlinkSync: (where: fs.PathLike) => {
      const file = relative(where)
      if (file === undefined) return real.unlinkSync(where)
      note('remove', file)
      real.unlinkSync(where)
      name([file, undefined])
    },
    rmSync: (where: fs.PathLike, options?: fs.RmOptions) => {
      const file = relative(where)
      if (file === undefined) return real.rmSync(where, options)
      note('remove', file)
      const existed = real.existsSync(where)
      real.rmSync(where, options)
      if (existed) name([file, undefined])
    },
    readdirSync: (...all: Parameters<typeof fs.readdirSync>) => {
      const file = relative(all[0])
      if (file !== undefined) note('list', file)
      return real.readdirSync(...all)
    },
    statSync: (...all: Parameters<typeof fs.statSync>) => {
      const file = relative(all[0])
      if (file !== undefined) note('stat', file)
      return real.statSync(...all)
    },
  }
  Object.assign(fs, patched)
  // A machine without power has no timers either, and what they would do is no business of the next machine.
  const timers = new Set<NodeJS.Timeout>()
  const setTimer = globalThis.setTimeout
  globalThis.setTimeout = Object.assign((...all: Parameters<typeof setTimer>) => {
    const timer = setTimer(...all)
    timers.add(timer)
    return timer
  }, setTimer)

  const surviving = (chance: Chance): ReadonlyMap<string, Buffer | 'folder'> => {
    const inOrder = chance.once(2)
    const stopped = new Set<Folder>()
    const left = new Map<Folder, Names>()
    const namesOf = (folder: Folder): Names => {
      const names = left.get(folder) ?? new Map(folder.durable)
      left.set(folder, names)
      return names
    }
    for (const naming of namings) {
      const survives = inOrder
        ? !naming.some(({ folder }) => stopped.has(folder)) && !chance.once(3)
        : chance.once(2)
      if (survives) apply(naming, namesOf)
      else for (const { folder } of naming) stopped.add(folder)
    }
    const image = new Map<string, Buffer | 'folder'>()
    const walk = (folder: Folder, at: string) => {
      for (const [each, node] of [...namesOf(folder)].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const file = at === '' ? each : `${at}/${each}`
        image.set(file, isFolder(node) ? 'folder' : survivingBytes(node, content, chance))
        if (isFolder(node)) walk(node, file)
      }
    }
    walk(above, '')
    return image
  }

  const lay = (to: string, image: ReadonlyMap<string, Buffer | 'folder'>) => {
    for (const [file, bytes] of image)
      if (bytes === 'folder') real.mkdirSync(path.join(to, file), { recursive: true })
      else real.writeFileSync(path.join(to, file), bytes)
  }

  const clear = (where: string) => {
    for (const entry of real.readdirSync(where, { withFileTypes: true })) {
      const each = path.join(where, entry.name)
      if (!entry.isDirectory()) real.unlinkSync(each)
      else {
        clear(each)
        real.rmdirSync(each)
      }
    }
  }

  return {
    operations,
    cut: (to, chance) => lay(to, surviving(chance)),
    cutHere: chance => {
      const image = surviving(chance)
      isOwn = true
      clear(root)
      lay(root, image)
      namings = []
      adoptRoot()
      isOwn = false
    },
    remove: () => {
      globalThis.setTimeout = setTimer
      for (const timer of timers) clearTimeout(timer)
      for (const fd of open.keys()) real.closeSync(fd)
      open.clear()
      Object.assign(
        fs,
        Object.fromEntries(Object.keys(patched).map(key => [key, real[key as keyof typeof real]])),
      )
    },
  }
}

const changed = (bytes: Buffer, change: Change): Buffer => {
  if (change.kind === 'truncate')
    return change.length <= bytes.length
      ? bytes.subarray(0, change.length)
      : Buffer.concat([bytes, Buffer.alloc(change.length - bytes.length)])
  const grown = Buffer.alloc(Math.max(bytes.length, change.at + change.bytes.length))
  bytes.copy(grown)
  change.bytes.copy(grown, change.at)
  return grown
}

/** Makes a change durable. */
const settle = (node: Inode, change: Change) => {
  const { durable } = node
  if (change.kind === 'truncate' || change.at !== durable.length) {
    node.durable = changed(durable, change)
    delete node.roomy
    return
  }
  const length = durable.length + change.bytes.length
  if (node.roomy === undefined || node.roomy.length < length) {
    node.roomy = Buffer.alloc(2 * length)
    durable.copy(node.roomy)
  }
  change.bytes.copy(node.roomy, durable.length)
  node.durable = node.roomy.subarray(0, length)
}

const apply = (naming: Naming, namesOf: (folder: Folder) => Names) => {
  for (const { folder, name, node } of naming)
    if (node === undefined) namesOf(folder).delete(name)
    else namesOf(folder).set(name, node)
}

/** What of a file survives: its length after some of the changes, each sector after some of them. */
const survivingBytes = (
  node: Inode,
  content: (node: Inode, changes: number) => Buffer,
  chance: Chance,
): Buffer => {
  const count = node.pending.length
  if (count === 0) return node.durable
  const how = chance.below(8)
  if (how === 0) return node.durable
  if (how === 1) return content(node, count)
  const versions = Array.from({ length: count + 1 }, (_, changes) => content(node, changes))
  // The length is often on the disk before the bytes are: then zeros, or what was there before, stand in the file.
  const length = (chance.once(3) ? chance.pick(versions) : versions.at(-1))?.length ?? 0
  const garbage = chance.once(4)
  const bytes = Buffer.alloc(length)
  for (let from = 0; from < length; from += sector) {
    const version = chance.pick(versions)
    const to = Math.min(from + sector, length)
    if (garbage && version.length < to && from >= node.durable.length)
      for (let at = from; at < to; at++) bytes[at] = chance.below(256)
    if (from < version.length) version.copy(bytes, from, from, to)
  }
  return bytes
}
