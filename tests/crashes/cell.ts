// One cell of the matrix: the process dies at a place, is started again until the order has an end, and the venue's own
// books are held against the ledger.

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Decimal } from '../../domain/decimal.ts'
import { add, isPositive, sum } from '../../domain/decimal.ts'
import type { LedgerLine } from '../cli/files.ts'
import type { Ended } from '../cli/veritape.ts'
import { activityId } from '../venue-simulator/alpaca.ts'
import { currenciesOf, type Trade } from '../venue-simulator/books.ts'
import type { Life, Place } from './places.ts'
import { done, quantity, type Stage, type theatre, until } from './stage.ts'

const death = pathToFileURL(join(import.meta.dirname, 'death.mjs')).href

/** What followed, in a few words. Throws when a law was broken, or when nothing died. */
export const cell = async (on: ReturnType<typeof theatre>, place: Place): Promise<string> => {
  const stage = await on.stage(place.life, place.dies)
  try {
    await die(stage, place)
    await stage.venue.faults.clear()
    if (place.later !== undefined) await stage.venue.faults.add(place.later)
    await recover(stage, place)
    const outcome = await judge(stage, place.life)
    await stage.close()
    on.clear(stage)
    return outcome
  } catch (error) {
    stage.venue.process.kill('SIGKILL')
    throw error
  }
}

const die = async (stage: Stage, { dies, life, at, faults }: Place): Promise<void> => {
  const env: Record<string, string> =
    at === undefined ? {} : { CRASH_AT: at, NODE_OPTIONS: `--import ${death}` }
  if (dies === 'intent') return died(await (life === 'cancel' ? stage.cancel(env) : stage.wish(env)))
  const [first] = faults
  if (first !== undefined) await stage.venue.faults.add(first)
  const running = stage.start(['execute', '--live'], env)
  let over: Ended | undefined
  running.ended.then(
    ended => {
      over = ended
    },
    () => {},
  )
  try {
    for (const [number, rule] of faults.entries()) {
      if (number > 0) await stage.venue.faults.add(rule)
      await until(`the venue met ${JSON.stringify(rule)}`, async () => {
        if (over !== undefined && at === undefined) throw new Error(`it ended by itself: ${over.stderr}`)
        return (await stage.venue.faults.fired()).length > number
      })
    }
    if (at !== undefined) await until(`it died ${at}`, () => over !== undefined)
  } finally {
    running.process.kill('SIGKILL')
  }
  died(await running.ended)
}

const died = ({ code, stderr }: Ended): void => {
  if (code !== 'SIGKILL') throw new Error(`it did not die, it ended with ${code}: ${stderr}`)
}

/** An operator whose command died wishes again under the same id, and the book runs until the order has its end. */
const recover = async (stage: Stage, { life, dies }: Place): Promise<void> => {
  if (dies === 'intent') done(await stage.wish())
  const gates = (lines: readonly LedgerLine[]) => lines.filter(({ t }) => t === 'LiveGateOpened').length
  const before = gates(stage.lines())
  const running = stage.start(['execute', '--live'])
  let over: Ended | undefined
  running.ended.then(
    ended => {
      over = ended
    },
    () => {},
  )
  const told = (what: string, is: (lines: readonly LedgerLine[]) => boolean) =>
    until(what, () => {
      if (over !== undefined) throw new Error(`it ended with ${over.code}: ${over.stderr}`)
      return is(stage.lines())
    })
  try {
    // The order may have its end already: a process that is told to stop before it listens to that just dies.
    await told('the book was started again', lines => gates(lines) > before)
    if (life === 'market order') await told('the order was filled', lines => filledIn(lines) === quantity)
    else {
      await told('the order was accepted', has('OrderAccepted'))
      if (life === 'limit order' || dies === 'intent') done(await stage.cancel())
      await told('the order was cancelled', has('OrderCancelled'))
    }
  } catch (error) {
    running.process.kill('SIGKILL')
    throw new Error(`${error}; ${storyOf(stage)}; ${(await running.ended).stderr}`)
  }
  running.process.kill('SIGTERM')
  done(await running.ended)
}

const has = (type: string) => (lines: readonly LedgerLine[]) => lines.some(({ t }) => t === type)

/** Of a fill: its quantity is what was traded, before a fee. */
interface Fill {
  readonly tradeId: string
  readonly quantity: Decimal
  readonly fee: Decimal
  /** Absent: money. */
  readonly feeCurrency?: string
}

const fillsIn = (lines: readonly LedgerLine[]): readonly Fill[] =>
  lines.filter(({ t }) => t === 'OrderFilled').map(({ d }) => d as unknown as Fill)

