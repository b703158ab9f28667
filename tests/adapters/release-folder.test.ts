// Releases in a real folder: fetched from everywhere they may come from, installed as locked, linked in one step. The
// program in them is a small one that says its version.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { nodeFiles } from '../../adapters/ledger-files.ts'
import { releaseFolder } from '../../adapters/release-folder.ts'
import { sourceOf } from '../../domain/release.ts'
import { temporaryFolder } from '../cli/files.ts'

let home: string
let source: string
beforeEach(() => {
  home = join(temporaryFolder(), 'opt')
  source = checkoutOf('9.1.0')
})

/** Sources as somebody would clone them: they build themselves, and have no dependencies. */
const checkoutOf = (version: string): string => {
  const folder = temporaryFolder()
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  const packageFile = { name: 'veritape', version, scripts: { build: 'node build.mjs' } }
  write('package.json', JSON.stringify(packageFile))
  write(
    'package-lock.json',
    JSON.stringify({
      name: 'veritape',
      version,
      lockfileVersion: 3,
      packages: { '': { name: 'veritape', version } },
    }),
  )
  write(
    'build.mjs',
    `import fs from 'node:fs'; fs.mkdirSync('dist/commands', { recursive: true }); fs.writeFileSync('dist/commands/main.js', 'console.log("${version}")')`,
  )
  mkdirSync(join(folder, 'ledger/paper'), { recursive: true })
  write('ledger/paper/secret', 'not part of a release')
  return folder
}
const releases = () => {
  const opened = releaseFolder(home, join(home, 'data'))
  const free = opened.hold()
  return { ...opened, free: () => free?.() }
}
const fetched = (from: string, sha256?: string) =>
  releases().bring(sourceOf(from), sha256, process.execPath, () => {})
const archiveOf = (folder: string): string => {
  const path = `${folder}.tgz`
  execFileSync('tar', [
    '-czf',
    path,
    '-C',
    join(folder, '..'),
    '--exclude=ledger',
    folder.split('/').at(-1) ?? '',
  ])
  return path
}
const hashOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

describe('fetches', () => {
  test('a folder, without its ledgers, and builds it', async () => {
    const name = await fetched(source)
    expect(name).toMatch(/^9\.1\.0-[0-9a-f]{12}$/)
    const folder = join(home, 'releases', name)
    expect(existsSync(join(folder, 'ledger'))).toBe(false)
    expect(
      execFileSync(process.execPath, [join(folder, 'dist/commands/main.js')], { encoding: 'utf8' }),
    ).toBe('9.1.0\n')
  })

  test('the same content under the same name, wherever it comes from, and once', async () => {
    const name = await fetched(source)
    const said: string[] = []
    const syncs = vi.spyOn(nodeFiles, 'syncFolder')
    expect(
      await releases().bring(sourceOf(archiveOf(source)), undefined, process.execPath, line =>
        said.push(line),
      ),
    ).toBe(name)
    expect(said).toEqual([`release ${name} is here already`])
    expect(syncs).toHaveBeenCalledWith(join(home, 'releases'))
    syncs.mockRestore()
    execFileSync(
      'sh',
      [
        '-c',
        'git init -q -b main . && git add package.json package-lock.json build.mjs && git -c user.name=a -c user.email=a@b commit -q -m x && git tag v9',
      ],
      { cwd: source },
    )
    expect(await fetched(`git+file://${source}#v9`)).toBe(name)
    expect(readdirSync(join(home, 'releases'))).toEqual([name])
  })

  test('an archive from an address, by its SHA-256 only', async () => {
    const archive = archiveOf(source)
    const server = createServer((_, answer) => answer.end(readFileSync(archive))).listen(0, '127.0.0.1')
    await new Promise(listening => server.once('listening', listening))
    const { port } = server.address() as { port: number }
    const url = `http://127.0.0.1:${port}/veritape.tgz`
    try {
      await expect(fetched(url)).rejects.toThrow('needs --sha256')
      await expect(fetched(url, '0'.repeat(64))).rejects.toThrow('not the one given')
      expect(await fetched(url, hashOf(archive))).toMatch(/^9\.1\.0-/)
    } finally {
      server.close()
    }
  })

  test.each([
    [
      'a folder that is another program',
      () => writeFileSync(join(source, 'package.json'), '{"name":"other"}'),
      'not that of veritape',
    ],
    [
      'a version that is a path',
      () => writeFileSync(join(source, 'package.json'), '{"name":"veritape","version":"../x"}'),
      'not that of veritape',
    ],
    ['no lock file', () => rmSync(join(source, 'package-lock.json')), 'no package-lock.json'],
    [
      'a build that fails',
      () => writeFileSync(join(source, 'build.mjs'), 'process.exit(3)'),
      'npm run failed (3)',
    ],
    ['no package.json', () => rmSync(join(source, 'package.json')), 'has no package.json'],
  ])('%s is refused, and leaves nothing', async (_, spoil, sentence) => {
    spoil()
    await expect(fetched(source)).rejects.toThrow(sentence)
    expect(readdirSync(join(home, 'releases'))).toEqual([])
  })

  test('an archive that is another than the one meant, a ref that is not there', async () => {
    await expect(fetched(archiveOf(source), 'f'.repeat(64))).rejects.toThrow(
      'not the one given; do not use it',
    )
    await expect(fetched(join(home, 'nothing.tgz'))).rejects.toThrow('is not there')
    await expect(fetched(`git+file://${source}#v0`)).rejects.toThrow('git -C failed')
  })

  test('what a deployment that was cut off left behind is cleared', async () => {
    mkdirSync(join(home, 'releases/.fetched/x'), { recursive: true })
    const name = await fetched(source)
    expect(readdirSync(join(home, 'releases'))).toEqual([name])
  })
})

