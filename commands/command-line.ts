// The command line: verbs, their flags, and what an error means to the caller. Verbs are loaded when they are used.

import type { Argv } from 'yargs'
import type { Screen } from '../domain/screen.ts'
import type { Command, Overrides } from './command.ts'
import type { Engine } from './engine.ts'
import { exit, exitTable, Stop } from './exit.ts'
import { exitCodeOf, sentenceOf } from './failure.ts'
import { type Global, readPlainLine } from './plain-line.ts'

interface Verb {
  /** As typed: 'watchlist check', with positionals in yargs's form. */
  readonly usage: string
  readonly describe: string
  readonly load: () => Promise<Command<never>>
}

const verb = <Options>(usage: string, describe: string, load: () => Promise<Command<Options>>): Verb => ({
  usage,
  describe,
  load: load as unknown as () => Promise<Command<never>>,
})

export const verbs: readonly Verb[] = [
  verb(
    'demo',
    'Recorded real trading, offline, by the public commands',
    async () => (await import('./demo.ts')).demo,
  ),
  verb(
    'fetch',
    "Daily bars into the book's own store",
    async () => (await import('./fetch.ts')).fetchCommand,
  ),
  verb('scan', "Rank the universe for today's session", async () => (await import('./scan.ts')).scan),
  verb(
    'watchlist check',
    'Is the watchlist of today?',
    async () => (await import('./watchlist.ts')).watchlistCheck,
  ),
  verb('execute', 'Trade: candles in, orders out', async () => (await import('./execute.ts')).execute),
  verb(
    'project',
    'Write the views, and follow the ledger',
    async () => (await import('./project.ts')).project,
  ),
  verb(
    'rebuild',
    'Delete the views, write them again, prove them equal',
    async () => (await import('./project.ts')).rebuild,
  ),
  verb(
    'intent <what> <subject>',
    'Wish a trade: buy, sell, close, cancel',
    async () => (await import('./intent.ts')).intent,
  ),
  verb('halt', 'Stop all new orders', async () => (await import('./halt.ts')).halt),
  verb('resume', 'Lift every halt', async () => (await import('./halt.ts')).resume),
  verb('status', 'One screen: is all well?', async () => (await import('./status.ts')).status),
  verb(
    'replay [day]',
    'A day again; --prove decides it again',
    async () => (await import('./replay.ts')).replay,
  ),
  verb('why <id>', 'The causes of an order or event', async () => (await import('./why.ts')).why),
  verb('why-not <symbol>', 'What refused a symbol', async () => (await import('./why.ts')).whyNot),
  verb('verify [day]', "Prove the ledger's bytes", async () => (await import('./verify.ts')).verify),
  verb(
    'audit [day]',
    'After the close: bytes, views, venue and fills',
    async () => (await import('./audit.ts')).audit,
  ),
  verb('seal [day]', 'Seal and anchor every closed day', async () => (await import('./seal.ts')).seal),
  verb(
    'retain',
    'Seal the days that are over, throw away what is old',
    async () => (await import('./retain.ts')).retain,
  ),
  verb(
    'repair',
    'After a failed sync: prove the ledger, write it anew',
    async () => (await import('./repair.ts')).repair,
  ),
  verb(
    'backup [to]',
    'Copy the ledger while others write; --check proves a copy',
    async () => (await import('./backup.ts')).backup,
  ),
  verb(
    'restore <from>',
    'Put a backup where the book has no ledger',
    async () => (await import('./restore.ts')).restore,
  ),
  verb(
    'copy',
    'The ledger in another store, line for line; or a mirror that follows',
    async () => (await import('./copy.ts')).copy,
  ),
  verb('export', 'Events as JSON Lines or CSV', async () => (await import('./export.ts')).exportEvents),
  verb(
    'import <file>',
    'A new book from an exported history',
    async () => (await import('./import.ts')).importEvents,
  ),
  verb(
    'reconcile',
    "The venue's account against the ledger",
    async () => (await import('./reconcile.ts')).reconcile,
  ),
  verb(
    'snapshot',
    'Record prices, order books and balances of this moment',
    async () => (await import('./snapshot.ts')).snapshot,
  ),
  verb('report kpi', 'The key figures', async () => (await import('./report.ts')).reportKpi),
  verb(
    'report costs',
    'Fees, slippage and shortfall',
    async () => (await import('./report-costs.ts')).reportCosts,
  ),
  verb(
    'report latency',
    'From candle to order, in milliseconds',
    async () => (await import('./report-latency.ts')).reportLatency,
  ),
  verb('backtest', 'The same loop over recorded data', async () => (await import('./backtest.ts')).backtest),
  verb(
    'check config',
    'Is the configuration sound?',
    async () => (await import('./check-config.ts')).checkConfig,
  ),
  verb('check health', 'Is all well?', async () => (await import('./check-health.ts')).checkHealth),
  verb(
    'notify',
    'Tell people outside what has changed; ping while there is progress',
    async () => (await import('./notify.ts')).notify,
  ),
  verb(
    'guard',
    'Run the check behind --, and heal what it finds within a budget',
    async () => (await import('./guard.ts')).guard,
  ),
  verb(
    'check preflight',
    'May the morning begin?',
    async () => (await import('./check-preflight.ts')).checkPreflight,
  ),
  verb(
    'check session',
    'Is there a session today?',
    async () => (await import('./check-session.ts')).checkSession,
  ),
  verb(
    'units install',
    "Install a book's systemd units, timers and sandbox",
    async () => (await import('./units.ts')).unitsInstall,
  ),
  verb(
    'units verify',
    'Are the installed units those of this program, and sound?',
    async () => (await import('./units.ts')).unitsVerify,
  ),
  verb(
    'units list',
    'What is installed, what runs, what comes next',
    async () => (await import('./units.ts')).unitsList,
  ),
  verb(
    'units uninstall',
    "Stop and remove a book's units; its ledger stays",
    async () => (await import('./units.ts')).unitsUninstall,
  ),
  verb(
    'deploy [source]',
    'Another release of the program: proven, restarted, or taken back',
    async () => (await import('./deploy.ts')).deploy,
  ),
  verb('config show', 'Every value with its source', async () => (await import('./config.ts')).configShow),
]

