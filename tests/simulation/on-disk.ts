// A run of the whole engine whose ledger is the real one, in JSON Lines files on a disk that fails (tests/faults/disk.ts).
// A process is killed in the middle of a file operation, the machine loses its power and with it what was not synced, a
// sync fails and drops what it should have written, there is no room, HEAD cannot be written. Whoever comes next starts
// from what is really there. The files lie in memory; timers and the machine's clock go by the exchange's.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { openJsonlReader, openJsonlStore } from '../../adapters/jsonl-store.ts'
import { codeOf } from '../../adapters/ledger-files.ts'
import { NoSuchBook } from '../../adapters/ledger-identity.ts'
import { RepairFailed, repairLedger } from '../../adapters/ledger-repair.ts'
import { verifyLedger } from '../../adapters/ledger-verify.ts'
import { Stop } from '../../commands/exit.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import type { Recorded } from '../../domain/event.ts'
import { type EventStore, LedgerDamaged } from '../../domain/event-store.ts'
import { identity } from '../cast.ts'
import { world } from '../engine-in-memory.ts'
import { type Before, type Operation, PowerCut, putDisk, SyncDropped, systemError } from '../faults/disk.ts'
import { type Chance, chanceOf } from '../faults/seeded.ts'
import { type Circumstances, type Life, type Machine, oneRun, type Run, type WorldOf } from './one-run.ts'

/** Every tenth seed has its ledger in files: it takes eight times as long as one in memory. */
export const isOnDisk = (seed: number): boolean => seed % 10 === 0

/** One run under a seed, with the ledger where this seed has it. */
export const simulate = (seed: number): Promise<Run> => (isOnDisk(seed) ? oneRunOnDisk(seed) : oneRun(seed))

/** One file operation that changes something in so many suffers it; 0 is never. */
interface DiskWeather {
  readonly kills: number
  readonly cuts: number
  readonly failedSyncs: number
  readonly full: number
  readonly failedHeads: number
  readonly reserveBytes: number
}

const diskWeatherOf = (chance: Chance): DiskWeather => {
  const rate = (from: number, to: number) => (chance.once(3) ? 0 : from + chance.below(to - from))
  return {
    kills: rate(200, 1500),
    cuts: rate(200, 1500),
    failedSyncs: rate(200, 2000),
    full: rate(200, 2000),
    failedHeads: rate(60, 600),
    reserveBytes: chance.pick([0, 4096]),
  }
}

const changing: ReadonlySet<Operation['kind']> = new Set([
  'write',
  'sync',
  'truncate',
  'rename',
  'mkdir',
  'remove',
])

/** What a file of a ledger is, for the table. */
const nameOf = (file: string): string => {
  const name = path.basename(file)
  if (/\.jsonl(\.tmp)?$/.test(name)) return 'a segment'
  if (/^(HEAD|LOCK|POISON|RESERVE|LEDGER\.json)(\.tmp)?$/.test(name)) return name.replace('.tmp', '')
  return file.includes('.') ? 'another file' : 'a folder'
}

/**
 * Long timers do not run by the wall clock, or a run would depend on how fast the machine is: they are due when their
 * process sleeps. To whoever measures, a second has passed by then.
 */
const machineTime = (running: () => Life | undefined) => {
  const [set, clear] = [globalThis.setTimeout, globalThis.clearTimeout]
  const timers = new Map<unknown, { readonly life: Life | undefined; readonly act: () => void }>()
  let now = 0
  Object.defineProperty(performance, 'now', { configurable: true, value: () => now })
  globalThis.setTimeout = Object.assign((...all: Parameters<typeof set>) => {
    const [act, delay = 0] = all
    if (delay < 500) return set(...all)
    const never = set(() => {}, 2 ** 31 - 1).unref()
    timers.set(never, { life: running(), act })
    return never
  }, set)
  globalThis.clearTimeout = timer => {
    timers.delete(timer)
    clear(timer)
  }
  return {
    due: () => {
      now += 1000
      const due = [...timers.values()]
      for (const timer of timers.keys()) clear(timer as NodeJS.Timeout)
      timers.clear()
      return due
    },
    remove: () => {
      for (const timer of timers.keys()) clear(timer as NodeJS.Timeout)
      globalThis.setTimeout = set
      globalThis.clearTimeout = clear
      Reflect.deleteProperty(performance, 'now')
    },
  }
}

interface FailingDisk {
  readonly machine: Omit<Machine, 'isPoisoned'>
  remove(): void
  /** What the run itself looks at is no business of a process. */
  unseen<T>(work: () => Promise<T>): Promise<T>
}

