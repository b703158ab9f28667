// Terminals and pipes: colour and progress only where somebody looks, and no crash when nobody does any more.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { demo } from '../demo-ledger.ts'
import { root } from './veritape.ts'

const { folder } = await demo()
const program = `${process.execPath} ${join(root, 'dist/commands/main.js')}`
const verify = `${program} verify --book demo-crypto`
const esc = '\u001b'

const shell = (command: string, env: Readonly<Record<string, string>> = {}) => {
  const { NO_COLOR: _, FORCE_COLOR: __, ...inherited } = process.env
  return spawnSync('bash', ['-c', command], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...inherited, TERM: 'xterm-256color', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** What `command` writes when its streams that are not redirected are a terminal. */
const onTerminal = (command: string, env: Readonly<Record<string, string>> = {}): string => {
  const { status, stdout, stderr } = shell(`script --quiet --return --command '${command}' /dev/null`, env)
  expect(stderr).toBe('')
  expect(status).toBe(0)
  return stdout
}

describe('on a terminal', () => {
  test('results have colour, unless NO_COLOR is set or the terminal is dumb', () => {
    const results = `${verify} 2>/dev/null`
    expect(onTerminal(results)).toContain(`${esc}[32mclean`)
    expect(onTerminal(results, { NO_COLOR: '1' })).not.toContain(esc)
    expect(onTerminal(results, { TERM: 'dumb' })).not.toContain(esc)
    expect(onTerminal(results, { NO_COLOR: '1' })).toContain('clean: ')
  })

  test('progress is on stderr, and leaves nothing behind', () => {
    const drawn = onTerminal(`${program} replay --prove --book demo-crypto >/dev/null`)
    expect(drawn).toContain('proving')
    expect(drawn.endsWith('\n')).toBe(false)
    expect(onTerminal(`${program} replay --prove --book demo-crypto 2>/dev/null`)).not.toContain('proving')
  })
})

describe('in a pipe', () => {
  test.each([{}, { NO_COLOR: '1' }, { TERM: 'dumb' }])('no colour and no progress with %o', env => {
    const { status, stdout, stderr } = shell(verify, env)
    expect(status).toBe(0)
    expect(stderr).toBe('')
    expect(stdout).toContain('clean: ')
    expect(stdout).not.toContain(esc)
  })

  test.each([
    ['config show', 1],
    ['replay --prove', 2],
    ['report kpi --json', 1],
    ['why-not BTC/USDT', 3],
  ])('veritape %s | head -%i does its work and does not complain', (argv, lines) => {
    const command = `${program} ${argv} --book demo-crypto | head -${lines}; echo "ended with \${PIPESTATUS[0]}"`
    const { stdout, stderr } = shell(command)
    expect(stderr).toBe('')
    expect(stdout).toMatch(/ended with 0\n$/)
  })

  test('a reader that is gone before the first word', () => {
    const { stdout, stderr } = shell(`{ sleep 0.1; ${verify}; echo "ended with $?" >&2; } | true`)
    expect(stdout).toBe('')
    expect(stderr).toBe('ended with 0\n')
  })
})
