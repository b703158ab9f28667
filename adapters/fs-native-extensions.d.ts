// What the ledger uses of fs-native-extensions, which comes without types.

declare module 'fs-native-extensions' {
  /** Takes an exclusive kernel lock on the open file; false when another open file has it. */
  export function tryLock(fd: number): boolean
  export function unlock(fd: number): void
}
