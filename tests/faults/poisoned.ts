// Books whose disk has failed a sync, their repair, and what the ledger must tell of it.

import fs from 'node:fs'
import { expect } from 'vitest'
import { nodeFiles } from '../../adapters/ledger-files.ts'
import { repairLedger } from '../../adapters/ledger-repair.ts'
import { systemError } from './disk.ts'
import { groupOf, openBook, openedAt } from './story.ts'
import { tell } from './teller.ts'
import { type Acknowledged, candlesIn, segmentsIn, witness } from './witness.ts'

export const repair = (folder: string) => repairLedger(folder, { apply: true, allowMemory: true })
export const look = (folder: string) => repairLedger(folder, { apply: false })

export const bytesOf = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    fs
      .readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter(name => name !== 'LOCK' && fs.statSync(`${folder}/${name}`).isFile())
      .map(name => [name, fs.readFileSync(`${folder}/${name}`, 'latin1')]),
  )

/** Exactly one event tells of the repair, and POISON lies where it says. */
export const requireTold = (folder: string, times = 1) => {
  const told = witness(folder).filter(({ type }) => type === 'LedgerRepaired')
  if (told.length !== times) throw new Error(`${told.length} events tell of ${times} repairs`)
  for (const { data } of told)
    if (!fs.readFileSync(`${folder}/${data.quarantined}`, 'utf8').includes('could not be made durable'))
      throw new Error('the quarantine does not hold what POISON said')
}

/** A book whose last group was written, not synced: nobody was told. `torn` bytes of it are there; all when left out. */
export const poisonedBook = async (folder: string, torn?: number): Promise<readonly Acknowledged[]> => {
  const { acknowledged } = await tell(folder, [2, 'midnight', 2])
  let failing = false
  const files = {
    ...nodeFiles,
    sync: (fd: number) => {
      if (failing) throw systemError('EIO')
      nodeFiles.sync(fd)
    },
  }
  const store = await openBook(folder, () => openedAt.replace('2023-04-01', '2023-03-25'), { files })
  const next = await candlesIn(store)
  failing = true
  await expect(store.append(groupOf(next))).rejects.toMatchObject({ verdict: 'poisoned' })
  await store.close()
  const active = `${folder}/${segmentsIn(folder).at(-1)}`
  if (torn !== undefined) fs.truncateSync(active, fs.statSync(active).size - torn)
  return acknowledged
}
