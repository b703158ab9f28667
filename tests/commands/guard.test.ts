// The guardian: what it says when it cannot even keep its diary.

import { expect, test } from 'vitest'
import type { Engine } from '../../commands/engine.ts'
import { guard } from '../../commands/guard.ts'
import { defaults } from '../../domain/config.ts'
import { LedgerDamaged } from '../../domain/event-store.ts'

test('a ledger that cannot be opened is an alarm, and nothing is restarted', async () => {
  const alarms: string[] = []
  const touched: string[] = []
  const engine = {
    config: { ...defaults, book: 'cast' },
    configValues: [],
    writeLedger: async () => {
      throw new LedgerDamaged('poisoned', 'POISON is there')
    },
    guardHands: {
      shout: (sentence: string) => alarms.push(sentence),
      check: async () => touched.push('check'),
      askRestart: () => touched.push('restart'),
    },
  } as unknown as Engine
  const options = { settle: 0, 'per-hour': 3, 'per-day': 8, 'dry-run': false, '--': ['false'] }
  await expect(guard.run(engine, options)).rejects.toThrow('POISON is there')
  expect(alarms).toEqual(['cast: the guardian cannot use the ledger: POISON is there'])
  expect(touched).toEqual([])
})