describe('a release that brings its dependencies', () => {
  const lockOf = (version: string) => ({
    lockfileVersion: 3,
    packages: {
      '': { name: 'veritape', version: '9.1.0' },
      'node_modules/cast': { version, integrity: `sha512-${version}` },
      'node_modules/bench': { version: '1.0.0', dev: true },
    },
  })
  const prepare = (version: string) => {
    const write = (name: string, text: string) => {
      mkdirSync(join(source, name, '..'), { recursive: true })
      writeFileSync(join(source, name), text)
    }
    write('package-lock.json', JSON.stringify(lockOf('2.0.0')))
    write(
      'node_modules/.package-lock.json',
      JSON.stringify({ packages: { 'node_modules/cast': lockOf(version).packages['node_modules/cast'] } }),
    )
    write('node_modules/cast/index.js', '')
    write('dist/commands/main.js', 'console.log("9.1.0")')
  }

  test('is taken as it is when they are those of its lock file', async () => {
    prepare('2.0.0')
    const folder = join(home, 'releases', await fetched(source))
    expect(existsSync(join(folder, 'node_modules/cast/index.js'))).toBe(true)
  })

  test('is refused when one is another', async () => {
    prepare('2.0.1')
    await expect(fetched(source)).rejects.toThrow('node_modules/cast is not what package-lock.json names')
  })
})

describe('links', () => {
  test('change in one step, and go', () => {
    const it = releases()
    it.relink('a', undefined)
    it.relink('b', 'a')
    expect([it.current(), it.previous()]).toEqual(['b', 'a'])
    expect(readlinkSync(join(home, 'current'))).toBe('releases/b')
    it.relink(undefined, undefined)
    expect([it.current(), it.previous()]).toEqual([undefined, undefined])
  })

  test('a mark says what was under way', () => {
    const it = releases()
    expect(it.interrupted()).toBeUndefined()
    it.begin('a')
    expect(it.interrupted()).toEqual({ from: undefined, to: 'a' })
    it.relink('a', undefined)
    it.begin('b')
    it.relink('b', 'a')
    expect(releases().interrupted()).toEqual({ from: 'a', to: 'b' })
    it.end()
    expect(it.interrupted()).toBeUndefined()
  })

  test('one deployment at a time', () => {
    const first = releases()
    expect(releaseFolder(home, home).hold()).toBeUndefined()
    first.free()
    const free = releaseFolder(home, home).hold()
    expect(free).toBeDefined()
    free?.()
  })

  test('old releases go, the linked ones stay', () => {
    const it = releases()
    for (const name of ['a', 'b', 'c', 'd', 'e']) mkdirSync(join(home, 'releases', name))
    it.relink('b', 'a')
    expect(it.prune(3)).toHaveLength(2)
    const left = readdirSync(join(home, 'releases'))
    expect(left).toHaveLength(3)
    expect(left).toEqual(expect.arrayContaining(['a', 'b']))
  })
})

test('the days of a book are those of its segments', () => {
  const book = join(home, 'data/ledger/paper')
  mkdirSync(book, { recursive: true })
  for (const name of ['2026-11-23.jsonl.gz', '2026-11-24.jsonl', '2026-11-24.0002.jsonl', 'HEAD'])
    writeFileSync(join(book, name), '')
  expect(releases().daysOf('paper')).toEqual(['2026-11-23', '2026-11-24'])
  expect(releases().daysOf('other')).toEqual([])
})
