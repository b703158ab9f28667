// The segment that is being appended to, held open by a writer.

import fs from 'node:fs'
import type { Known } from './ledger-known.ts'

export interface ActiveSegment {
  /** Opens a segment for appending, or gives the one that is open; creates its file. */
  activate(name: string): number
  /**
   * True when it is as this process left it: then nobody else has written. One look at the file. When another file has
   * its name, the one that was open is let go: what is appended to a file without a name is lost.
   */
  isAsLeft(known: Known): boolean
  close(): void
}

const flags = fs.constants.O_RDWR | fs.constants.O_APPEND | fs.constants.O_CREAT

export const activeSegment = (folder: string): ActiveSegment => {
  let active: { readonly name: string; readonly fd: number; readonly inode: number } | undefined

  const close = () => {
    if (active !== undefined) fs.closeSync(active.fd)
    active = undefined
  }

  return {
    close,
    activate: name => {
      if (active?.name === name) return active.fd
      close()
      const fd = fs.openSync(`${folder}/${name}`, flags, 0o644)
      active = { name, fd, inode: fs.fstatSync(fd).ino }
      return fd
    },
    isAsLeft: known => {
      if (active === undefined) return false
      const now = fs.statSync(`${folder}/${active.name}`, { throwIfNoEntry: false })
      if (now?.ino === active.inode)
        return active.name === known.segment && known.next === undefined && now.size === known.end
      close()
      return false
    },
  }
}
