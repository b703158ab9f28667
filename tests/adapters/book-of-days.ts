// A small book of several days for the tests of checkpoints, seals and anchors: a segment for each day, two candles in
// each, and an order stream that begins and ends on its day.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type JsonlOptions, openJsonlStore } from '../../adapters/jsonl-store.ts'
import type { LedgerFiles } from '../../adapters/ledger-files.ts'
import { nodeFiles } from '../../adapters/ledger-files.ts'
import { sealDays } from '../../adapters/ledger-seal-days.ts'
import {
  type Damage,
  type VerifyOptions,
  type VerifyReport,
  verifyLedger,
} from '../../adapters/ledger-verify.ts'
import type { SealOptions, SealStep } from '../../domain/anchor.ts'
import type { EventStore } from '../../domain/event-store.ts'
import { candleGroup, group, handClock, market, orderOf, orderRequested, write } from '../cast.ts'
import { all, appended } from './event-store.contract.ts'

export const dayMs = 24 * 3_600_000
export const create = { book: 'cast', mode: 'dry-run', zone: 'UTC' } as const
/** The date of day 0. */
export const firstDay = '2023-03-24'

export interface BookOfDays {
  readonly folder: string
  readonly checkpoints: string
  readonly clock: ReturnType<typeof handClock>
  open(more?: Partial<JsonlOptions>): Promise<EventStore>
  seal(options?: SealOptions, files?: LedgerFiles): Promise<SealStep[]>
  verify(options?: VerifyOptions): Promise<{ readonly damages: Damage[]; readonly report: VerifyReport }>
  /** Names of the files of segments and seals. */
  files(): string[]
  remove(): void
}

/** An order that is requested on this day and never heard of again. */
export const orderOfDay = (day: number) =>
  group(write(orderOf(1000 + day), 'no-stream', [market(day), orderRequested(1000 + day)]))

export const bookOfDays = async (days: number): Promise<BookOfDays> => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'veritape-days-'))
  const folder = `${root}/cast`
  const checkpoints = `${root}/state/checkpoints`
  const clock = handClock()
  const open: BookOfDays['open'] = (more = {}) =>
    openJsonlStore({ folder, role: 'execute', clock: clock.now, create, allowMemory: true, ...more })
  const store = await open()
  for (let day = 0; day < days; day++) {
    if (day > 0) clock.advance(dayMs)
    for (const n of [2 * day, 2 * day + 1]) appended(await store.append(candleGroup(n)))
    appended(await store.append(orderOfDay(day)))
  }
  await store.close()
  return {
    folder,
    checkpoints,
    clock,
    open,
    seal: (options = {}, files = nodeFiles) => all(sealDays(folder, options, files)),
    verify: async options => {
      const damages: Damage[] = []
      const steps = verifyLedger(folder, options)
      let step = await steps.next()
      for (; step.done !== true; step = await steps.next())
        if (step.value.kind === 'damage') damages.push(step.value.damage)
      return { damages, report: step.value }
    },
    files: () =>
      fs
        .readdirSync(folder)
        .filter(name => /^\d{4}-/.test(name))
        .sort(),
    remove: () => fs.rmSync(root, { recursive: true }),
  }
}