/** Verbs without flags of their own: a plain line of them needs no parser. */
export const withoutFlags: ReadonlySet<string> = new Set([
  'check config',
  'check session',
  'config show',
  'rebuild',
  'scan',
  'status',
  'watchlist check',
])

export const verbNamed = (usage: string): Verb | undefined => verbs.find(each => each.usage === usage)

const epilogue = `Exit codes\n${exitTable.map(([code, meaning]) => `  ${code.padStart(2)}  ${meaning}`).join('\n')}`

/** Gives the engine for the global flags and what a verb's flags change. */
export type Compose = (args: Global, overrides: Overrides) => Promise<Engine>

/** Runs one command line; gives its exit code. Never throws. */
export const runCommandLine = async (
  argv: readonly string[],
  screen: Screen,
  version: string,
  compose: Compose,
): Promise<number> => {
  let code: number = exit.done
  const run = async (command: Command<never>, args: Global) => {
    const engine = await compose(args, command.overrides?.(args as never) ?? {})
    code = await command.run(engine, args as never)
  }
  try {
    const plain = readPlainLine(argv)
    const known = plain === undefined || !withoutFlags.has(plain.verb) ? undefined : verbNamed(plain.verb)
    if (plain !== undefined && known !== undefined) {
      await run(await known.load(), plain.args)
      return code
    }
    const { default: yargs } = await import('yargs')
    const parser = yargs([...argv])
      .scriptName('veritape')
      .usage('$0 <verb>   A trading engine whose every decision can be proven')
      .version(version)
      .option('book', { type: 'string', describe: 'Which book', global: true })
      .option('config', { type: 'string', describe: 'Configuration file', global: true })
      .option('ledger', { type: 'string', describe: 'Folder of the ledgers', global: true })
      .option('state', { type: 'string', describe: 'Folder of the views', global: true })
      .option('store', {
        type: 'string',
        describe: 'Where the ledger is: jsonl, or esdb://host:2113',
        global: true,
      })
      .option('json', {
        type: 'boolean',
        default: false,
        describe: 'One JSON document instead of text',
        global: true,
      })
      .option('log-level', { type: 'string', describe: 'trace debug info warn error silent', global: true })
      .option('as-of', { type: 'string', describe: 'Recorded data: where the clock stands', global: true })
      // Behind -- stands the command that guard runs; for other verbs it stays among their own words.
      .parserConfiguration({ 'populate--': argv[0] === 'guard' })
      .strict()
      .check(requireOnce)
      .demandCommand(1, 'Which verb?')
      .epilogue(epilogue)
      .exitProcess(false)
      .showHelpOnFail(false)
      .wrap(Math.min(screen.columns, 100))
      .fail((message, error) => {
        // A message of yargs can have several lines; an error is one sentence.
        const sentence = /^Not enough non-option/.test(message)
          ? lacksWords(argv)
          : message.replaceAll(/\s+/g, ' ')
        throw (
          error ??
          new Stop(exit.usage, `${sentence}${/[.?]$/.test(sentence) ? '' : '.'} veritape --help shows how`)
        )
      })
    await withVerbs(parser, verbs, run).parseAsync()
  } catch (error) {
    code = exitCodeOf(error)
    const sentence = sentenceOf(error)
    if (code === exit.ourError) {
      screen.note(`veritape: an error of our own: ${sentence}`)
      if (process.env.VERITAPE_DEBUG !== undefined && error instanceof Error) screen.note(error.stack ?? '')
    } else screen.note(`veritape: ${sentence}`)
    screen.result({ error: sentence, exit: code })
  }
  return code
}

