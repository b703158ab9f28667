// The program itself: its version, the hash of its own files, and what it runs on. A run records all three, so that
// a replay can say whether it is the same code that decides again.

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { codeOf } from './ledger-files.ts'

export interface Program {
  /** Folder of package.json: examples/ and systemd/ lie beside it. */
  readonly root: string
  readonly version: string
  /** SHA-256 over the code that runs. Reads every file; the result is kept. */
  codeHash(): string
  readonly runtime: { readonly node: string; readonly icu: string; readonly tzdata: string }
}

const Package = z.object({ name: z.literal('veritape'), version: z.string() })
const codeFolders = ['adapters', 'commands', 'domain', 'projections']
const codeFile = /\.(?:js|ts|json)$/

/** `codeFolder` holds `adapters/`, `domain/` and so on: the package itself, or its `dist/`. */
export const programAt = (codeFolder: string): Program => {
  const { root, version } = packageOf(codeFolder)
  let hash: string | undefined
  return {
    root,
    version,
    codeHash: () => {
      hash ??= hashOfCode(codeFolder)
      return hash
    },
    runtime: {
      node: process.versions.node,
      icu: process.versions.icu ?? 'none',
      tzdata: process.versions.tz ?? 'none',
    },
  }
}

const packageOf = (codeFolder: string): { root: string; version: string } => {
  for (const root of [codeFolder, dirname(codeFolder)]) {
    let text: string
    try {
      text = readFileSync(join(root, 'package.json'), 'utf8')
    } catch (error) {
      if (codeOf(error) === 'ENOENT') continue // a build has none of its own: it is one folder up
      throw error
    }
    const found = Package.safeParse(JSON.parse(text))
    if (found.success) return { root, version: found.data.version }
  }
  throw new Error(`no package.json of veritape at or above ${codeFolder}; install the package again`)
}

/** Over path, length and bytes of each file, so that moving a line from one file to the next changes it. */
const hashOfCode = (codeFolder: string): string => {
  const hash = createHash('sha256')
  const folders = codeFolders.filter(folder => existsSync(join(codeFolder, folder)))
  for (const path of folders.flatMap(folder => filesIn(codeFolder, folder)).sort()) {
    const bytes = readFileSync(join(codeFolder, path))
    hash.update(`${path}\0${bytes.length}\0`).update(bytes)
  }
  return hash.digest('hex')
}

const filesIn = (codeFolder: string, folder: string): string[] =>
  readdirSync(join(codeFolder, folder), { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return filesIn(codeFolder, path)
    return codeFile.test(entry.name) ? [path] : []
  })

/** The program that this file is part of. */
export const program: Program = programAt(dirname(dirname(fileURLToPath(import.meta.url))))
