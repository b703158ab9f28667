// The Releases port over a folder of the machine, and systemd-run.

import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import type { AsUnit, Installed, Releases, Said } from '../domain/release.ts'
import { tryLock } from './kernel-lock.ts'
import { codeOf, nodeFiles, replaceFile } from './ledger-files.ts'
import { listSegments } from './ledger-segment.ts'
import { fetchRelease, installRelease, releaseName } from './release-fetch.ts'

/** `folder` as /opt/veritape; `data` is where the units keep ledgers and views: /var/lib/veritape. */
export const releaseFolder = (folder: string, data: string): Releases => {
  const releases = join(folder, 'releases')
  const prefixOf = (name: string) => join(releases, name)
  const mark = join(folder, 'DEPLOYING')
  const linked = (name: string) => {
    const to = orAbsent(() => fs.readlinkSync(join(folder, name)))
    return to?.startsWith('releases/') === true ? to.slice('releases/'.length) : undefined
  }
  const relinkOne = (name: string, release: string | undefined) => {
    const path = join(folder, name)
    if (release === undefined) fs.rmSync(path, { force: true })
    else {
      fs.rmSync(`${path}.new`, { force: true })
      fs.symlinkSync(`releases/${release}`, `${path}.new`)
      fs.renameSync(`${path}.new`, path)
    }
    nodeFiles.syncFolder(folder)
  }
  return {
    folder,
    link: join(folder, 'current'),
    hold: () => {
      fs.mkdirSync(releases, { recursive: true })
      const fd = fs.openSync(join(folder, 'DEPLOY'), fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600)
      if (tryLock(fd)) return () => fs.closeSync(fd)
      fs.closeSync(fd)
      return undefined
    },
    current: () => linked('current'),
    previous: () => linked('previous'),
    prefixOf,
    bring: async (source, sha256, node, say) => {
      for (const name of fs.readdirSync(releases).filter(each => each.startsWith('.')))
        fs.rmSync(join(releases, name), { recursive: true, force: true }) // of one that was cut off
      const half = join(releases, '.fetched')
      fs.mkdirSync(half)
      try {
        await fetchRelease(source, sha256, half)
        const name = releaseName(half)
        if (fs.existsSync(prefixOf(name))) {
          nodeFiles.syncFolder(releases) // who gave it the name may have been killed before that was durable
          say(`release ${name} is here already`)
          return name
        }
        say(`release ${name}: installing its dependencies`)
        say(`release ${name}: ${await installRelease(half, node)}`)
        run('chmod', ['-R', 'u=rwX,go=rX', half])
        run('sync', ['-f', half]) // before it has a name, or a power cut could leave a release of empty files
        fs.renameSync(half, prefixOf(name))
        nodeFiles.syncFolder(releases)
        return name
      } finally {
        fs.rmSync(half, { recursive: true, force: true })
      }
    },
    interrupted: () => {
      const text = orAbsent(() => fs.readFileSync(mark, 'utf8'))
      if (text === undefined) return undefined
      const [to = '', from = ''] = text.trim().split('\n')
      return { from: from === '' ? undefined : from, to }
    },
    begin: to => replaceFile(nodeFiles, folder, 'DEPLOYING', `${to}\n${linked('current') ?? ''}\n`),
    relink: (current, previous) => {
      relinkOne('previous', previous)
      relinkOne('current', current)
    },
    end: () => {
      fs.rmSync(mark, { force: true })
      nodeFiles.syncFolder(folder)
    },
    prune: keep => {
      const kept = [linked('current'), linked('previous')]
      const old = fs
        .readdirSync(releases)
        .filter(name => !kept.includes(name))
        .map(name => ({ name, since: fs.statSync(prefixOf(name)).ctimeMs }))
        .sort((a, b) => b.since - a.since)
        .slice(Math.max(0, keep - kept.filter(name => name !== undefined).length))
        .map(({ name }) => name)
      for (const name of old) fs.rmSync(prefixOf(name), { recursive: true, force: true })
      return old
    },
    run: (program, argv, as) => spawned('systemd-run', [...sandbox(as, data), ...commandOf(program, argv)]),
    runHere: (program, argv) => {
      const [node = '', ...words] = commandOf(program, argv)
      return spawned(node, words)
    },
    daysOf: book => {
      const names = orAbsent(() => listSegments(join(data, 'ledger', book))) ?? []
      return [...new Set(names.map(name => name.slice(0, 10)))]
    },
  }
}

const commandOf = ({ node, prefix }: Installed, argv: readonly string[]) => [
  node,
  `${prefix}/dist/commands/main.js`,
  ...argv,
]

/** What the units of a book are given, as far as a verb that only looks needs it. */
const sandbox = ({ book, user, credentials }: AsUnit, data: string): readonly string[] => [
  ...['--quiet', '--wait', '--pipe', '--collect', '--service-type=exec'],
  ...[`User=${user}`, `Group=${user}`, 'StateDirectory=veritape', 'StateDirectoryMode=0700'].map(asProperty),
  ...[`WorkingDirectory=${data}`, 'UMask=0077', 'NoNewPrivileges=yes'].map(asProperty),
  ...['ProtectSystem=strict', 'ProtectHome=yes', 'PrivateTmp=yes', 'RuntimeMaxSec=3600'].map(asProperty),
  ...credentials.map(name => asProperty(`LoadCredential=${name}:/etc/veritape/credentials/${book}/${name}`)),
  ...[`VERITAPE__LEDGER=${data}/ledger`, `VERITAPE__STATE=${data}/state`, 'NO_COLOR=1'].map(
    value => `--setenv=${value}`,
  ),
]
const asProperty = (value: string): string => `--property=${value}`

const spawned = (command: string, words: readonly string[]): Promise<Said> =>
  new Promise((done, failed) => {
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      stdout += part
    })
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      stderr += part
    })
    child.on('error', failed)
    child.on('close', code => done({ code: code ?? 128, stdout, stderr }))
  })

const run = (command: string, words: readonly string[]): void => {
  const { status, stderr, error } = spawnSync(command, words, { encoding: 'utf8' })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${command} failed (${status}): ${stderr.trim()}`)
}

/** Undefined when what is read is not there. */
const orAbsent = <T>(read: () => T): T | undefined => {
  try {
    return read()
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EINVAL') return undefined // EINVAL: a folder, and no link
    throw error
  }
}