const failingDisk = (
  root: string,
  chance: Chance,
  weather: DiskWeather,
  { isCalm, hit }: Circumstances,
): FailingDisk => {
  /** The running process is the last; those before it wait for it. */
  const running: (Life | undefined)[] = []
  const time = machineTime(() => running.at(-1))
  let fullFor = 0
  let failures = 0
  const strikes = (rate: number) => rate > 0 && chance.once(rate)

  const before: Before = ({ kind, file }, length) => {
    const life = running.at(-1)
    if (life === undefined) return undefined
    if (life.dead) throw new PowerCut()
    if (isCalm() || !life.mortal || !changing.has(kind)) return undefined
    const tell = (what: string) => hit(`${what} ${kind} of ${nameOf(file)}`, life.writing)
    if (strikes(weather.kills)) {
      tell('killed in')
      life.dead = true
      throw new PowerCut()
    }
    if (strikes(weather.cuts)) {
      tell('power cut in')
      for (const each of running) if (each !== undefined) each.dead = true
      disk.cutHere(chance)
      throw new PowerCut()
    }
    if (kind === 'sync' && strikes(weather.failedSyncs)) {
      const isDropped = chance.once(2)
      hit(`failed sync, ${isDropped ? 'dropped' : 'kept'}, of ${nameOf(file)}`, life.writing)
      failures++
      throw isDropped ? new SyncDropped('EIO') : systemError('EIO')
    }
    if (kind !== 'write') return undefined
    if (nameOf(file) === 'HEAD' && strikes(weather.failedHeads)) {
      hit('failed write of HEAD', life.writing)
      failures++
      throw systemError('EIO')
    }
    if (fullFor === 0 && strikes(weather.full)) fullFor = 1 + chance.below(4)
    if (fullFor === 0) return undefined
    fullFor--
    failures++
    const isShort = length > 1 && chance.once(2)
    hit(`${isShort ? 'short' : 'no room for a'} write of ${nameOf(file)}`, life.writing)
    if (!isShort) throw systemError('ENOSPC')
    return 1 + chance.below(length - 1)
  }
  const disk = putDisk(root, before)
  const remove = () => {
    disk.remove()
    time.remove()
  }

  const as = async <T>(life: Life | undefined, work: () => Promise<T>): Promise<T> => {
    running.push(life)
    try {
      return await work()
    } finally {
      running.pop()
    }
  }
  return {
    remove,
    unseen: work => as(undefined, work),
    machine: {
      run: as,
      idle: () => {
        for (const { life, act } of time.due()) {
          running.push(life)
          if (life?.dead !== true) act()
          running.pop()
        }
      },
      explains: error => {
        if (failures === 0) return false
        if (error instanceof Stop) return error.code === 73
        if (error instanceof LedgerDamaged) return error.verdict === 'poisoned'
        return error instanceof RepairFailed || ['EIO', 'ENOSPC'].includes(codeOf(error) ?? '')
      },
    },
  }
}

const inMemory = (): string => {
  try {
    fs.accessSync('/dev/shm', fs.constants.W_OK)
    return '/dev/shm'
  } catch {
    return os.tmpdir()
  }
}

/** In the end every byte of the ledger is proven too: what is damaged, or missing, is an error of the run. */
export const oneRunOnDisk = async (seed: number): Promise<Run> => {
  const chance = chanceOf(seed + 2_000_000)
  const weather = diskWeatherOf(chance)
  const root = fs.mkdtempSync(path.join(inMemory(), 'veritape-simulation-'))
  const folder = `${root}/${identity.book}`
  const exists = () => fs.existsSync(`${folder}/LEDGER.json`)
  const isPoisoned = () => fs.existsSync(`${folder}/POISON`)
  let failing: FailingDisk | undefined
  const worldOf: WorldOf = (config, champions, now, circumstances) => {
    const own = failingDisk(root, chance, weather, circumstances)
    failing = own
    const ram = world(config, champions, now)
    const create = {
      book: identity.book,
      mode: config.mode,
      zone: 'UTC',
      reserveBytes: weather.reserveBytes,
    } as const
    const read = <T>(none: T, look: (store: EventStore) => Promise<T>): Promise<T> =>
      own.unseen(async () => {
        if (!exists()) return none
        const reader = await openJsonlReader(folder)
        try {
          return await look(reader)
        } finally {
          await reader.close()
        }
      })
    return {
      ...ram,
      store: () => {
        throw new Error('a store in files is opened by an engine')
      },
      events: () =>
        read<readonly Recorded<BookEvent>[]>([], async reader => {
          const all: Recorded<BookEvent>[] = []
          for await (const each of reader.readAll()) all.push(each)
          return all
        }),
      head: () => read(0, async reader => (await reader.head()).seq),
      engine: (given = {}, wrap = store => store) => ({
        ...ram.engine(given),
        hasBook: async name => name === identity.book && exists(),
        readBook: () => openJsonlReader(folder),
        readLedger: () => openJsonlReader(folder),
        writeLedger: async (role, mode, urgency) => {
          if (isPoisoned() && !exists())
            // No ledger was made before the sync failed: the operator moves the folder away, as he is told.
            await own.unseen(async () => fs.rmSync(folder, { recursive: true }))
          const opened = await openJsonlStore({
            folder,
            role,
            clock: now,
            allowMemory: true,
            checkpoints: `${root}/checkpoints`,
            urgent: urgency === 'urgent',
            ...(mode === undefined ? {} : { create }),
          })
          return { ...wrap(opened), close: () => opened.close() }
        },
        repairLedger: apply => repairLedger(folder, { apply, allowMemory: true }),
      }),
      machine: {
        ...own.machine,
        isPoisoned: () => isPoisoned() && exists(),
        explains: error => own.machine.explains(error) || (error instanceof NoSuchBook && !exists()),
      },
    }
  }
  try {
    const run = await oneRun(seed, worldOf)
    return { ...run, errors: [...run.errors, ...(await damagesOf(folder, run.events.length))] }
  } finally {
    failing?.remove()
    fs.rmSync(root, { recursive: true, force: true })
  }
}

const damagesOf = async (folder: string, events: number): Promise<readonly string[]> => {
  const found: string[] = []
  const steps = verifyLedger(folder)
  let step = await steps.next()
  for (; step.done !== true; step = await steps.next())
    if (step.value.kind === 'damage') found.push(`law 3: ${JSON.stringify(step.value.damage)}`)
  if (step.value.events !== events)
    found.push(`law 3: the files hold ${step.value.events} events, a reader sees ${events}`)
  return found
}
