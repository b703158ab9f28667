// What retention is offered at all, and what it leaves although it was offered: links, files that somebody wrote to
// meanwhile, what is a view, checkpoints.

import fs from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { disposableFiles } from '../../adapters/disposable-files.ts'
import { checkpointsName } from '../../adapters/state-folder.ts'
import { temporaryFolder } from '../cli/files.ts'

let root = ''
beforeEach(() => {
  root = temporaryFolder()
  put('state/views.json', JSON.stringify({ files: { 'portfolio.json': {} } }))
  put('state/portfolio.json')
})
afterEach(() => fs.rmSync(root, { recursive: true, force: true }))

const put = (name: string, text = 'x'): string => {
  const file = join(root, name)
  fs.mkdirSync(join(file, '..'), { recursive: true })
  fs.writeFileSync(file, text)
  return file
}
const files = () => disposableFiles(join(root, 'ledger'), join(root, 'state'))
const listed = async (...logs: readonly string[]) =>
  (await files().list(logs)).map(({ area, path }) => `${area}: ${path.slice(root.length + 1)}`).sort()

test('a file under state that is no view is offered; a view, the index and a checkpoint are not', async () => {
  put('state/kpi_reports/2020-01.html')
  put('state/.kpi.json.123.tmp')
  put(`state/${checkpointsName}/2023-03-24.json`)
  expect(await listed()).toEqual([
    'leftover: state/.kpi.json.123.tmp',
    'old view: state/kpi_reports/2020-01.html',
  ])
})

test('a link is not offered, neither a file nor what lies in a folder behind it', async () => {
  const outside = put('elsewhere/secret.html')
  fs.symlinkSync(outside, join(root, 'state/link.html'))
  fs.symlinkSync(join(root, 'elsewhere'), join(root, 'state/folder'))
  put('elsewhere/execute.log')
  fs.mkdirSync(join(root, 'logs'))
  fs.symlinkSync(join(root, 'elsewhere/execute.log'), join(root, 'logs/execute.log'))
  expect(await listed(join(root, 'logs'))).toEqual([])
})

test('a file that was written to since it was listed stays, and so does a link that took its place', async () => {
  const written = put('state/written.json')
  const replaced = put('state/replaced.json')
  const untouched = put('state/untouched.json')
  const old = (path: string) => fs.utimesSync(path, 1_600_000_000, 1_600_000_000)
  for (const each of [written, replaced, untouched]) old(each)
  const { list, remove } = files()
  const offered = await list([])
  expect(offered).toHaveLength(3)
  fs.appendFileSync(written, 'more')
  fs.rmSync(replaced)
  fs.symlinkSync(put('elsewhere/kept.json'), replaced)
  fs.lutimesSync(replaced, 1_600_000_000, 1_600_000_000)
  const removed: string[] = []
  for (const each of offered) if (await remove(each)) removed.push(each.path)
  expect(removed).toEqual([untouched])
  expect(fs.readFileSync(written, 'utf8')).toBe('xmore')
  expect(fs.lstatSync(replaced).isSymbolicLink()).toBe(true)
  expect(await remove({ ...(offered[0] as (typeof offered)[number]), path: join(root, 'gone') })).toBe(false)
})

test('without an index of views only leftovers are offered; a file beside logs is none', async () => {
  fs.rmSync(join(root, 'state/views.json'))
  put('state/.kpi.json.123.tmp')
  put('logs/veritape.log.2.gz')
  put('logs/keys.txt')
  put('logs/inner/veritape.log')
  expect(await listed(join(root, 'logs'))).toEqual([
    'leftover: state/.kpi.json.123.tmp',
    'log: logs/veritape.log.2.gz',
  ])
})
