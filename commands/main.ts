#!/usr/bin/env node
// The composition root: the only file that sees both the verbs and the adapters. Adapters are loaded when a verb
// first asks for them, because most verbs need few of them.

import { existsSync, realpathSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { program } from '../adapters/program.ts'
import { terminalScreen } from '../adapters/terminal-screen.ts'
import type { Config, ConfigValue } from '../domain/config.ts'
import { rulesOf } from '../domain/config.ts'
import type { Mode } from '../domain/event-store.ts'
import type { Screen } from '../domain/screen.ts'
import { instantOf, readInstant } from '../domain/time.ts'
import type { Overrides } from './command.ts'
import { runCommandLine } from './command-line.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'
import type { Global } from './plain-line.ts'

/** Runs one command line in this process; gives its exit code. */
export const main = (
  argv: readonly string[],
  signal: AbortSignal,
  screen: Screen = terminalScreen({
    stdout: process.stdout,
    stderr: process.stderr,
    json: argv.includes('--json'),
    environment: process.env,
  }),
): Promise<number> => {
  return runCommandLine(argv, screen, program.version, (args, overrides) =>
    compose(args, overrides, screen, signal),
  )
}

const globalFlags = [
  ['book', 'book'],
  ['ledger', 'ledger'],
  ['state', 'state'],
  ['store', 'store'],
  ['logLevel', 'log-level'],
] as const

const compose = async (
  args: Global,
  overrides: Overrides,
  screen: Screen,
  signal: AbortSignal,
): Promise<Engine> => {
  const { readConfiguration } = await import('../adapters/configuration.ts')
  const flags: Record<string, Overrides[string]> = { ...overrides }
  for (const [key, name] of globalFlags)
    if (args[key] !== undefined) flags[key] = { value: args[key], flag: `--${name}` }
  const { config, values, text, hash } = readConfiguration({
    ...(args.config === undefined ? {} : { file: args.config }),
    environment: process.env,
    flags,
    workingFolder: process.cwd(),
  })
  return engineOf(config, values, { text, hash }, args.asOf, screen, signal)
}

const engineOf = async (
  config: Config,
  configValues: readonly ConfigValue[],
  configured: { readonly text: string; readonly hash: string },
  asOf: string | undefined,
  screen: Screen,
  signal: AbortSignal,
): Promise<Engine> => {
  const { simulatedClock } = await import('../adapters/simulated-clock.ts')
  const { pinoLog } = await import('../adapters/pino-log.ts')
  const { redaction, secretsIn } = await import('../adapters/redaction.ts')
  const { nyseCalendar } = await import('../adapters/nyse-calendar.ts')
  const { killSwitch } = await import('../adapters/kill-switch.ts')
  const { checkpointsName, openStateFolder } = await import('../adapters/state-folder.ts')
  const { dataFolder } = await import('../adapters/data-folder.ts')
  const { liveAccount, systemdCredentials } = await import('../adapters/venue-keys.ts')
  const { notifySocket } = await import('../adapters/notify-socket.ts')
  const { disposableFiles } = await import('../adapters/disposable-files.ts')
  const { executorMemory } = await import('../adapters/executor-memory.ts')
  const { guardHands } = await import('../adapters/guard-hands.ts')
  const { unitFolder } = await import('../adapters/unit-folder.ts')
  const { messenger, messengerSecrets } = await import('../adapters/messenger.ts')
  const { readPoison } = await import('../adapters/ledger-poison.ts')
  const { executorHolder } = await import('../adapters/executor-lock.ts')
  const { wantsColour } = await import('../adapters/terminal-screen.ts')
  const { ledgerCopies } = await import('../adapters/ledger-copies.ts')
  const { readTickerLists } = await import('../adapters/ticker-list.ts')

  if (config.store !== 'jsonl' && !(await import('../adapters/esdb-address.ts')).isEsdb(config.store))
    throw new Stop(
      exit.refused,
      '--store is neither jsonl, the embedded ledger, nor the address of an EventStoreDB: esdb://host:2113',
    )
  const ledgerPath = join(config.ledger, config.book)
  const stateBook = join(config.state, config.book)
  // A recorded book lives at its recording's time, unless it is told to live now; a live one at the world's.
  const isLive = config.market.source !== 'recorded'
  const livesNow = isLive || config.market.clock === 'wall'
  const simulated = livesNow ? undefined : simulatedClock(clockStart(config, asOf))
  const clock = simulated ?? (await import('../adapters/system-clock.ts')).systemClock
  const data = dataFolder(join(config.ledger, 'data'))
  /** Files that are in the data folder already, by path. */
  const kept = new Map<string, Promise<string>>()
  const fileOf = (symbol: string, timeframe: string) => {
    const file =
      config.market.files.find(each => each.timeframe === timeframe && each.symbol === symbol) ??
      config.market.files.find(each => each.timeframe === timeframe && each.symbol === '*')
    if (file !== undefined) return file
    throw new Stop(exit.refused, `market.files names no ${timeframe} candles of ${symbol}; add their file`)
  }
  const recordings = () =>
    config.market.files.map(({ symbol, timeframe, path }) => ({
      file: path,
      timeframe,
      ...(symbol === '*' ? {} : { symbol }),
    }))

  const secrets = [
    ...secretsIn(process.env),
    ...messengerSecrets(process.env),
    ...systemdCredentials(process.env),
  ]

  const engine: Engine = {
    config,
    configValues,
    configHash: configured.hash,
    configText: configured.text,
    version: program.version,
    codeHash: program.codeHash,
    runtime: program.runtime,
    screen,
    log: pinoLog({
      level: config.logLevel,
      terminal: process.stderr.isTTY === true,
      colour: wantsColour(process.stderr, process.env),
      secrets,
    }),
    clock,
    simulated,
    asOf: asOf === undefined ? undefined : instantGiven(config, asOf),
    notifier: notifySocket(process.env),
    units: unitFolder(program.root),
    releases: async folder =>
      (await import('../adapters/release-folder.ts')).releaseFolder(folder, '/var/lib/veritape'),
    diskOfLedger: () => {
      const { bavail, blocks, bsize } = statfsSync(existsSync(ledgerPath) ? ledgerPath : '.')
      return { free: bavail * bsize, total: blocks * bsize }
    },
    disposable: disposableFiles(ledgerPath, stateBook),
    executorMemory: () => executorMemory(ledgerPath),
    askVenue: async () => (await import('../adapters/venue-probe.ts')).probeVenue(config, process.env),
    guardHands: guardHands({
      requests: '/var/lib/veritape/requests',
      state: config.state,
      environment: process.env,
    }),
    clean: redaction(secrets).text,
    messenger: messenger(config.notify, process.env),
    poison: () => readPoison(ledgerPath),
    executorHolder: () => executorHolder(ledgerPath),
    signal,
    ledgerPath,
    hasBook: async book => existsSync(join(config.ledger, book, 'LEDGER.json')),
    readBook: async book =>
      (await import('../adapters/jsonl-store.ts')).openJsonlReader(join(config.ledger, book)),
    readLedger: async () => (await import('../adapters/jsonl-store.ts')).openJsonlReader(ledgerPath),
    writeLedger: async (role, create, urgency) => {
      const { openJsonlStore } = await import('../adapters/jsonl-store.ts')
      return openJsonlStore({
        folder: ledgerPath,
        role,
        clock: clock.now,
        checkpoints: join(stateBook, checkpointsName),
        urgent: urgency === 'urgent',
        ...(create === undefined ? {} : { create: creation(config, create) }),
      })
    },
    holdExecutor: async () => {
      const { holdExecutor } = await import('../adapters/executor-lock.ts')
      const held = holdExecutor(ledgerPath)
      if (typeof held === 'function') return held
      throw new Stop(exit.tryAgain, `another executor (${held.holder}) runs on ${config.book}; one is enough`)
    },
    replay: async (wanted, visit) =>
      (await import('../adapters/ledger-replay.ts')).replayLedger(ledgerPath, wanted, visit),
    auditLedger: async function* ({ publicKeyFile, keptAnchorsFile, ...options }) {
      const { verifyLedger } = await import('../adapters/ledger-verify.ts')
      const { readKeptAnchors, readPublicKey } = await import('../adapters/ledger-anchor.ts')
      return yield* verifyLedger(ledgerPath, {
        ...options,
        ...(publicKeyFile === undefined ? {} : { publicKey: readPublicKey(publicKeyFile) }),
        ...(keptAnchorsFile === undefined ? {} : { keptAnchors: readKeptAnchors(keptAnchorsFile) }),
      })
    },
    sealLedger: async function* (options) {
      const { sealDays } = await import('../adapters/ledger-seal-days.ts')
      yield* sealDays(ledgerPath, options)
    },
    repairLedger: async apply =>
      (await import('../adapters/ledger-repair.ts')).repairLedger(ledgerPath, { apply }),
    copies: ledgerCopies(config.ledger, creation(config, config.mode)),
    copyLedger: async function* (options) {
      const { copyLedger } = await import('../adapters/ledger-copying.ts')
      const { readEsdbCredentials } = await import('../adapters/esdb-address.ts')
      const credentials = readEsdbCredentials(process.env)
      return yield* copyLedger(options, { book: config.book, ledgers: config.ledger, credentials, signal })
    },
    kill: killSwitch(ledgerPath),
    views: openStateFolder(stateBook),
    data,
    recorded: {
      keep: async (symbol, timeframe, candles = []) => {
        if (isLive) return data.put(Buffer.from(candles.map(each => `${JSON.stringify(each)}\n`).join('')))
        const file = fileOf(symbol, timeframe)
        const known = kept.get(file.path) ?? data.putFile(file.path)
        kept.set(file.path, known)
        return known
      },
      candles: async (dataset, symbol, timeframe, from, to) => {
        const { recordedData } = await import('../adapters/recorded-data.ts')
        const market = recordedData([{ file: await data.pathOf(dataset), timeframe, symbol }], nyseCalendar)
        return market.closedCandles(symbol, timeframe, from, to)
      },
      columns: async (symbol, timeframe, dataset) => {
        const { readCandleFile } = await import('../adapters/candle-file.ts')
        const file = dataset === undefined ? fileOf(symbol, timeframe).path : await data.pathOf(dataset)
        const { series } = readCandleFile({ file, timeframe, symbol }, nyseCalendar)
        const columns = series.get(symbol)
        if (columns === undefined)
          throw new Stop(exit.badData, `${file} has no ${timeframe} candles of ${symbol}`)
        return columns
      },
      daily: async dataset =>
        (await import('../adapters/bar-parts.ts')).readDataset(data, dataset, nyseCalendar),
    },
    universe: {
      tickers: () =>
        config.universe.lists.length === 0 ? undefined : readTickerLists(config.universe.lists),
      keepEarnings: async () => {
        const { readEarningsFiles } = await import('../adapters/earnings-file.ts')
        const { earnings: files } = config.universe
        return files.length === 0 ? undefined : data.put(Buffer.from(readEarningsFiles(files)))
      },
      earnings: async sha256 => {
        const { parseEarnings } = await import('../adapters/earnings-file.ts')
        return parseEarnings(`data/${sha256}`, Buffer.from(await data.get(sha256)).toString('utf8'))
      },
      addBars: async (dataset, bars, anew) => {
        const { addBars } = await import('../adapters/bar-parts.ts')
        return addBars(data, dataset, bars, anew, nyseCalendar, config.calendar === 'nyse' ? 'date' : 'ts')
      },
    },
    calendar: nyseCalendar,
    market: async () =>
      isLive
        ? (await import('../adapters/live-connection.ts')).liveMarket(config, process.env, nyseCalendar)
        : (await import('../adapters/recorded-data.ts')).recordedData(recordings(), nyseCalendar),
    venue: async (market, orders, prefix, opening) => {
      if (config.mode !== 'dry-run' && config.venue.name !== 'paper') {
        const { liveVenue } = await import('../adapters/live-connection.ts')
        return liveVenue(config, process.env, nyseCalendar, { orders, prefix, now: clock.now })
      }
      const { paperVenue } = await import('../adapters/paper-venue.ts')
      const { makerFee, takerFee, slippage, participation, markets } = config.venue
      return paperVenue({
        terms: { makerFee, takerFee, slippage, participation },
        rules: market.rules ?? rulesOf(markets),
        timeframe: config.execute.timeframe,
        market,
        orders,
        now: clock.now,
        ...(opening === undefined ? {} : { opening }),
      })
    },
    strategyServer: {
      ask: async (...asked) => (await import('../adapters/strategy-server.ts')).strategyServer.ask(...asked),
    },
    account: async () => {
      const name = liveAccount(config, process.env)
      if (config.venue.sandbox) await (await import('../adapters/live-connection.ts')).requireSandbox(config)
      return name
    },
    liveKeys: { trading: process.env.LIVE_TRADING, confirm: process.env.LIVE_CONFIRM },
    championStamp: async () =>
      (await import('../adapters/champion-folder.ts')).championStamp(config.execute.champions),
    champions: async () =>
      (await import('../adapters/champion-folder.ts')).readChampions(config.execute.champions),
    examples: join(program.root, 'examples'),
    run: (argv, how) => main(argv, signal, how === 'silent' ? silent(screen) : screen),
  }
  return config.store === 'jsonl' ? engine : onEsdb(engine)
}

/** The same engine on EventStoreDB. The KILL file and the data that events refer to stay on this machine. */
const onEsdb = async (engine: Engine): Promise<Engine> => {
  const { esdbLedger } = await import('../adapters/esdb-ledger.ts')
  const { readEsdbCredentials } = await import('../adapters/esdb-address.ts')
  const { config, clock, signal, copies, venue } = engine
  const { fenced, ...ledger } = esdbLedger({
    store: config.store,
    credentials: readEsdbCredentials(process.env),
    book: config.book,
    creation: mode => creation(config, mode),
    clock: clock.now,
    signal,
    files: copies,
  })
  const unseen = { poison: () => undefined, executorHolder: () => undefined }
  return { ...engine, ...unseen, ...ledger, venue: async (...given) => fenced(await venue(...given)) }
}

/**
 * A backtest lies in one segment: the seqs that it plans leave no room for those of a roll. And there is no need to
 * halt it on a full disk.
 */
const creation = ({ book, zone }: Config, mode: Mode) =>
  mode === 'backtest'
    ? { book, mode, zone, segmentBytesMax: Number.MAX_SAFE_INTEGER }
    : { book, mode, zone, reserveBytes }

/** Kept free on the disk of a ledger, so that a halt can be recorded when the disk is full. */
const reserveBytes = 16 * 1024 * 1024

/** A screen that shows nothing but what went wrong. */
const silent = (screen: Screen): Screen => ({
  ...screen,
  say: () => {},
  heading: () => {},
  table: () => {},
  document: () => {},
  result: () => {},
  progress: () => ({ at: () => {}, stop: () => {} }),
})

/** Before the ledger of a recorded book has begun, time has not either. */
const clockStart = (config: Config, asOf: string | undefined) =>
  asOf === undefined ? instantOf(0) : instantGiven(config, asOf)

const instantGiven = (config: Config, asOf: string) => {
  const instant = readInstant(asOf, config.zone)
  if (instant === undefined)
    throw new Stop(exit.usage, `--as-of ${asOf} is no date or time; write 2015-08-24T08:30 in ${config.zone}`)
  return instant
}

const startedDirectly = (): boolean => {
  const script = process.argv[1]
  return script !== undefined && existsSync(script) && realpathSync(script) === fileURLToPath(import.meta.url)
}

if (startedDirectly()) {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(name))
  process.exitCode = await main(process.argv.slice(2), stop.signal)
}
