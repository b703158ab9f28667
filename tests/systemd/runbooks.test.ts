// Every command of the operator's pages, in their order, as root on a machine with systemd: what an operator is told to type
// works. tests/docs/commands-are-run.test.ts sees to it that none is left out.

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { boxCommands, boxPages } from '../box-blocks.ts'
import { segmentsOf } from '../cli/files.ts'
import { putCryptoBook } from './books.ts'
import { Box, withSystemd } from './box.ts'
import { otherRelease, prepareRelease, versionOf } from './prepared-release.ts'

const docs = join(import.meta.dirname, '../../docs')
const pages = boxPages.map(page => ({ page, commands: boxCommands(readFileSync(join(docs, page), 'utf8')) }))
const sections = pages.flatMap(({ page, commands }) =>
  [...new Set(commands.map(({ section }) => section))].map(section => ({ page, section, commands })),
)
/** tmux is installed where CI runs; a laptop may do without. */
const lacking = spawnSync('tmux', ['-V']).status !== 0 && process.env.CI === undefined ? 'In tmux' : ''

withSystemd("the operator's pages", () => {
  const box = new Box([])
  beforeAll(() => {
    expect(box.boot()).toBe('running')
    putCryptoBook(box)
    box.stopClock()
    const paper = box.must('cat', '/etc/veritape/paper.json')
    box.put('/root/paper.json', paper)
    box.put(
      '/root/rehearsal.json',
      paper.replace('"book":"paper","mode":"paper"', '"book":"rehearsal","mode":"dry-run"'),
    )
    box.must('rm', '/etc/veritape/paper.json')
    box.put('/root/venue-key', 'a secret of the venue', 0o600)
    prepareRelease(join(box.folder, 'first'))
    otherRelease(join(box.folder, 'first'), join(box.folder, 'second'), {
      'package.json': versionOf('0.2.0'),
    })
    box.must('ln', '-s', '/mnt/first', '/root/veritape')
    box.must('ln', '-s', '/mnt/second', '/root/veritape-0.2.0')
  })
  afterAll(() => box.remove())

  /** What has happened to the machine before a page is opened. */
  const before: Readonly<Record<string, () => void>> = {
    'Corrupt ledger': () => {
      const book = box.path('/var/lib/veritape/ledger/paper')
      const segment = join(book, segmentsOf(book)[0] as string)
      writeFileSync(segment, readFileSync(segment, 'utf8').replace('"at":"2', '"at":"3'))
    },
    'Key rotation': () => box.put('/root/venue-key', 'another secret', 0o600),
    // Of operations.md: a new key, behind the rotation that has done away with the last one.
    'The books of this machine': () => box.put('/root/venue-key', 'a third secret', 0o600),
    'In the background': () => putCryptoBook(box, 'laptop'),
  }

  test('there are commands, and every situation is one of a page', () => {
    for (const { page, commands } of pages) expect(commands.length, page).toBeGreaterThan(7)
    const known = sections.map(({ section }) => section)
    for (const name of Object.keys(before)) expect(known).toContain(name)
  })

  test.for(sections)('$page: $section', ({ section, commands }, { skip }) => {
    skip(section === lacking, 'tmux is not installed')
    // Here the restarts of many days lie within minutes, and the start limit counts them.
    box.run('systemctl', 'reset-failed', 'veritape-*')
    before[section]?.()
    for (const { command, codes } of commands.filter(each => each.section === section)) {
      const { code, out } = box.run(
        'timeout',
        '240', // a machine under load is slow, not wrong
        'env',
        '-C',
        '/root',
        'PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
        'bash',
        '-c',
        command,
      )
      expect(codes, `${command}\n${out}`).toContain(code)
    }
  })
})
