// A failure as the caller hears it: one sentence and an exit code.

import { exit, Stop } from './exit.ts'

/** What a person reads. An error of the system says what failed, but not what to do about it. */
export const sentenceOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const { code, path, syscall } = error as NodeJS.ErrnoException
  if (syscall === undefined) return error.message // it is one of ours, and says it already
  const where = path ?? 'the file'
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `no permission to ${syscall} ${where}; give this user the right, or choose another folder`
    case 'EROFS':
      return `${where} lies on a read-only file system; choose another folder, or allow it in ReadWritePaths=`
    case 'ENOSPC':
    case 'EDQUOT':
      return `no room left for ${where}; free some space and start again`
    case 'ENOTDIR':
      return `a file stands where ${where} needs a folder; move it away, or choose another folder`
    case 'EIO':
      return `the disk failed at ${where}; look at it (dmesg), and restore a backup on another one if it is lost`
    default:
      return error.message
  }
}

/** The exit code by the contract; 70 for what no rule names. */
export const exitCodeOf = (error: unknown): number => {
  if (error instanceof Stop) return error.code
  if (!(error instanceof Error)) return exit.ourError
  switch (error.name) {
    case 'BadRow':
    case 'CandleFileUnusable':
    case 'SymbolUnknown':
    case 'UnknownEvent':
    case 'DataDamaged':
    case 'NoSuchBook':
    case 'BackupUnusable':
    case 'ImportRefused':
    case 'RedactedUnusable':
    case 'CopyRefused':
      return exit.badData
    case 'LedgerDamaged':
      return (error as { verdict?: string }).verdict === 'not-ours' ? exit.refused : exit.badData
    case 'BadChampion':
    case 'KeyRefused':
    case 'CalendarEnds':
    case 'ConfigurationError':
    case 'VenueMisconfigured':
    case 'StoreRefused':
      return exit.refused
    case 'VenueUnavailable':
      return exit.venueUnavailable
    case 'LedgerBusy':
    case 'StoreUnreachable':
    case 'LeaseLost':
      return exit.tryAgain
    case 'CannotWrite':
    case 'RepairFailed':
    case 'PlaceTaken':
    case 'NotAStateFolder':
      return exit.cannotWrite
    case 'YError':
      return exit.usage
  }
  const { code = '' } = error as NodeJS.ErrnoException
  return ofTheDisk.has(code) ? exit.cannotWrite : exit.ourError
}

const ofTheDisk: ReadonlySet<string> = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOSPC',
  'EDQUOT',
  'ENOTDIR',
  'EIO',
])
