// veritape verify   Proves the ledger's bytes: framing, hashes, chain, groups, revisions, head. Reads only.
// 0 clean, 1 damaged, 2 could not run.

import { LedgerDamaged } from '../domain/event-store.ts'
import { isDate } from '../domain/time.ts'
import type { Command } from './command.ts'
import { exit, Stop } from './exit.ts'
import { counted } from './sentence.ts'
import { type RedactedOptions, verifyRedacted } from './verify-redacted.ts'

const damaged = 1
const couldNotRun = 2

export const verify: Command<{ day?: string | undefined } & RedactedOptions> = {
  options: yargs =>
    yargs
      .positional('day', {
        type: 'string',
        describe: 'Only this segment date; the whole book when left out',
      })
      .option('redacted', { type: 'string', describe: 'A redacted export to check instead' })
      .option('anchor', { type: 'string', describe: "With --redacted: the head you hold, 'seq 12 hash ab…'" })
      .option('opened', {
        type: 'string',
        describe: 'With --redacted: file of plain lines that were handed over',
      }),
  run: async (engine, { day, ...redacted }) => {
    if (redacted.redacted !== undefined) return verifyRedacted(engine, redacted.redacted, redacted)
    if (day !== undefined && !isDate(day))
      throw new Stop(exit.usage, `'${day}' is no date; write it as 2023-03-24`)
    const { screen } = engine
    const steps = engine.auditLedger(day === undefined ? {} : { date: day })
    const progress = screen.progress('verifying')
    const found: unknown[] = []
    let step = await steps.next().catch(asCouldNotRun)
    while (!step.done) {
      if (step.value.kind === 'progress') progress.at(step.value.bytes)
      else {
        const { segment, line, byte, expected, found: there } = step.value.damage
        screen.say(
          screen.style.bad(`${segment}, line ${line}, byte ${byte}: expected ${expected}, found ${there}`),
        )
        found.push(step.value.damage)
      }
      step = await steps.next().catch(asCouldNotRun)
    }
    progress.stop()
    const { segments, events, bytes, head, unacknowledgedBytes, damages } = step.value
    const what = `${counted(events, 'event')} in ${counted(segments.length, 'segment')}, ${bytes} bytes`
    screen.say(
      damages === 0
        ? screen.style.good(`clean: ${what}; every hash, link, group and revision holds`)
        : screen.style.bad(
            `damaged in ${counted(damages, 'place')}: ${what}. Stop the book, keep the files, restore a backup`,
          ),
    )
    if (unacknowledgedBytes > 0)
      screen.say(
        `${unacknowledgedBytes} bytes behind the head were never acknowledged; the next writer sets them aside`,
      )
    screen.say(`head seq ${head.seq} hash ${head.hash}`)
    screen.result({ verdict: damages === 0 ? 'clean' : 'damaged', ...step.value, found })
    return damages === 0 ? exit.done : damaged
  },
}

/** No ledger, a foreign folder or files that cannot be read: no verdict about bytes. A bug stays a bug. */
const asCouldNotRun = (error: unknown): never => {
  const isOfTheWorld =
    error instanceof LedgerDamaged ||
    (error instanceof Error &&
      (error.name === 'NoSuchBook' || error.name === 'UnknownEvent' || 'code' in error))
  throw isOfTheWorld ? new Stop(couldNotRun, error.message) : error
}
