// Releases as a build machine would hand them out: this program with the packages that it runs on, and others that differ
// from it in what a story is about.

import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const project = join(import.meta.dirname, '../..')

/** The program without tests and tools of development, in a new folder. */
export const prepareRelease = (folder: string): void => {
  mkdirSync(join(folder, 'node_modules'), { recursive: true })
  for (const name of ['dist', 'systemd', 'package.json', 'package-lock.json', 'LICENSE'])
    cpSync(join(project, name), join(folder, name), { recursive: true })
  const { packages } = JSON.parse(readFileSync(join(project, 'node_modules/.package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean; optional?: boolean }>
  }
  const wanted = Object.entries(packages).filter(([, { dev, devOptional }]) => !dev && !devOptional)
  for (const [path] of wanted) {
    if (existsSync(join(folder, path))) continue // it came with the package that it lies in
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    copyTree(join(project, path), join(folder, path))
  }
  writeFileSync(
    join(folder, 'node_modules/.package-lock.json'),
    JSON.stringify({ packages: Object.fromEntries(wanted) }),
  )
}

/** The same files under another name where one disk has both: they are many. */
const copyTree = (from: string, to: string): void => {
  const linked = spawnSync('cp', ['-rl', from, to])
  if (linked.status === 0) return
  rmSync(to, { recursive: true, force: true })
  execFileSync('cp', ['-r', from, to])
}

/** Another release beside it: `edits` change the text of files, each of which must change. */
export const otherRelease = (
  from: string,
  folder: string,
  edits: Readonly<Record<string, (text: string) => string>>,
): void => {
  copyTree(from, folder)
  for (const [name, edit] of Object.entries(edits)) {
    const text = readFileSync(join(folder, name), 'utf8')
    const other = edit(text)
    if (other === text) throw new Error(`${name} was not changed; the story would show nothing`)
    rmSync(join(folder, name)) // it is the same file as the other release's
    writeFileSync(join(folder, name), other, { mode: 0o755 })
  }
}

export const versionOf = (version: string) => (text: string) =>
  text.replace('"version": "0.1.0"', `"version": "${version}"`)
