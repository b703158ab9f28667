// Peers: other people's programs that we are measured against. They live in the package of this folder, never in
// the program's own, and may be missing: then what needs them is left out, and says so.

import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { sha256 } from '../../domain/hash.ts'

/** The part of better-sqlite3 that we use. */
export interface Sqlite {
  new (path: string): SqliteDatabase
}

export interface SqliteDatabase {
  pragma(text: string): unknown
  exec(sql: string): void
  prepare(sql: string): { run(...values: unknown[]): unknown }
  transaction<Row>(work: (rows: readonly Row[]) => void): (rows: readonly Row[]) => void
  close(): void
}

/** The part of lmdb that we use. */
export interface Lmdb {
  open(options: { path: string }): LmdbDatabase
}

export interface LmdbDatabase {
  put(key: number, value: unknown): Promise<boolean>
  readonly flushed: Promise<boolean>
  close(): Promise<void>
}

/** The part of Emmett's SQLite store that we use. */
export interface Emmett {
  SQLiteConnectionPool(options: { fileName: string }): EmmettPool
  getSQLiteEventStore(options: { pool: EmmettPool }): {
    appendToStream(
      stream: string,
      events: readonly { readonly type: string; readonly data: object }[],
    ): Promise<unknown>
  }
}

interface EmmettPool {
  close(): void
}

/** A peer's package, or undefined when it is not installed or does not run on this Node. */
export const peer = <Package>(name: string, benchFolder: string): Package | undefined => {
  try {
    return createRequire(join(benchFolder, 'package.json'))(name) as Package
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'MODULE_NOT_FOUND' || code === 'ERR_DLOPEN_FAILED') return undefined
    throw error
  }
}

/** Installs the peers when they are missing or not those of the lock file. */
export const installPeers = (benchFolder: string): void => {
  const lock = sha256(fs.readFileSync(join(benchFolder, 'package-lock.json')))
  const installed = join(benchFolder, 'node_modules', '.installed')
  if (fs.existsSync(installed) && fs.readFileSync(installed, 'latin1') === lock) return
  process.stderr.write('installing the peers (once) …\n')
  execFileSync('npm', ['ci', '--prefix', benchFolder], { stdio: ['ignore', 'ignore', 'inherit'] })
  fs.writeFileSync(installed, lock)
}