const filledIn = (lines: readonly LedgerLine[]): Decimal => sum(fillsIn(lines).map(fill => fill.quantity))

/** What the ledger says of the order, for a message. */
const storyOf = (stage: Stage): string =>
  stage
    .lines()
    .map(({ t }) => t)
    .filter(type => /^(Intent|Order|Cancel|Drift|Alert|Trading)/.test(type))
    .join(' ')

const answers = new Set(['OrderRequested', 'OrderWithheld', 'IntentDenied', 'IntentExpired'])

const feeOf = (tradeId: string, { fee, feeCurrency }: Pick<Fill, 'fee' | 'feeCurrency'>, money: string) =>
  `${tradeId} (fee ${fee} ${feeCurrency ?? money})`

/** A trade's id as clients see it: Alpaca shows a trade as an activity of the account, which has an id of its own. */
const shownId = (venue: string, { id, at }: Trade): string => (venue === 'alpaca' ? activityId(at, id) : id)

/** What the account must hold by the view of the portfolio, whose cash is all the money and whose positions start at nothing. */
const heldIn = (
  portfolio: Awaited<ReturnType<Stage['view']>>,
  { symbol, opening }: Stage,
): Readonly<Record<string, Decimal>> => {
  const [base, money] = currenciesOf(symbol)
  const { cash, positions } = portfolio as {
    readonly cash: Decimal
    readonly positions: Readonly<Record<string, { readonly quantity: Decimal }>>
  }
  return { [base]: add(opening[base] ?? '0', positions[symbol]?.quantity ?? '0'), [money]: cash }
}

/** The laws, by the venue's books and the ledger's lines; throws with every one that was broken. */
const judge = async (stage: Stage, life: Life): Promise<string> => {
  const { venue, orders, trades, byClientId, balances } = await stage.venue.books()
  const verified = await stage.run(['verify'])
  const reconciled = await stage.run(['reconcile'])
  const holds = heldIn(await stage.view('portfolio.json'), stage)
  const lines = stage.lines()
  const count = (...types: string[]) => lines.filter(({ t }) => types.includes(t)).length
  const broken: string[] = []
  const law = (holds: boolean, sentence: string) => {
    if (!holds) broken.push(sentence)
  }
  law(orders.length === 1, `the venue has ${orders.length} orders`)
  law(Object.keys(byClientId).length === 1, `the venue heard of ${Object.keys(byClientId).join(', ')}`)
  law(count('IntentRaised') === 1, `${count('IntentRaised')} wishes`)
  law(count(...answers) === 1 && count('OrderRequested') === 1, `${count(...answers)} answers to one wish`)
  const [base, money] = currenciesOf(stage.symbol)
  const listed = (each: readonly string[]) => [...each].sort().join(', ')
  const fills = listed(fillsIn(lines).map(fill => feeOf(fill.tradeId, fill, money)))
  const wanted = listed(trades.map(trade => feeOf(shownId(venue, trade), trade, money)))
  law(fills === wanted, `fills ${fills}, and the venue has ${wanted}`)
  law(
    trades.every(({ fee }) => isPositive(fee)),
    'the venue took no fee',
  )
  for (const currency of [base, money]) {
    const [ours, theirs] = [holds[currency], balances[currency]]
    law(ours === theirs, `the portfolio comes to ${ours} ${currency}, and the venue has ${theirs}`)
  }
  const filled = life === 'market order' ? quantity : '0'
  law(
    orders.every(({ status }) => status !== 'open'),
    'the order is still open at the venue',
  )
  law(filledIn(lines) === filled, `filled ${filledIn(lines)}, not ${filled}`)
  law(life === 'market order' || count('OrderCancelled') === 1, `${count('OrderCancelled')} ends`)
  const verdict = lines.findLast(({ t }) => t === 'ReconciliationCompleted')?.d
  law(verdict?.drifts === 0, `compared at last: ${JSON.stringify(verdict)}`)
  law(count('DriftFound', 'TradingHalted', 'AlertRaised') === 0, 'a drift, an alert or a halt')
  law(verified.code === 0, `verify ended with ${verified.code}: ${verified.stdout}`)
  law(
    reconciled.code === 0,
    `reconcile ended with ${reconciled.code}: ${reconciled.stdout}${reconciled.stderr}`,
  )
  if (broken.length > 0) throw new Error(`${broken.join('; ')}; ${storyOf(stage)}`)
  const again = count('OrderResendRequested')
  return again === 0 ? 'once' : 'sent again, once there'
}
