// npm run test:memory [-- EVENTS]   Writes a ledger of ten million events (six gigabytes, removed in the end) and goes
// through all of it in every way there is, each in a process of its own. Prints how much memory each took at its most,
// and fails when one took 200 MB or more. Takes about ten minutes; no part of npm test.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Table from 'cli-table3'
import { openJsonlReader, openJsonlStore } from '../../adapters/jsonl-store.ts'
import { replayLedger } from '../../adapters/ledger-replay.ts'
import { verifyLedger } from '../../adapters/ledger-verify.ts'
import { kpi, kpiFields } from '../../projections/kpi.ts'
import { writeDays } from '../bench/bench-ledger.ts'

const limitMb = 200
const eventsPerDay = 100_000

/** Ways through a whole ledger; each gives how many events it saw. */
const ways: Readonly<Record<string, (folder: string) => Promise<number>>> = {
  'replay: every line verified, the fields of the key figures cut out': async folder => {
    let fills = 0
    const head = await replayLedger(folder, new Map(Object.entries(kpiFields)), ({ event }) => {
      if (event.type === 'OrderFilled') fills++
    })
    if (fills === 0) throw new Error('no fill was seen')
    return head.seq
  },
  'replay, folded to portfolio and key figures': async folder => {
    const state = { now: kpi.initial() }
    const head = await replayLedger(folder, new Map(Object.entries(kpiFields)), recorded => {
      state.now = kpi.apply(state.now, recorded as Parameters<typeof kpi.apply>[1])
    })
    if (state.now.results.total.trades === 0) throw new Error('no trade was folded')
    return head.seq
  },
  'readAll: every event decoded': async folder => {
    const reader = await openJsonlReader(folder)
    let count = 0
    for await (const _ of reader.readAll()) count++
    await reader.close()
    return count
  },
  'readAll of one type': async folder => {
    const reader = await openJsonlReader(folder)
    let fills = 0
    for await (const _ of reader.readAll({ types: new Set(['OrderFilled']) })) fills++
    const { seq } = await reader.head()
    await reader.close()
    if (fills === 0) throw new Error('no fill was seen')
    return seq
  },
  verify: async folder => {
    const steps = verifyLedger(folder)
    let step = await steps.next()
    for (; step.done !== true; step = await steps.next())
      if (step.value.kind === 'damage') throw new Error(JSON.stringify(step.value.damage))
    return step.value.events
  },
  'opening for writing, without a checkpoint': async folder => {
    const clock = () => new Date().toISOString()
    const store = await openJsonlStore({ folder, role: 'execute', clock })
    const { seq } = await store.head()
    await store.close()
    return seq
  },
}

const measure = async (way: string, folder: string) => {
  const since = performance.now()
  const events = await (ways[way] as (folder: string) => Promise<number>)(folder)
  const seconds = (performance.now() - since) / 1000
  console.log(JSON.stringify({ events, seconds, maxMb: process.resourceUsage().maxRSS / 1024 }))
}

const main = async (events: number): Promise<number> => {
  const parent = join(process.cwd(), 'node_modules/.cache') // on the disk of the checkout
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'veritape-ten-million-'))
  try {
    const since = performance.now()
    const written = await writeDays(
      `${folder}/book`,
      Math.max(1, Math.round(events / eventsPerDay)),
      eventsPerDay,
    )
    const seconds = Math.round((performance.now() - since) / 1000)
    console.log(`${written.events} events, ${written.bytes} bytes, written in ${seconds} s`)
    const table = new Table({
      head: ['way through the whole ledger', 'events', 'seconds', 'events/s', 'memory at its most'],
      colAligns: ['left', 'right', 'right', 'right', 'right'],
      style: { head: [], border: [] },
    })
    let most = 0
    for (const way of Object.keys(ways)) {
      const self = fileURLToPath(import.meta.url)
      const { stdout, stderr, status } = spawnSync(
        process.execPath,
        [self, 'measure', way, `${folder}/book`],
        {
          encoding: 'utf8',
        },
      )
      if (status !== 0) throw new Error(`${way}: ${stderr}`)
      const { events: seen, seconds: took, maxMb } = JSON.parse(stdout)
      if (seen < written.events) throw new Error(`${way}: saw ${seen} of ${written.events} events`)
      most = Math.max(most, maxMb)
      table.push([way, seen, took.toFixed(1), Math.round(seen / took), `${Math.round(maxMb)} MB`])
    }
    console.log(table.toString())
    if (most < limitMb) return 0
    console.log(`more than ${limitMb} MB were taken`)
    return 1
  } finally {
    if (existsSync(folder)) rmSync(folder, { recursive: true })
  }
}

const [, , what = '10000000', way = '', folder = ''] = process.argv
if (what === 'measure') await measure(way, folder)
else process.exitCode = await main(Number(what))
