// The example strategy server and the built program, as a newcomer starts them: one turn, two days, the proof without
// the server, and a backtest that goes on where its server failed.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { exit } from '../../commands/exit.ts'
import { linesOf, temporaryFolder } from './files.ts'
import { examples, root, veritape } from './veritape.ts'

const stopping: (() => void)[] = []
afterAll(() => {
  for (const stop of stopping) stop()
})

const freePort = async (): Promise<number> => {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** The example, its champion's server moved to a free port. */
const stage = (port: number) => {
  const cwd = temporaryFolder()
  const champions = join(cwd, 'http-strategy-champions')
  mkdirSync(champions)
  cpSync(join(examples, 'http-strategy.json'), join(cwd, 'http-strategy.json'))
  const data = join(cwd, 'data/crypto-binance-5m')
  cpSync(
    join(examples, 'data/crypto-binance-5m/BTCUSDT-5m-2023-03.csv.gz'),
    join(data, 'BTCUSDT-5m-2023-03.csv.gz'),
  )
  const name = 'BTC-USDT_5m.http.json'
  const champion = readFileSync(join(examples, 'http-strategy-champions', name), 'utf8')
  writeFileSync(join(champions, name), champion.replace(':8000', `:${port}`))
  const run = (...argv: readonly string[]) =>
    veritape([...argv, '--config', join(cwd, 'http-strategy.json')], { cwd })
  return { cwd, run, of: (book: string) => linesOf(join(cwd, 'ledger', book)) }
}

const exampleServer = async (port: number) => {
  const server = spawn('python3', [join(examples, 'strategy-server.py'), `${port}`], { stdio: 'ignore' })
  const stop = () => {
    server.kill('SIGKILL')
  }
  stopping.push(stop)
  await expect
    .poll(
      () =>
        new Promise(done => {
          const socket = connect(port, '127.0.0.1', () => {
            socket.destroy()
            done('up')
          })
          socket.on('error', () => done('down'))
        }),
      { timeout: 10_000 },
    )
    .toBe('up')
  return stop
}

test('the example server trades: one turn, two days, and a proof that needs no server and says what it cannot prove', {
  timeout: 120_000,
}, async () => {
  const port = await freePort()
  const stop = await exampleServer(port)
  const { run, of } = stage(port)
  const first = ['--from', '2023-03-09', '--as-of', '2023-03-09T00:05']
  const one = await run('execute', '--paper', '--once', ...first)
  expect(one).toMatchObject({ code: exit.done })
  const [consulted] = of('http-strategy').filter(({ t }) => t === 'StrategyConsulted')
  expect(consulted?.d).toMatchObject({
    url: `http://127.0.0.1:${port}`,
    latencyMs: expect.any(Number),
    answer: { champion: { source: 'champions/mean.json' }, symbol: 'BTC/USDT' },
  })
  expect(of('http-strategy').filter(({ t }) => t === 'StrategyEvaluated')).toHaveLength(1)

  const days = await run('execute', '--paper', '--until', '2023-03-11')
  expect(days).toMatchObject({ code: exit.done })
  const fills = of('http-strategy').filter(({ t }) => t === 'OrderFilled')
  expect(fills.length).toBeGreaterThan(5)
  stop()

  const asked = of('http-strategy').filter(({ t }) => t === 'StrategyConsulted').length
  const proof = await run('replay', '--prove')
  expect(proof).toMatchObject({ code: exit.done, stderr: '' })
  expect(proof.stdout).toMatch(/(\d+) of \1 decisions are identical/)
  expect(proof.stdout).toContain(`${asked} of the evaluations rest on the recorded answers`)
  const why = await run('why', `${Number(fills[0]?.n)}`)
  expect(why.stdout).toContain('the strategy server answered within')

  const down = await run('execute', '--paper', '--once', '--as-of', '2023-03-12')
  expect(down.code).toBe(exit.venueUnavailable)
  expect(down.stderr).toContain('unreachable, nobody listens there (ECONNREFUSED); start it first')
})

test('a backtest asks, records every answer, goes on where its server failed without asking again, and is proved alone', {
  timeout: 120_000,
}, async () => {
  let asked = 0
  let failsAt = 100
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const { symbol, timeframe, candles, position } = JSON.parse(Buffer.concat(parts).toString('utf8'))
    asked += 1
    if (asked === failsAt) return void response.writeHead(503).end()
    const isHeld = position.quantity !== '0'
    response.end(
      JSON.stringify({
        symbol,
        timeframe,
        openTime: candles.at(-1).openTime,
        action: asked % 7 === 0 ? (isHeld ? 'sell' : 'buy') : 'none',
        signal: 0,
        confidence: 1,
        reasons: ['every seventh'],
        indicators: { asked },
        champion: { source: 'champions/seventh.json' },
      }),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { run, of } = stage((server.address() as AddressInfo).port)
  const backtest = ['backtest', '--book', 'tried', '--until', '2023-03-02T18:00']
  const failed = await run(...backtest)
  expect(failed).toMatchObject({ code: exit.venueUnavailable })
  expect(failed.stderr).toContain('bad-status, it answered with status 503')
  failsAt = 0
  expect(await run(...backtest)).toMatchObject({ code: exit.done })
  server.close()
  server.closeAllConnections()

  const lines = of('tried')
  const evaluated = lines.filter(({ t }) => t === 'StrategyEvaluated').length
  expect(evaluated).toBeGreaterThan(200)
  expect(lines.filter(({ t }) => t === 'StrategyConsulted')).toHaveLength(evaluated)
  expect(asked).toBe(evaluated + 1) // the one that failed was asked again, and no other
  expect(lines.filter(({ t }) => t === 'OrderFilled').length).toBeGreaterThan(10)
  const proof = await run('replay', '--prove', '--book', 'tried')
  expect(proof.stdout).toMatch(/(\d+) of \1 decisions are identical/)
  expect(proof.stdout).toContain(`${evaluated} of the evaluations rest on the recorded answers`)
  expect(proof.code).toBe(exit.done)
})

test('the example server has twenty lines, and the manual shows it as it is', () => {
  const source = readFileSync(join(root, 'examples/strategy-server.py'), 'utf8')
  expect(source.split('\n').filter(line => line.trim() !== '').length).toBeLessThanOrEqual(22)
  const manual = readFileSync(join(root, 'docs/strategies.md'), 'utf8')
  const shown = /```python\n# examples\/strategy-server.py\n([\s\S]*?)```/.exec(manual)?.[1]
  expect(shown).toContain('def do_POST')
  expect(source).toContain(shown)
})
