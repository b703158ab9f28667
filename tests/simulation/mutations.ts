// Deliberate bugs that the simulation must find, each as text to replace in one file of the program.

import type { Focus } from './swarm.ts'

export interface Mutation {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly put: string
  /** The bug is in the files: every seed has its ledger there. */
  readonly onDisk?: true
  /** Every seed is heavy on what meets it. */
  readonly focus?: Focus
  /** A second place, in the same file when none is named. */
  readonly also?: { readonly file?: string; readonly find: string; readonly put: string }
}

const doubt = 'commands/order-doubt.ts'
const writer = 'adapters/ledger-writer.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'blind resend: sent again without asking',
    file: doubt,
    find: 'const found = await ask(order)',
    put: "const found = (await ask(order), { kind: 'not-known' }) as VenueOrder",
    also: {
      find: 'return since !== undefined && secondsBetween(since, now) >= settleSeconds',
      put: 'return true',
    },
  },
  {
    name: 'resend on the first "not known", while the request is on its way',
    file: doubt,
    focus: 'doubts',
    find: 'return since !== undefined && secondsBetween(since, now) >= settleSeconds',
    put: 'return true',
  },
  {
    name: 'order id from a clock instead of the seq',
    file: 'domain/answer.ts',
    find: 'orderId: orderIdOf(prefix, intent.seq),',
    put: 'orderId: orderIdOf(prefix, Math.floor(Date.parse(now) / 1000)),',
  },
  {
    name: 'forgetting unknowns: an order without an answer is over',
    file: 'domain/order.ts',
    find: "status === 'requested' || status === 'unknown' || status === 'open'",
    put: "status === 'requested' || status === 'open'",
  },
  {
    name: 'assuming flat: what the venue does not show never existed',
    file: 'domain/reconciliation.ts',
    find: 'if (age <= unprovenMs || ',
    put: 'if (age + unprovenMs < 0 || ',
  },
  {
    name: 'trusting a partial page of fills: what was not in it is not looked at again',
    file: 'domain/account-books.ts',
    find: "if (event.data.verdict === 'agrees') books.agreed",
    put: 'books.agreed',
    also: { find: 'const overlapMs = 3_600_000', put: 'const overlapMs = 0' },
  },
  {
    name: 'counting a duplicate fill',
    file: 'domain/order.ts',
    find: 'order.fills.some(({ tradeId }) => tradeId === data.tradeId) ? []',
    put: 'order.fills.length > 99 ? []',
  },
  {
    name: 'evaluating a forming candle',
    file: 'commands/executor.ts',
    find: 'await market.closedCandles(symbol, timeframe, after, now)',
    put: 'await market.closedCandles(symbol, timeframe, after, new Date(Date.parse(now) + 600_000).toISOString())',
  },
  {
    name: 'losing an intent at restart',
    file: 'commands/execute.ts',
    find: 'tally.clear() // what was there before is not news of this run',
    put: 'desk.book.openIntents.clear()',
  },
  {
    name: 'assuming a cancel whose answer was lost',
    file: 'commands/order-desk.ts',
    focus: 'cancels',
    find: "if (answer.kind !== 'cancelled') return\n    const { venueTime } = answer",
    put: "if (answer.kind === 'too-late') return\n    const venueTime = undefined",
  },
  {
    name: 'a late fill after a cancel is refused',
    file: 'domain/order.ts',
    find: 'return right(order.fills.some(',
    put: "return right(order.status === 'cancelled' || order.fills.some(",
  },
  {
    name: 'an order is sent before its request is durable',
    file: 'commands/executor.ts',
    find: 'const written = await keeper.append([{ stream, events: [propose(because(intent), answered)] }], true)',
    put: "if (answered.type === 'OrderRequested') await executor.venue.place(answered.data)\n    const written = await keeper.append([{ stream, events: [propose(because(intent), answered)] }], true)",
  },
  {
    name: 'sent again although trading was halted in the meantime',
    file: doubt,
    find: "if (trading === 'halted' || (trading === 'reducing' && !request.reduceOnly))",
    put: "if (trading === 'reducing' && request.reduceOnly && now === '')",
    // A halt pulls the KILL file too, which is asked for by itself.
    also: { find: "return 'a KILL file stands'", put: "return kill.reason === '' ? 'no' : undefined" },
  },
  {
    name: 'sent again behind a lookup that proves nothing',
    file: doubt,
    find: 'found.unproven === undefined && isProven(orderId, now)',
    put: 'isProven(orderId, now)',
  },
  {
    name: 'what a lookup cannot prove was never there',
    file: 'domain/reconciliation.ts',
    focus: 'riddles',
    find: 'if (answer.unproven !== undefined) {',
    put: "if (answer.unproven === '') {",
  },
  {
    name: "a trade of an order that nothing can prove is the owner's, because it is old",
    file: 'domain/unclaimed-trade.ts',
    find: '.filter(order => isOfRound(seen, trade) || (mayBeUnseen(order, seen.found, trade) && !order.isByWord))',
    put: '.filter(() => isOfRound(seen, trade))',
  },
  {
    name: 'an order that cannot be heard is over',
    file: 'commands/order-desk.ts',
    find: "if (report.kind === 'unheard') silent.push(report)",
    put: "if (report.kind === 'unheard') await take({ kind: 'cancelled', orderId: report.orderId, reason: report.why, venueTime: now })",
  },
  {
    name: 'an order that cannot be heard holds nothing up',
    file: 'commands/executor.ts',
    find: '!reduceOnly && orders.isUnheard(symbol) &&',
    put: "!reduceOnly && orders.isUnheard(symbol) && symbol === '' &&",
  },
  {
    name: 'drift is guessed away: whatever the venue holds is adopted',
    file: 'domain/adoption.ts',
    find: '  if (agreed !== undefined || openedAt === undefined || orders.size > 0) return []\n  if (millisecondsOf(observed) - millisecondsOf(openedAt) > beginningMs) return []\n  if (!more.every(([, quantity]) => isPositive(quantity))) return []',
    put: '  if (agreed !== undefined && orders.size < 0 && millisecondsOf(openedAt ?? observed) < beginningMs) return []\n  if (more.some(([, quantity]) => isZero(quantity) && isPositive(quantity))) return []',
    // On the strength of a single answer, too.
    also: {
      file: 'commands/reconciler.ts',
      find: "drifts.length === 0 && !external.some(({ type }) => type === 'ExternalBalanceAdopted')",
      put: 'drifts.length === 0 && external.length >= 0',
    },
  },
  {
    name: 'events are acknowledged before they are synced',
    file: writer,
    onDisk: true,
    find: '    sync(fd)\n    group.settle(',
    put: '    group.settle(',
  },
  {
    name: 'a sync that failed is tried again',
    file: writer,
    onDisk: true,
    find: '      files.sync(fd)\n    } catch (error) {\n      poison.spread(error)',
    put: '      files.sync(fd)\n    } catch {\n      files.sync(fd)',
  },
  {
    name: 'the name of a new segment is not synced',
    file: writer,
    onDisk: true,
    find: 'if (opens) files.syncFolder(folder)',
    put: "if (folder === '') files.syncFolder(folder)",
  },
  {
    name: 'a torn end is written over instead of set aside',
    file: writer,
    onDisk: true,
    find: 'quarantine(files, folder, verdict.segment, verdict.from, poison)',
    put: 'files.truncate(active.activate(verdict.segment), 0)',
  },
]
