// The embedded ledger keeps the promises of the port, on disk and between processes.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { openJsonlStore } from '../../adapters/jsonl-store.ts'
import type { EventStore } from '../../domain/event-store.ts'
import { eventStoreContract } from './event-store.contract.ts'

const create = { book: 'cast', mode: 'dry-run', zone: 'UTC' } as const

eventStoreContract('the JSON Lines store', async clock => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'veritape-contract-'))
  const opened: EventStore[] = []
  return {
    open: async role => {
      const store = await openJsonlStore({ folder: `${folder}/cast`, role, clock, create, allowMemory: true })
      opened.push(store)
      return store
    },
    end: async () => {
      for (const store of opened) await store.close()
      fs.rmSync(folder, { recursive: true })
    },
  }
})
