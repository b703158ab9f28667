// Kernel locks on open files (OFD), freed by the kernel when their holder dies. The compiled package behind them is loaded
// when somebody first locks: most commands only read.

import { createRequire } from 'node:module'

type Native = typeof import('fs-native-extensions')

const requireHere = createRequire(import.meta.url)
let native: Native | undefined

const loaded = (): Native => {
  native ??= requireHere('fs-native-extensions') as Native
  return native
}

/** Takes the lock of an open file if it is free; never waits. */
export const tryLock = (fd: number): boolean => loaded().tryLock(fd)

export const unlock = (fd: number): void => loaded().unlock(fd)
