// veritape verify   Proves the ledger's bytes: framing, hashes, chain, groups, revisions, head. Reads only.

import { DateText } from '../domain/time.ts'
import type { Command } from './command.ts'
import { exit, Stop } from './exit.ts'

const damaged = 1

export const verify: Command<{ day?: string | undefined }> = {
  options: yargs =>
    yargs.positional('day', {
      type: 'string',
      describe: 'Only this segment date; the whole book when left out',
    }),
  run: async (engine, { day }) => {
    if (day !== undefined && !DateText.safeParse(day).success)
      throw new Stop(exit.usage, `'${day}' is no date; write it as 2023-03-24`)
    const { screen } = engine
    const steps = engine.auditLedger(day === undefined ? {} : { date: day })
    const progress = screen.progress('verifying')
    const found: unknown[] = []
    let step = await steps.next()
    while (!step.done) {
      if (step.value.kind === 'progress') progress.at(step.value.bytes)
      else {
        const { segment, line, byte, expected, found: there } = step.value.damage
        screen.say(
          screen.style.bad(`${segment}, line ${line}, byte ${byte}: expected ${expected}, found ${there}`),
        )
        found.push(step.value.damage)
      }
      step = await steps.next()
    }
    progress.stop()
    const { segments, events, bytes, head, unacknowledgedBytes, damages } = step.value
    const what = `${events} events in ${segments.length} segments, ${bytes} bytes`
    screen.say(
      damages === 0
        ? screen.style.good(`clean: ${what}; every hash, link, group and revision holds`)
        : screen.style.bad(
            `damaged in ${damages} places: ${what}. Stop the book, keep the files, restore a backup`,
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
