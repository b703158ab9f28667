// Every command that a document shows in a block is run by a test: `console` blocks by documentation.test.ts, `sh box`
// blocks by systemd/runbooks.test.ts. What no test can run is listed here, with its reason.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { boxPages } from '../box-blocks.ts'
import { project } from '../checkout.ts'

const documents = [
  'README.md',
  ...readdirSync(join(project, 'docs'), { encoding: 'utf8' })
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`),
].sort()

interface NotRun {
  readonly command: string
  readonly why: string
}

const needsServer = 'needs a server of EventStoreDB; the tests have a stand-in (cli/eventstoredb.test.ts)'
const takesMinutes = 'takes minutes; crashes/matrix.test.ts runs some of its cells'

const notRun: Readonly<Record<string, readonly NotRun[]>> = {
  'README.md': [
    {
      command: 'npm ci && npm start',
      why: 'what CI begins with; documentation.test.ts plays the demo itself',
    },
    { command: 'npm ci && npm test', why: 'is what runs this test' },
  ],
  'docs/crash-matrix.md': [
    { command: 'npm run test:crashes', why: takesMinutes },
    { command: "npm run test:crashes -- --venues kraken --only 'OrderAccepted: durable'", why: takesMinutes },
  ],
  'docs/eventstoredb.md': [
    {
      command: "veritape execute --paper --store 'esdb://db.example:2113?tlsCAFile=/etc/veritape/ca.pem'",
      why: needsServer,
    },
    { command: "veritape copy --to 'esdb://db.example:2113' --follow", why: needsServer },
    {
      command:
        'docker run --rm -p 127.0.0.1:2113:2113 -e EVENTSTORE_INSECURE=true -e EVENTSTORE_MEM_DB=true -e EVENTSTORE_TELEMETRY_OPTOUT=true eventstore/eventstore:24.6.0-jammy',
      why: needsServer,
    },
    {
      command:
        "VERITAPE_ESDB_URL='esdb://127.0.0.1:2113?tls=false' npx vitest run tests/adapters/esdb-store.test.ts",
      why: needsServer,
    },
  ],
  'docs/strategies.md': [
    {
      command: 'python3 examples/strategy-server.py 8000 &',
      why: 'cli/strategy-server.test.ts starts it on a port that is free',
    },
    {
      command: 'veritape execute --paper --until 2023-03-04 --config examples/http-strategy.json',
      why: 'cli/strategy-server.test.ts trades with it, on that port',
    },
  ],
  'docs/venue-simulator.md': [
    {
      command: 'npm run venue -- kraken --folder /tmp/kraken',
      why: 'runs until it is stopped; venue-simulator/process.test.ts starts it',
    },
    {
      command: 'npm run --silent venue -- books /tmp/kraken',
      why: 'asks the one above; venue-simulator/process.test.ts does so',
    },
  ],
}

interface Block {
  /** What stands behind the fence: 'sh', 'sh box', 'console', '' . */
  readonly kind: string
  readonly lines: readonly string[]
}

const blocksOf = (text: string): readonly Block[] =>
  [...text.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)].map(([, kind = '', body = '']) => ({
    kind: kind.trim(),
    lines: body
      .replaceAll(/ *\\\n */g, ' ')
      .split('\n')
      .slice(0, -1),
  }))

/** Words that a command begins with, in a block that does not say that it has commands. */
const looksLikeCommand = (line: string): boolean =>
  /^(?:[$#] )?(?:(?:sudo|env|nohup) |[A-Z_]+=\S+ )*(?:veritape|npm|npx|node|systemctl|journalctl|docker|git|cd|cp|mv|rm|ln|install|curl|tar|openssl|python3|apt-get|tmux|pm2)\s/.test(
    line,
  )

/** What of a document's blocks no test runs, as commands without the remark behind them. */
const unrun = (path: string, text: string): readonly string[] =>
  blocksOf(text).flatMap(({ kind, lines }) => {
    if (kind === 'console') return []
    if (kind === 'sh box') return boxPages.some(page => path === `docs/${page}`) ? [] : lines
    const isShell = /^(?:sh|bash|shell|zsh)\b/.test(kind)
    const commands = isShell
      ? lines.filter(line => line !== '')
      : kind === ''
        ? lines.filter(looksLikeCommand)
        : []
    return commands.map(line => line.replace(/ {2,}#.*$/, '').trimEnd())
  })

describe('every command in a block is run, or listed with the reason why not', () => {
  test.each(documents)('%s', path => {
    const listed = (notRun[path] ?? []).map(({ command }) => command)
    expect([...unrun(path, readFileSync(join(project, path), 'utf8'))].sort()).toEqual([...listed].sort())
  })

  test('the list is short, has a document for each part and a reason for each command', () => {
    expect(documents).toEqual(expect.arrayContaining(Object.keys(notRun)))
    const all = Object.values(notRun).flat()
    expect(all.length).toBeLessThanOrEqual(12)
    for (const { command, why } of all) expect(why.length, command).toBeGreaterThan(15)
  })

  test('a command that nobody runs is noticed, in any block', () => {
    const seen = (block: string) => unrun('docs/operations.md', block)
    expect(seen('```sh\nveritape seal    # every day\n```\n')).toEqual(['veritape seal'])
    expect(seen('```\nveritape backup /mnt\n```\n')).toEqual(['veritape backup /mnt'])
    expect(seen('```bash\ngit clone \\\n  there\n```\n')).toEqual(['git clone there'])
    expect(seen('```sh box\nveritape seal\n```\n')).toEqual([])
    expect(unrun('docs/scan.md', '```sh box\nveritape seal\n```\n')).toEqual(['veritape seal'])
    expect(seen('```console\n$ veritape seal\n```\n')).toEqual([])
    expect(seen('```\nledger/<book>/2023.jsonl\n```\n')).toEqual([])
  })
})
