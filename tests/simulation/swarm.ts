// What one run is like: every rate is drawn anew, so that some runs are heavy on one fault and others know none of it.

import type { Chance } from '../faults/seeded.ts'
import type { Manners } from './exchange.ts'
import { onTheWayMs, type WireFaults } from './wire.ts'

export interface Weather {
  readonly days: number
  readonly pollSeconds: number
  readonly dryRun: boolean
  readonly symbols: readonly string[]
  readonly manners: Manners
  readonly wire: WireFaults
  /** Reports are asked for order by order, by the exchange's numbers: of an order whose number is not in the ledger none comes. */
  readonly reportsByNumber: boolean
  /** One call or write in so many is a process's last; 0 is never. */
  readonly deaths: number
  /** One write in so many is not answered, whether it was done or not. */
  readonly untold: number
  /** One sleep in so many brings what the name says. */
  readonly operatorIntents: number
  readonly operatorCancels: number
  readonly halts: number
  readonly reconciles: number
  readonly ownerTrades: number
  readonly ownerOrders: number
  readonly transfers: number
  readonly outages: number
  readonly stops: number
  readonly stalls: number
  /** One call in so many is interrupted by an operator or a reconciliation. */
  readonly interruptions: number
  readonly settleSeconds: number
  readonly resendSeconds: number
  readonly unknownHaltMax: number
}

/** `riddles` has what only they need, so that a seed without any is as it would be if there were none. */
export const weatherOf = (chance: Chance, riddles: Chance): Weather => {
  const drawn = (of: Chance) => (from: number, to: number) => (of.once(2) ? 0 : from + of.below(to - from))
  const rate = drawn(chance)
  return {
    days: 1,
    pollSeconds: chance.pick([150, 300, 900, 900, 1800]),
    dryRun: chance.once(25),
    symbols: chance.once(2) ? ['AAA/USD'] : ['AAA/USD', 'BBB/USD'],
    manners: {
      refusesDuplicates: chance.once(3),
      partialFills: 1 + chance.below(4),
      lateFills: 1 + chance.below(6),
      lagMs: chance.pick([0, 2000, 60_000]),
      feeIn: chance.pick(['quote', 'received', 'coin'] as const),
    },
    wire: {
      requestLost: rate(2, 12),
      answerLost: rate(2, 12),
      requestLate: rate(2, 12),
      unavailable: rate(4, 60),
      notVisibleYet: rate(1, 3),
      partialPage: rate(2, 10),
      fillNotReported: rate(2, 12),
      endNotReported: rate(1, 6),
      unheard: drawn(riddles)(8, 80),
      unproven: drawn(riddles)(2, 12),
    },
    reportsByNumber: chance.once(2),
    deaths: rate(60, 900),
    untold: rate(40, 300),
    operatorIntents: rate(6, 40),
    operatorCancels: rate(6, 40),
    halts: rate(20, 120),
    reconciles: rate(8, 40),
    ownerTrades: rate(10, 80),
    ownerOrders: rate(30, 160),
    transfers: rate(20, 120),
    outages: rate(30, 150),
    stops: rate(30, 200),
    stalls: rate(10, 60),
    interruptions: rate(60, 600),
    settleSeconds: onTheWayMs / 1000 + chance.below(20),
    resendSeconds: chance.pick([60, 900, 3600]),
    unknownHaltMax: chance.pick([0, 3]),
  }
}

/** Weather that is always heavy on one thing, which few seeds meet often enough by chance. */
export const focuses = ['cancels', 'doubts', 'riddles'] as const
export type Focus = (typeof focuses)[number]

export const focused = (weather: Weather, focus: Focus | undefined): Weather => {
  switch (focus) {
    case undefined:
      return weather
    case 'cancels':
      return {
        ...weather,
        dryRun: false,
        wire: { ...weather.wire, requestLost: 3, answerLost: 3 },
        operatorCancels: 2,
      }
    case 'doubts': // who dies while a request is on its way is back before it has arrived
      return {
        ...weather,
        dryRun: false,
        wire: { ...weather.wire, requestLate: 2, notVisibleYet: 1 },
        deaths: 40,
      }
    case 'riddles': // orders without an answer, that nobody shows and nothing can prove
      return {
        ...weather,
        dryRun: false,
        wire: { ...weather.wire, answerLost: 2, unheard: 8, unproven: 2 },
        resendSeconds: 60,
      }
  }
}

/** The same world without anything going wrong: what is left is settled in it. */
export const calm: WireFaults = {
  requestLost: 0,
  answerLost: 0,
  requestLate: 0,
  unavailable: 0,
  notVisibleYet: 0,
  partialPage: 0,
  fillNotReported: 0,
  endNotReported: 0,
  unheard: 0,
  unproven: 0,
}
