// Every command of the runbooks, in their order, as root on a machine with systemd: what an operator is told to type works.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { boxCommands } from '../box-blocks.ts'
import { segmentsOf } from '../cli/files.ts'
import { putCryptoBook } from './books.ts'
import { Box, withSystemd } from './box.ts'
import { otherRelease, prepareRelease, versionOf } from './prepared-release.ts'

const text = readFileSync(join(import.meta.dirname, '../../docs/runbooks.md'), 'utf8')
const commands = boxCommands(text)
const sections = [...new Set(commands.map(({ section }) => section))]

withSystemd('the runbooks', () => {
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
  }

  test('there are commands, and every situation is one of the page', () => {
    expect(commands.length).toBeGreaterThan(70)
    for (const name of Object.keys(before)) expect(sections).toContain(name)
  })

  test.each(sections)('%s', section => {
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
