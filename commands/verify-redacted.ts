// veritape verify --redacted FILE   What the holder of a redacted export can know: links, order, counts, the anchor, and
// that opened lines are the ones that stand there. Needs no ledger.

import type { Head } from '../domain/event-store.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'

const differs = 1

export interface RedactedOptions {
  redacted?: string | undefined
  anchor?: string | undefined
  opened?: string | undefined
}

export const verifyRedacted = async (
  { screen, copies }: Engine,
  file: string,
  { anchor, opened }: RedactedOptions,
): Promise<number> => {
  const head = anchor === undefined ? undefined : anchorIn(anchor)
  const report = await copies.verifyRedacted(file, head, opened)
  const { faults, first, last } = report
  for (const sentence of faults) screen.say(screen.style.bad(sentence))
  if (faults.length === 0) {
    screen.say(
      screen.style.good(
        `whole: events ${first} to ${last.seq} of ${report.book}, each linked to the one before`,
      ),
    )
    screen.say(
      head === undefined
        ? `compare with an anchor you hold (--anchor): seq ${last.seq} hash ${last.hash}`
        : `event ${head.seq} is the one that the anchor names, so these lines are those of the book`,
    )
    if (report.opened.length > 0) screen.say(`opened and the same: ${report.opened.join(', ')}`)
  }
  screen.result({ verdict: faults.length === 0 ? 'whole' : 'differs', ...report, anchor: head ?? null })
  return faults.length === 0 ? exit.done : differs
}

/** Any line that names a seq and a hash: 'head seq 12 hash ab…', or the JSON of an anchor. */
const anchorIn = (text: string): Head => {
  const [, seq] = /\bseq\b["'=:\s]*(\d+)/i.exec(text) ?? []
  const [, hash] = /\bhash\b["'=:\s]*([0-9a-f]{64})\b/i.exec(text) ?? []
  if (seq === undefined || hash === undefined)
    throw new Stop(exit.usage, "--anchor takes the line that names the head: 'seq 1234 hash <64 digits>'")
  return { seq: Number(seq), hash }
}
