// What lies around a book's ledger: POISON, KILL, the executor's lock, the views, the disk. Each may be missing, broken
// or shut, and is looked at for itself.

import { indexPath } from '../projections/views.ts'
import type { Engine } from './engine.ts'
import { exit } from './exit.ts'
import { exitCodeOf, sentenceOf } from './failure.ts'
import { counted } from './sentence.ts'

/** A place that could not be looked at says why. */
export type Looked<Value> = Value | { readonly failure: string }

/** What is known of a book without its ledger. */
export interface Surroundings {
  readonly ledgerPath: string
  /** What POISON says. */
  readonly poison: string | undefined
  readonly killed: { readonly level: 'reducing' | 'halted'; readonly reason: string } | undefined
  /** 'pid 12', 'nobody', or undefined when it cannot be seen. */
  readonly executor: string | undefined
  /** Bytes. */
  readonly disk: Looked<{ readonly free: number; readonly total: number }>
  /** Seq that the views were written at; undefined without any. */
  readonly views: Looked<{ readonly path: string; readonly asOf: number | undefined }>
}

export const lookAround = async ({
  ledgerPath,
  poison,
  kill,
  executorHolder,
  diskOfLedger,
  views,
}: Engine) => {
  const looked = async <Value>(look: () => Value | Promise<Value>): Promise<Looked<Value>> => {
    try {
      return await look()
    } catch (error) {
      if (exitCodeOf(error) === exit.ourError && !hasCode(error)) throw error
      return { failure: sentenceOf(error) }
    }
  }
  return {
    ledgerPath,
    poison: poison(),
    killed: kill.read(),
    executor: executorHolder(),
    disk: await looked(diskOfLedger),
    views: await looked(async () => {
      const index = await views.read(indexPath)
      const asOf = index === undefined ? undefined : /"asOf": ?(\d+)/.exec(index)?.[1]
      return { path: views.path, asOf: asOf === undefined ? undefined : Number(asOf) }
    }),
  } satisfies Surroundings
}

/** An error of the system: ENOTDIR, EISDIR, EIO. */
const hasCode = (error: unknown): boolean => error instanceof Error && 'code' in error

/** Rows of a table. `head` is the seq of the ledger's last event, where it is known. */
export const whereItLies = ({ disk, views }: Surroundings, head: number | undefined): string[][] => [
  [
    'views',
    'failure' in views
      ? 'cannot be read'
      : views.asOf === undefined
        ? 'none'
        : `seq ${views.asOf}${head === undefined ? '' : `, ${counted(Math.max(0, head - views.asOf), 'event')} behind`}`,
  ],
  [
    'disk',
    'failure' in disk
      ? 'cannot be looked at'
      : `${mebibytes(disk.free)} MiB free, ${Math.floor((disk.free / disk.total) * 100)} %`,
  ],
]

/** For programs. */
export const printAround = ({ poison, killed, executor, disk, views }: Surroundings) => ({
  kill: killed ?? null,
  poison: poison ?? null,
  executor: executor ?? null,
  disk,
  views: 'failure' in views ? views : { asOf: views.asOf ?? null },
})

export const mebibytes = (bytes: number): number => Math.floor(bytes / 2 ** 20)

const units = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
] as const

/** '42 s', '5 min', '3 h', '2 d': rounded down. */
export const duration = (milliseconds: number): string => {
  for (const [length, unit] of units)
    if (milliseconds >= 2 * length) return `${Math.floor(milliseconds / length)} ${unit}`
  return `${Math.max(0, Math.floor(milliseconds / 1000))} s`
}
