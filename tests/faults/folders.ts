// Where the books of the suite lie, each test with a folder of its own.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

const folderIn = (parent: string): string => {
  const folder = fs.mkdtempSync(path.join(parent, 'veritape-faults-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** On a disk: for tests that let other processes or the kernel fail. */
export const folderOnDisk = (): string => folderIn(os.tmpdir())

/** In memory where there is some: for tests whose disk is a model anyway. Three times as fast. */
export const folderInMemory = (): string => {
  try {
    fs.accessSync('/dev/shm', fs.constants.W_OK)
    return folderIn('/dev/shm')
  } catch {
    return folderOnDisk()
  }
}
