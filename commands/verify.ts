// veritape verify   Proves the ledger's bytes: framing, hashes, chain, groups, revisions, head, seals, anchors; --deep
// also every event's content and the views. Reads only.
// 0 clean, 1 damaged, 2 could not run.

import { LedgerDamaged } from '../domain/event-store.ts'
import type { AuditOptions, AuditReport, AuditStep } from '../domain/ledger-audit.ts'
import type { Screen } from '../domain/screen.ts'
import { isDate } from '../domain/time.ts'
import type { Command } from './command.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'
import { counted } from './sentence.ts'
import { type RedactedOptions, verifyRedacted } from './verify-redacted.ts'
import { type ViewsVerified, verifyViews } from './verify-views.ts'

const damaged = 1
const couldNotRun = 2

interface VerifyOptions extends RedactedOptions {
  day?: string | undefined
  deep: boolean
  publicKey?: string | undefined
  anchors?: string | undefined
}

export const verify: Command<VerifyOptions> = {
  options: yargs =>
    yargs
      .positional('day', {
        type: 'string',
        describe: 'Only this segment date; the whole book when left out',
      })
      .option('deep', {
        type: 'boolean',
        default: false,
        describe: 'Also parse every event, and fold the views again',
      })
      .option('public-key', {
        type: 'string',
        describe: 'File: every sealed day must be anchored and signed with this key',
      })
      .option('anchors', { type: 'string', describe: 'File of anchor lines that you kept; each must hold' })
      .option('redacted', { type: 'string', describe: 'A redacted export to check instead' })
      .option('anchor', { type: 'string', describe: "With --redacted: the head you hold, 'seq 12 hash ab…'" })
      .option('opened', {
        type: 'string',
        describe: 'With --redacted: file of plain lines that were handed over',
      }),
  run: async (engine, { day, deep, publicKey, anchors: kept, ...redacted }) => {
    if (redacted.redacted !== undefined) return verifyRedacted(engine, redacted.redacted, redacted)
    if (day !== undefined && !isDate(day))
      throw new Stop(exit.usage, `'${day}' is no date; write it as 2023-03-24`)
    const { screen } = engine
    const found: unknown[] = []
    const report = await proveBytes(
      engine,
      {
        deep,
        ...(day === undefined ? {} : { date: day }),
        ...(publicKey === undefined ? {} : { publicKeyFile: publicKey }),
        ...(kept === undefined ? {} : { keptAnchorsFile: kept }),
      },
      damage => {
        const { segment, line, byte, expected, found: there } = damage
        screen.say(
          screen.style.bad(`${segment}, line ${line}, byte ${byte}: expected ${expected}, found ${there}`),
        )
        found.push(damage)
      },
    )
    const { segments, events, bytes, head, unacknowledgedBytes, poison, damages } = report
    const what = `${counted(events, 'event')} in ${counted(segments.length, 'segment')}, ${bytes} bytes`
    screen.say(
      damages === 0
        ? screen.style.good(`clean: ${what}; every hash, link, group and revision holds${andSeals(report)}`)
        : screen.style.bad(
            `damaged in ${counted(damages, 'place')}: ${what}. Stop the book, keep the files, restore a backup`,
          ),
    )
    if (unacknowledgedBytes > 0)
      screen.say(
        `${unacknowledgedBytes} bytes behind the head were never acknowledged; the next writer sets them aside`,
      )
    if (poison !== undefined) screen.say(screen.style.bad(`nobody may write: ${poison}`))
    screen.say(`head seq ${head.seq} hash ${head.hash}`)
    const views = deep && day === undefined && damages === 0 ? await verifyViews(engine) : undefined
    if (views !== undefined) screen.say(sayViews(screen, views))
    const clean = damages === 0 && (views === undefined || views.differing.length === 0)
    screen.result({ verdict: clean ? 'clean' : 'damaged', ...report, found, ...(views && { views }) })
    return clean ? exit.done : damaged
  },
}

/** Goes through the ledger's bytes, with progress; each damage is told as it is found. Stops with 2 when it could not run. */
export const proveBytes = async (
  { screen, auditLedger }: Engine,
  options: AuditOptions,
  onDamage: (damage: Damage) => void,
): Promise<AuditReport> => {
  const steps = auditLedger(options)
  const progress = screen.progress('verifying')
  let step = await steps.next().catch(asCouldNotRun)
  while (!step.done) {
    if (step.value.kind === 'progress') progress.at(step.value.bytes)
    else onDamage(step.value.damage)
    step = await steps.next().catch(asCouldNotRun)
  }
  progress.stop()
  return step.value
}

type Damage = Extract<AuditStep, { kind: 'damage' }>['damage']

const andSeals = ({ seals, anchors, signatures }: AuditReport): string => {
  if (seals + anchors === 0) return ''
  const signed = signatures === 0 ? 'no signature looked at' : counted(signatures, 'signature')
  return `, and so do ${counted(seals, 'seal')} and ${counted(anchors, 'anchor')} (${signed})`
}

const sayViews = ({ style }: Screen, { asOf, compared, differing }: ViewsVerified): string =>
  differing.length === 0
    ? style.good(`${counted(compared, 'view')} folded again as of seq ${asOf}: identical, byte for byte`)
    : style.bad(
        `views that the ledger does not give: ${differing.join(', ')}; veritape rebuild writes them again`,
      )

const errorsOfTheWorld: ReadonlySet<string> = new Set(['NoSuchBook', 'UnknownEvent', 'KeyRefused'])

/** No ledger, a foreign folder or files that cannot be read: no verdict about bytes. A bug stays a bug. */
const asCouldNotRun = (error: unknown): never => {
  const isOfTheWorld =
    error instanceof LedgerDamaged ||
    (error instanceof Error && (errorsOfTheWorld.has(error.name) || 'code' in error))
  throw isOfTheWorld ? new Stop(couldNotRun, error.message) : error
}
