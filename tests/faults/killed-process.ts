// A process that is killed in the middle of its file operations; what it had written stays, and another process goes on.

import { type Disk, PowerCut, putDisk } from './disk.ts'

export interface KilledProcess {
  readonly disk: Disk
  /** The process is over, killed or done: from now on the disk is another one's. Whether it was killed. */
  isOver(): boolean
}

/** The process that works on this folder now is killed at the operation with this number, if it gets so far. */
export const killedProcess = (folder: string, at: number): KilledProcess => {
  let isRunning = true
  let isDead = false
  const disk = putDisk(folder, ({ number }) => {
    isDead ||= isRunning && number === at
    if (isRunning && isDead) throw new PowerCut()
    return undefined
  })
  return {
    disk,
    isOver: () => {
      isRunning = false
      return isDead
    },
  }
}
