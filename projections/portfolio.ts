// The portfolio: cash, positions and equity of a book, and the share of each champion and operator in them.
//
// Facts only: a fill that sells more than we hold makes a short position, it is not refused here. Positions are
// marked at the close of the newest candle of their symbol; until there is one, at the price of the last fill.
// Equity is sampled at every fill and every mark of an open position; the drawdown is counted over these samples.

import type { BookOpened } from '../domain/account.ts'
import {
  absolute,
  add,
  compare,
  type Decimal,
  divide,
  isPositive,
  isZero,
  larger,
  multiply,
  negate,
  subtract,
  sum,
} from '../domain/decimal.ts'
import type { Seq } from '../domain/event.ts'
import { countOtherFee, type FeesByCurrency, type Settled, settled } from '../domain/fill.ts'
import { entryPrice, evolvePosition, flat, type Position, unrealizedPnl } from '../domain/position.ts'
import type { Instant } from '../domain/time.ts'
import type { Projection } from './projection.ts'
import { jsonFile, otherFeesIn, sortedByKey, type ViewFile } from './view.ts'

export interface Mark {
  price: Decimal
  /** Close time of the candle; '' for the price of a fill, which every candle replaces. */
  time: Instant
}

export type Positions = ReadonlyMap<string, Position>

/** All money in the book's currency. */
export interface Portfolio {
  asOf: Seq
  currency: string
  calendar: BookOpened['data']['calendar']
  zone: string
  /** Cash at the start. */
  opening: Decimal
  /** opening - bought + sold - fees, exactly; bought and sold at what they moved the positions by. */
  cash: Decimal
  /** Those in the base currency at the price of their fill. */
  fees: Decimal
  /** Fees in a third currency: in no figure of money here, because the book knows no price of it. */
  readonly otherFees: FeesByCurrency
  /** By symbol, then champion or operator: what the last exit of everything said that it leaves. */
  readonly dust: Map<string, Map<string, Decimal>>
  /** By symbol; a closed position stays, flat, with what it earned. */
  readonly positions: Map<string, Position>
  /** The same by champion or operator, then symbol. */
  readonly by: Map<string, Map<string, Position>>
  readonly marks: Map<string, Mark>
  /** Symbols in which more is held than dust. */
  openPositions: number
  /** Sum of quantity × mark. */
  marketValue: Decimal
  /** cash + marketValue */
  equity: Decimal
  /** Highest equity so far. */
  peak: Decimal
  /** Lowest equity since the peak. */
  trough: Decimal
  /** Largest (peak - equity) / peak so far: '0.2' is 20 %. */
  maxDrawdown: Decimal
}

export const portfolio: Projection<
  Portfolio,
  'BookOpened' | 'IntentRaised' | 'OrderFilled' | 'CandleClosed'
> = {
  name: 'portfolio',
  types: ['BookOpened', 'IntentRaised', 'OrderFilled', 'CandleClosed'],
  initial: () => ({
    asOf: 0,
    currency: '',
    calendar: 'always',
    zone: 'UTC',
    opening: '0',
    cash: '0',
    fees: '0',
    otherFees: new Map(),
    dust: new Map(),
    positions: new Map(),
    by: new Map(),
    marks: new Map(),
    openPositions: 0,
    marketValue: '0',
    equity: '0',
    peak: '0',
    trough: '0',
    maxDrawdown: '0',
  }),
  apply: (state, { seq, event: { type, data } }) => {
    switch (type) {
      case 'BookOpened':
        openBook(state, data)
        state.asOf = seq
        return state
      case 'IntentRaised':
        if (data.dust !== undefined) nameDust(state, data.by, data.symbol, data.dust)
        return state
      case 'OrderFilled':
        countOtherFee(state.otherFees, data)
        takeFill(state, settled(data))
        state.asOf = seq
        return state
      case 'CandleClosed':
        if (takeMark(state, data.symbol, data.close, data.closeTime)) state.asOf = seq
        return state
    }
  },
}

const openBook = (state: Portfolio, { currency, cash, calendar, zone }: BookOpened['data']): void => {
  state.currency = currency
  state.calendar = calendar
  state.zone = zone
  state.opening = add(state.opening, cash)
  state.cash = add(state.cash, cash)
  sampleEquity(state)
}

/** Quantity with its sign: what a fill adds to the position. */
const signedQuantity = ({ side, quantity }: Settled): Decimal =>
  side === 'buy' ? quantity : negate(quantity)

/** What a fill changes the cash by: a sale brings in, a purchase and the fee take out. */
const cashOf = (fill: Settled): Decimal => negate(add(multiply(signedQuantity(fill), fill.price), fill.fee))

/** Whether a position in the symbol is open: what is too small to be sold is held, and no position. */
const isOpen = (state: Portfolio, symbol: string, { quantity }: Position): boolean =>
  !isZero(quantity) && compare(absolute(quantity), sum(state.dust.get(symbol)?.values() ?? [])) > 0

const nameDust = (state: Portfolio, by: string, symbol: string, quantity: Decimal): void => {
  const held = positionIn(state, symbol)
  const before = isOpen(state, symbol, held)
  const named = state.dust.get(symbol) ?? new Map<string, Decimal>()
  state.dust.set(symbol, named.set(by, quantity))
  state.openPositions += Number(isOpen(state, symbol, held)) - Number(before)
}

