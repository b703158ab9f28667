// Fetches a release into an empty folder and makes it ready to run: its sources or its build, and the dependencies that
// its lock file names, nothing else.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import * as z from 'zod'
import { ReleaseUnusable, type Source } from '../domain/release.ts'

/** Never part of a release: truth and views of a checkout, its history, what its tools keep. */
const left = /^(?:\.git|ledger|state|node_modules\/\.cache)(?:\/|$)/

/** Puts the files of a release into `into`, which is there and empty. */
export const fetchRelease = async (
  source: Source,
  sha256: string | undefined,
  into: string,
): Promise<void> => {
  switch (source.kind) {
    case 'folder':
      if (!existsSync(join(source.path, 'package.json')))
        throw new ReleaseUnusable(
          `${source.path} has no package.json; name a folder, an archive or git+URL#REF`,
        )
      cpSync(realpathSync(source.path), into, {
        recursive: true,
        verbatimSymlinks: true,
        filter: from => !left.test(relative(realpathSync(source.path), from)),
      })
      return
    case 'archive':
      if (!existsSync(source.path)) throw new ReleaseUnusable(`${source.path} is not there`)
      requireHash(source.path, readFileSync(source.path), sha256)
      return unpack(source.path, into)
    case 'download': {
      if (sha256 === undefined)
        throw new ReleaseUnusable(
          'a release from the network needs --sha256, so that it is the one that you mean',
        )
      const answer = await fetch(source.url)
      if (!answer.ok)
        throw new ReleaseUnusable(`${source.url} answered ${answer.status}; nothing was fetched`)
      const bytes = Buffer.from(await answer.arrayBuffer())
      requireHash(source.url, bytes, sha256)
      const file = join(dirname(into), `${basename(into)}.tgz`)
      writeFileSync(file, bytes)
      try {
        return await unpack(file, into)
      } finally {
        rmSync(file)
      }
    }
    case 'git': {
      const history = `${into}.git`
      try {
        await must('git', ['init', '-q', '--bare', history])
        await must('git', ['-C', history, 'fetch', '-q', '--depth', '1', source.url, source.ref])
        await must('git', ['-C', history, 'archive', '--format=tar', '-o', `${history}/tar`, 'FETCH_HEAD'])
        await must('tar', ['-xf', `${history}/tar`, '-C', into, '--no-same-owner'])
      } finally {
        rmSync(history, { recursive: true, force: true })
      }
    }
  }
}

const requireHash = (name: string, bytes: Buffer, wanted: string | undefined) => {
  const found = createHash('sha256').update(bytes).digest('hex')
  if (wanted !== undefined && found !== wanted.toLowerCase())
    throw new ReleaseUnusable(`${name} has the SHA-256 ${found}, not the one given; do not use it`)
}

const unpack = async (archive: string, into: string): Promise<void> => {
  await must('tar', ['-xzf', archive, '-C', into, '--strip-components=1', '--no-same-owner'])
}

const Package = z.object({ name: z.literal('veritape'), version: z.string().regex(/^[0-9A-Za-z.+-]+$/) })

/** '0.1.0-4f1c2a9b7d03': version, and 12 digits of the SHA-256 over paths and bytes without dependencies. */
export const releaseName = (folder: string): string => {
  const found = Package.safeParse(jsonIn(folder, 'package.json'))
  if (!found.success) throw new ReleaseUnusable('its package.json is not that of veritape')
  const hash = createHash('sha256')
  for (const path of readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(folder, join(entry.parentPath, entry.name)))
    .filter(name => !name.startsWith('node_modules/'))
    .sort()) {
    const bytes = readFileSync(join(folder, path))
    hash.update(`${path}\0${bytes.length}\0`).update(bytes)
  }
  return `${found.data.version}-${hash.digest('hex').slice(0, 12)}`
}

/**
 * Installs what the lock file names. A release that brings its node_modules and its build is only compared with the lock;
 * any other is installed by npm, without the dependencies' own scripts, and built. npm is the one beside `node`.
 */
export const installRelease = async (folder: string, node: string): Promise<string> => {
  if (!existsSync(join(folder, 'package-lock.json')))
    throw new ReleaseUnusable('it has no package-lock.json: what it would run is not fixed')
  const prepared =
    existsSync(join(folder, 'node_modules')) && existsSync(join(folder, 'dist/commands/main.js'))
  if (!prepared) {
    const path = `${dirname(node)}:${process.env.PATH ?? ''}`
    await must('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], folder, path)
    await must('npm', ['run', 'build', '--silent'], folder, path)
  }
  const count = requireLocked(folder)
  const version = await must(node, [join(folder, 'dist/commands/main.js'), '--version'], folder)
  return `${count} packages as locked, ${prepared ? 'brought along' : 'installed'}; says it is ${version.trim()}`
}

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      integrity: z.string().optional(),
      dev: z.boolean().optional(),
      optional: z.boolean().optional(),
      devOptional: z.boolean().optional(),
    }),
  ),
})

/** Compares what npm says that it installed with the lock file; gives the number of packages. */
const requireLocked = (folder: string): number => {
  const wanted = Lock.parse(jsonIn(folder, 'package-lock.json')).packages
  // npm writes none where there is nothing to install.
  const said = 'node_modules/.package-lock.json'
  const there = existsSync(join(folder, said)) ? Lock.parse(jsonIn(folder, said)).packages : {}
  let count = 0
  for (const [path, { version, integrity, dev, optional, devOptional }] of Object.entries(wanted)) {
    const found = there[path]
    if (path === '' || (found === undefined && (dev || optional || devOptional))) continue
    if (found?.version !== version || found?.integrity !== integrity || !existsSync(join(folder, path)))
      throw new ReleaseUnusable(
        `${path} is not what package-lock.json names; run npm ci where it was prepared`,
      )
    count++
  }
  return count
}

const jsonIn = (folder: string, name: string): unknown => {
  if (!existsSync(join(folder, name))) throw new ReleaseUnusable(`it has no ${name}`)
  return JSON.parse(readFileSync(join(folder, name), 'utf8'))
}

/** Runs a program; gives what it said on stdout. Throws ReleaseUnusable with its last words when it fails. */
const must = (command: string, words: readonly string[], cwd?: string, path?: string): Promise<string> =>
  new Promise((done, failed) => {
    const env = { ...process.env, ...(path === undefined ? {} : { PATH: path }) }
    const child = spawn(command, words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', part => {
      stdout += part
    })
    child.stderr.on('data', part => {
      stderr += part
    })
    child.on('error', error =>
      failed(new ReleaseUnusable(`${command} does not start: ${error.message}; is it installed?`)),
    )
    child.on('close', code => {
      const last = `${stderr}${stdout}`.trim().split('\n').slice(-3).join(' ')
      if (code === 0) done(stdout)
      else failed(new ReleaseUnusable(`${command} ${words[0]} failed (${code}): ${last.slice(-500)}`))
    })
  }) as Promise<string>