/**
 * A flag that takes one value, given twice, is a contradiction, and none of the two may be dropped in silence. yargs
 * makes a list of them; it hands its options to a check, though its types call them aliases.
 */
const requireOnce = (args: Readonly<Record<string, unknown>>, options: unknown): true => {
  const { array: lists } = options as { readonly array: readonly string[] }
  for (const [name, value] of Object.entries(args))
    if (Array.isArray(value) && name !== '_' && name !== '--' && !lists.includes(name))
      throw new Stop(
        exit.usage,
        `--${name} is given ${value.length} times, and it takes one value; keep one of them`,
      )
  return true
}

/** The parser counts arguments; a person wants to know which. */
const lacksWords = ([word]: readonly string[]): string =>
  `a word is missing: veritape ${verbs.find(({ usage }) => usage.split(' ')[0] === word)?.usage ?? '<verb>'}`

/** 'kpi: The key figures · costs: Fees, slippage and shortfall' */
const contentsOf = (word: string, group: readonly Verb[]): string =>
  group.map(({ usage, describe }) => `${usage.slice(word.length + 1)}: ${describe}`).join(' · ')

/** 'check config' and 'check session' stand under one word 'check'. */
const withVerbs = (
  parser: Argv<object>,
  all: readonly Verb[],
  run: (command: Command<never>, args: Global) => Promise<void>,
): Argv<object> => {
  const single = (into: Argv<object>, { usage, describe, load }: Verb): Argv<object> =>
    into.command(
      usage,
      describe,
      async yargs => (await load()).options(yargs),
      async args => run(await load(), args as unknown as Global),
    )
  const words = new Map<string, Verb[]>()
  for (const each of all) {
    const [word = '', next = ''] = each.usage.split(' ')
    const key = /^\w/.test(next) ? word : each.usage
    words.set(key, [...(words.get(key) ?? []), each])
  }
  let built = parser
  for (const [key, group] of words) {
    const [first] = group
    if (first === undefined) continue
    if (key === first.usage) built = single(built, first)
    else
      built = built.command(key, contentsOf(key, group), inner => {
        let nested: Argv<object> = inner.demandCommand(
          1,
          `veritape ${key} what? ${group.map(({ usage }) => usage).join(', ')}`,
        )
        for (const each of group)
          nested = single(nested, { ...each, usage: each.usage.slice(key.length + 1) })
        return nested
      })
  }
  return built
}
