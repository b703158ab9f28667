// The log: JSON for machines, one line for people, never a secret, never a lost line.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { type LogSettings, pinoLog } from '../../adapters/pino-log.ts'

const logTo = (settings: Partial<LogSettings> = {}) => {
  const lines: string[] = []
  const log = pinoLog({
    level: 'info',
    terminal: false,
    colour: false,
    secrets: [],
    write: line => lines.push(line),
    ...settings,
  })
  return { log, lines }
}

test('for machines, a line is one JSON object with its time, level and sentence', () => {
  const { log, lines } = logTo()
  log.warn({ symbol: 'BTC/USDT', attempt: 2 }, 'the venue does not answer')
  expect(lines).toHaveLength(1)
  expect(lines[0]?.endsWith('\n')).toBe(true)
  const line = JSON.parse(lines[0] as string) as Record<string, unknown>
  expect(line).toMatchObject({
    level: 'warn',
    pid: process.pid,
    symbol: 'BTC/USDT',
    attempt: 2,
    msg: 'the venue does not answer',
  })
  expect(line.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
})

test('a field does not hide the level, the time or the sentence of its line', () => {
  const { log, lines } = logTo()
  log.info({ level: 'halted', msg: 'other', time: 0 }, 'the sentence')
  expect(JSON.parse(lines[0] as string)).toMatchObject({
    level: 'info',
    msg: 'the sentence',
    level_: 'halted',
    msg_: 'other',
    time_: 0,
  })
})

test('for people, a line says when, how bad, what and with which values', () => {
  const { log, lines } = logTo({ terminal: true })
  log.warn({ symbol: 'BTC/USDT', detail: 'no answer', list: [1, 2] }, 'the venue is slow')
  expect(lines[0]).toMatch(
    /^\d\d:\d\d:\d\d warn {2}the venue is slow {2}symbol=BTC\/USDT detail="no answer" list=\[1,2\]\n$/,
  )
})

test('for people, an error says its message in the line and its stack below', () => {
  const { log, lines } = logTo({ terminal: true })
  log.error({ err: new Error('connection reset') }, 'the venue is away')
  const [first, second] = (lines[0] as string).split('\n')
  expect(first).toMatch(/error the venue is away {2}err="connection reset"$/)
  expect(second).toContain('at ')
})

test('for people, text of others cannot break the line or command the terminal', () => {
  const { log, lines } = logTo({ terminal: true })
  log.info({ said: 'a\u001b[2Jb\nc' }, 'one\ntwo \u001b[31mred')
  expect(lines[0]).toMatch(/info {2}one two red {2}said="ab c"\n$/)
})

test('colours are there only when they are asked for', () => {
  const plain = logTo({ terminal: true })
  const coloured = logTo({ terminal: true, colour: true })
  plain.log.error({}, 'x')
  coloured.log.error({}, 'x')
  expect(plain.lines[0]).not.toContain('\u001b')
  expect(coloured.lines[0]).toContain('\u001b[31m')
})

test.each([
  ['trace', 3],
  ['info', 3],
  ['warn', 2],
  ['error', 1],
  ['silent', 0],
] as const)('level %s lets %i of info, warn and error pass', (level, count) => {
  const { log, lines } = logTo({ level })
  log.info({}, 'a')
  log.warn({}, 'b')
  log.error({}, 'c')
  expect(lines).toHaveLength(count)
})

test.each([true, false])('no secret is in a line (for people: %s)', terminal => {
  const { log, lines } = logTo({ terminal, secrets: ['known-secret-value'] })
  const pem = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIr\n-----END EC PRIVATE KEY-----'
  log.info(
    { apiKey: 'plain1', nested: { deep: [{ password: 'plain2' }] } },
    'Authorization: Bearer plain3plain3',
  )
  log.warn({ said: 'known-secret-value is wrong', pem }, 'url https://me:plain4@host/?token=plain5')
  log.error(
    { err: new Error('APCA-API-SECRET-KEY: plain6', { cause: new Error('secret=plain7') }) },
    'failed',
  )
  log.error(new Error('passphrase: plain8'), 'known-secret-value')
  expect(lines).toHaveLength(4)
  const all = lines.join('')
  expect(all).not.toMatch(/plain\d|known-secret|MHcCAQ/)
  expect(all).toContain('[redacted]')
})

test('what was logged is written before the call returns: a killed process loses no line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'veritape-log-'))
  try {
    const script = join(folder, 'run.mjs')
    const compiler = resolve('node_modules/.bin/tsc')
    const options = ['--outDir', folder, '--rootDir', resolve('.'), '--noEmit', 'false', '--ignoreConfig']
    const modules = ['--module', 'nodenext', '--target', 'es2023', '--skipLibCheck', '--types', 'node']
    const rewrite = ['--rewriteRelativeImportExtensions', '--noCheck']
    const compiled = spawnSync(
      compiler,
      [...options, ...modules, ...rewrite, resolve('adapters/pino-log.ts')],
      {
        encoding: 'utf8',
      },
    )
    expect(compiled.stdout).toBe('')
    writeFileSync(join(folder, 'package.json'), '{"type": "module"}')
    writeFileSync(
      script,
      `import { pinoLog } from './adapters/pino-log.js'
       const log = pinoLog({ level: 'info', terminal: false, colour: false, secrets: [] })
       for (let n = 1; n <= 5000; n++) log.info({ n }, 'x'.repeat(200))
       process.kill(process.pid, 'SIGKILL')`,
    )
    const { signal, stderr } = spawnSync('node', [script], {
      encoding: 'utf8',
      maxBuffer: 1e8,
      env: { ...process.env, NODE_PATH: resolve('node_modules') },
    })
    expect(signal).toBe('SIGKILL')
    const lines = stderr.trimEnd().split('\n')
    expect(lines).toHaveLength(5000)
    expect(JSON.parse(lines[4999] as string)).toMatchObject({ n: 5000 })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
