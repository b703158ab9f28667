// veritape seal [DAY]   Compresses and seals every closed day, and prints its anchor: one line to keep where this
// machine cannot reach. With --key the anchors are signed. Safe to repeat; after a crash it goes on.

import { isDate } from '../domain/time.ts'
import type { Command } from './command.ts'
import { exit, Stop } from './exit.ts'
import { counted } from './sentence.ts'

interface SealOptions {
  day?: string | undefined
  key?: string | undefined
}

export const seal: Command<SealOptions> = {
  options: yargs =>
    yargs
      .positional('day', { type: 'string', describe: 'The last day to seal; every closed day when left out' })
      .option('key', {
        type: 'string',
        describe: 'File of the private Ed25519 key (PEM) that signs the anchors; not for the trading user',
      }),
  run: async (engine, { day, key }) => {
    if (day !== undefined && !isDate(day))
      throw new Stop(exit.usage, `'${day}' is no date; write it as 2023-03-24`)
    const { screen } = engine
    const steps = engine.sealLedger({
      ...(day === undefined ? {} : { upTo: day }),
      ...(key === undefined ? {} : { keyFile: key }),
    })
    let segments = 0
    let newest: { readonly line: string; readonly date: string } | undefined
    const anchors: string[] = []
    for await (const step of steps) {
      if (step.kind === 'sealed') {
        segments++
        const share = Math.round((step.gzBytes / step.bytes) * 100)
        screen.say(`${step.segment}: ${counted(step.events, 'event')}, sealed in ${share} % of its bytes`)
        continue
      }
      newest = { line: step.line, date: step.anchor.date }
      if (step.written) anchors.push(step.line)
    }
    if (newest === undefined) screen.say('nothing to seal: a day is closed once a later one has begun')
    else if (anchors.length === 0) screen.say(`already sealed up to ${newest.date}; its anchor:`)
    else
      screen.say('keep these lines elsewhere; veritape verify --anchors FILE holds the ledger against them:')
    for (const line of anchors.length === 0 && newest !== undefined ? [newest.line] : anchors)
      screen.say(line)
    screen.result({ sealed: segments, upTo: newest?.date ?? null, anchors, newest: newest?.line ?? null })
    return exit.done
  },
}
