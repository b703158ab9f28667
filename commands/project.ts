// veritape project   Follows the ledger and writes the views under state/. veritape rebuild deletes them all, writes
// them again from the ledger, and proves that they are the same.

import { sha256 } from '../domain/hash.ts'
import { foldAll, startFold, typesOf, views } from '../projections/views.ts'
import type { Command } from './command.ts'
import { exit } from './exit.ts'

export const project: Command<{ once: boolean }> = {
  options: yargs =>
    yargs.option('once', { type: 'boolean', default: false, describe: 'Catch up, write, and stop' }),
  run: async (engine, { once }) => {
    const { screen, log, signal } = engine
    const store = await engine.readLedger()
    const fold = startFold(views)
    const write = async () => {
      let written = 0
      for (const [path, text] of fold.changed()) if (await engine.views.write(path, text)) written++
      return written
    }
    try {
      const head = await store.head()
      const progress = screen.progress('projecting', head.seq)
      for await (const recorded of store.readAll({ types: typesOf(views) })) {
        fold.apply(recorded)
        progress.at(recorded.seq)
      }
      progress.stop()
      const written = await write()
      screen.say(`${written} views written to ${engine.views.path}, as of seq ${fold.seq()}`)
      screen.result({ written, asOf: fold.seq(), state: engine.views.path })
      if (once) return exit.done
      // Events that arrive close together are shown together.
      let due: NodeJS.Timeout | undefined
      let writing = Promise.resolve(0)
      // A quiet ledger is no trouble; views that cannot be written are, so the watchdog hears of written ones only.
      const tell = () =>
        writing.then(() => engine.notifier.progress(`views as of seq ${fold.seq()}`)).catch(() => {})
      await tell()
      const telling = setInterval(tell, 10_000)
      for await (const recorded of store.subscribe(head.seq, signal)) {
        if (recorded.seq <= fold.seq()) continue
        fold.apply(recorded)
        due ??= setTimeout(() => {
          due = undefined
          writing = writing.then(write)
        }, 100)
        log.info({ seq: recorded.seq }, `seen ${recorded.event.type}`)
      }
      clearTimeout(due)
      clearInterval(telling)
      engine.notifier.stopping()
      await writing
      await write()
      return exit.done
    } finally {
      await store.close()
    }
  },
}

export const rebuild: Command<object> = {
  options: yargs => yargs,
  run: async engine => {
    const { screen } = engine
    const store = await engine.readLedger()
    try {
      const before = new Map<string, string>()
      for (const name of await engine.views.list())
        before.set(name, sha256((await engine.views.read(name)) ?? ''))
      const fold = await foldAll(views, store.readAll({ types: typesOf(views) }))
      await engine.views.clear()
      const after = fold.all()
      const rows: string[][] = []
      let changed = 0
      for (const [path, text] of after) {
        await engine.views.write(path, text)
        const hash = sha256(text)
        const old = before.get(path)
        const verdict = old === undefined ? 'new' : old === hash ? 'identical' : 'differed'
        if (verdict === 'differed') changed++
        rows.push([path, hash.slice(0, 12), verdict])
      }
      const gone = [...before.keys()].filter(name => !after.has(name))
      for (const name of gone) rows.push([name, '', 'not of the ledger, removed'])
      screen.table(['view', 'sha256', 'against what was there'], rows)
      const known = rows.filter(([, , verdict]) => verdict !== 'new').length
      const sentence =
        before.size === 0
          ? `${after.size} views written from the ledger, as of seq ${fold.seq()}`
          : `${known - changed - gone.length} of ${before.size} views were identical, byte for byte`
      screen.say(changed + gone.length === 0 ? screen.style.good(sentence) : screen.style.bad(sentence))
      screen.result({ asOf: fold.seq(), views: after.size, before: before.size, changed, gone })
      return changed + gone.length === 0 ? exit.done : 1
    } finally {
      await store.close()
    }
  },
}
