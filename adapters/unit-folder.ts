// The Units port over /etc/systemd/system and systemctl.

import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  rmSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { rendered } from '../domain/unit-file.ts'
import type { Units } from '../domain/units.ts'
import { codeOf, nodeFiles, replaceFile } from './ledger-files.ts'

const ours = /^veritape-[a-z-]+@[a-z0-9-]*\.(?:service|timer|path)(?:\.d)?$/

/** `program` is the folder of package.json. */
export const unitFolder = (program: string, folder = '/etc/systemd/system'): Units => {
  const shipped = () =>
    new Map(namesIn(join(program, 'systemd')).map(name => [name, textOf(join(program, 'systemd', name))]))
  const configurations = '/etc/veritape'
  return {
    folder,
    home: { prefix: linkTo(program), node: process.execPath },
    shipped,
    installed: () => {
      const found = new Map<string, string>()
      for (const name of namesIn(folder).filter(each => ours.test(each))) {
        if (!name.endsWith('.d')) found.set(name, textOf(join(folder, name)))
        else
          for (const inner of namesIn(join(folder, name)))
            found.set(`${name}/${inner}`, textOf(join(folder, name, inner)))
      }
      return found
    },
    write: (name, text) => {
      const path = join(folder, name)
      mkdirSync(dirname(path), { recursive: true })
      replaceFile(nodeFiles, dirname(path), path.slice(dirname(path).length + 1), text)
      chmodSync(path, 0o644)
    },
    remove: name => {
      rmSync(join(folder, name), { force: true })
      const inner = dirname(join(folder, name))
      if (inner !== folder && namesIn(inner).length === 0 && existsSync(inner)) rmdirSync(inner)
    },
    prepare: (book, user) => {
      const template = shipped().get('veritape.sysusers') ?? ''
      const text = rendered(template, { prefix: '', user, node: '' }, new Map())
      mustRun('systemd-sysusers', ['--replace=/etc/sysusers.d/veritape.conf', '-'], text)
      const keys = join(configurations, 'credentials', book)
      mkdirSync(keys, { recursive: true, mode: 0o700 })
      chmodSync(join(configurations, 'credentials'), 0o700)
      chmodSync(keys, 0o700)
    },
    control: (...words) => {
      const { status, stdout, stderr, error } = spawnSync('systemctl', words, { encoding: 'utf8' })
      if (error !== undefined) throw error
      return { code: status ?? 128, said: `${stdout}${stderr}`.trim() }
    },
    configuration: book => {
      const path = join(configurations, `${book}.json`)
      return { path, there: existsSync(path) }
    },
  }
}

/** Of a release that the link beside the releases leads to, the link: units stay as they are when the next one takes its place. */
const linkTo = (program: string): string => {
  const link = join(dirname(dirname(program)), 'current')
  return existsSync(link) && realpathSync(link) === program ? link : program
}

const textOf = (path: string): string => readFileSync(path, 'utf8')

const namesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder).sort()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

const mustRun = (command: string, words: readonly string[], input: string): void => {
  const { status, stderr, error } = spawnSync(command, words, { encoding: 'utf8', input })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${command} failed (${status}): ${stderr.trim()}`)
}