const takeFill = (state: Portfolio, fill: Settled): void => {
  state.cash = add(state.cash, cashOf(fill))
  state.fees = add(state.fees, fill.fee)

  const before = state.positions.get(fill.symbol) ?? flat
  const after = evolvePosition(before, fill)
  state.positions.set(fill.symbol, after)
  state.openPositions +=
    Number(isOpen(state, fill.symbol, after)) - Number(isOpen(state, fill.symbol, before))

  const own = state.by.get(fill.by) ?? new Map<string, Position>()
  state.by.set(fill.by, own.set(fill.symbol, evolvePosition(own.get(fill.symbol) ?? flat, fill)))

  const mark = state.marks.get(fill.symbol)
  if (mark === undefined || mark.time === '') {
    revalue(state, before.quantity, mark?.price ?? '0', fill.price)
    state.marks.set(fill.symbol, { price: fill.price, time: '' })
  }
  const { price } = state.marks.get(fill.symbol) as Mark
  state.marketValue = add(state.marketValue, multiply(signedQuantity(fill), price))
  sampleEquity(state)
}

/** Whether the mark changed the value of a position. */
const takeMark = (state: Portfolio, symbol: string, price: Decimal, time: Instant): boolean => {
  const mark = state.marks.get(symbol)
  if (mark === undefined) {
    state.marks.set(symbol, { price, time })
    return false // no fill yet, so no position
  }
  if (time < mark.time) return false // a longer timeframe, or a late candle
  const held = state.positions.get(symbol)
  const open = held !== undefined && !isZero(held.quantity)
  if (open) {
    revalue(state, held.quantity, mark.price, price)
    sampleEquity(state)
  }
  mark.price = price
  mark.time = time
  return open
}

const revalue = (state: Portfolio, quantity: Decimal, from: Decimal, to: Decimal): void => {
  state.marketValue = add(state.marketValue, multiply(quantity, subtract(to, from)))
}

const sampleEquity = (state: Portfolio): void => {
  state.equity = add(state.cash, state.marketValue)
  if (compare(state.equity, state.peak) > 0) {
    state.peak = state.equity
    state.trough = state.equity
  } else if (compare(state.equity, state.trough) < 0) {
    state.trough = state.equity
    state.maxDrawdown = larger(state.maxDrawdown, drawdown(state))
  }
}

/** (peak - equity) / peak to 18 places; '0' while the book never had any equity. */
export const drawdown = ({ peak, equity }: Pick<Portfolio, 'peak' | 'equity'>): Decimal =>
  isPositive(peak) ? divide(subtract(peak, equity), peak) : '0'

/** Sum of |quantity| × mark over all symbols. */
export const grossExposure = (state: Portfolio): Decimal =>
  sum([...state.positions.keys()].map(symbol => symbolExposure(state, symbol)))

/** |quantity| × mark. */
export const symbolExposure = (state: Portfolio, symbol: string): Decimal =>
  absolute(multiply(positionIn(state, symbol).quantity, markOf(state, symbol)))

export const positionIn = ({ positions }: Pick<Portfolio, 'positions'>, symbol: string): Position =>
  positions.get(symbol) ?? flat

/** What a champion or operator holds in a symbol by its own fills. */
export const heldBy = ({ by }: Pick<Portfolio, 'by'>, champion: string, symbol: string): Position =>
  by.get(champion)?.get(symbol) ?? flat

/** The price a symbol is valued at; '0' when there was neither a candle nor a fill. */
export const markOf = ({ marks }: Pick<Portfolio, 'marks'>, symbol: string): Decimal =>
  marks.get(symbol)?.price ?? '0'

export const realizedPnlOf = ({ positions }: Pick<Portfolio, 'positions'>): Decimal =>
  sum([...positions.values()].map(({ realizedPnl }) => realizedPnl))

export const unrealizedPnlOf = (state: Portfolio): Decimal =>
  sum([...state.positions].map(([symbol, position]) => unrealizedPnl(position, markOf(state, symbol))))

export const portfolioFiles = function* (state: Portfolio): Generator<ViewFile> {
  if (state.asOf > 0) yield jsonFile('portfolio.json', state.asOf, () => printPortfolio(state))
}

const printPortfolio = (state: Portfolio): object => ({
  currency: state.currency,
  opening: state.opening,
  cash: state.cash,
  equity: state.equity,
  grossExposure: grossExposure(state),
  realizedPnl: realizedPnlOf(state),
  unrealizedPnl: unrealizedPnlOf(state),
  fees: state.fees,
  ...otherFeesIn(state.otherFees),
  peakEquity: state.peak,
  drawdown: drawdown(state),
  maxDrawdown: state.maxDrawdown,
  positions: printPositions(state, state.positions),
  by: sortedByKey(state.by, own => printPositions(state, own)),
})

const printPositions = (state: Portfolio, positions: Positions): object =>
  sortedByKey(positions, (position, symbol) => ({
    quantity: position.quantity,
    entryPrice: entryPrice(position),
    ...markFields(state, symbol, position),
    realizedPnl: position.realizedPnl,
    unrealizedPnl: unrealizedPnl(position, markOf(state, symbol)),
    fees: position.fees,
  }))

/** The mark of an open position. A flat one has no use for it, and would change the view with every candle. */
const markFields = (state: Portfolio, symbol: string, { quantity }: Position): object => {
  const mark = state.marks.get(symbol)
  if (mark === undefined || isZero(quantity)) return {}
  return { mark: mark.price, ...(mark.time === '' ? {} : { markTime: mark.time }) }
}
