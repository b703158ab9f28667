// Old shapes of events, and how each is said in the next one. The only place where shapes of the past live.
//
//   stored v1 ──up──▶ v2 ──up──▶ v3, the declaration in the catalogue: what every reader sees
//
// The stored bytes are never changed: a store puts each event that it reads through `upcast`. A step is pure and total
// and asks nobody: what it needs lies in the data. It says the same in other words. Decimals are renamed, moved or
// written in another form, never calculated: a value that was not in the data must not be in the result.

import * as z from 'zod'
import { type BookEvent, declarations, UnknownEvent } from './catalogue.ts'
import { ChampionVerified } from './champion.ts'
import { DecimalText } from './decimal.ts'
import { type Event, event } from './event.ts'
import { IntentDenied, IntentRaised } from './intent.ts'
import { OrderFilled } from './order.ts'
import { RiskDenial } from './risk-denial.ts'
import { ScanStarted } from './scan.ts'
import { MarketSnapshotTaken } from './truth.ts'

/** A type in one version: what `event` of domain/event.ts makes. */
export interface Declared<Data = unknown> {
  readonly type: string
  readonly version: number
  readonly data: { parse(value: unknown): Data }
}

/** A shape that was released once and is no longer written. */
export interface Former {
  readonly declaration: Declared
  /** From its data to the data of the next version. */
  readonly up: (data: object) => object
}

/** Declares the step from a former version to the one after it. */
export const former = <Before, After extends object>(
  before: Declared<Before>,
  _after: Declared<After>,
  up: (data: Before) => After,
): Former => ({ declaration: before, up: up as (data: unknown) => object })

// Before there were lists of tickers, earnings dates and checks that fail open: a scan asked for none of them.
const {
  list: _list,
  earnings: _earnings,
  warnings: _warnings,
  unchecked: _unchecked,
  ...scanStartedFirst
} = ScanStarted.data.shape
const ScanStarted1 = event('ScanStarted', 1, scanStartedFirst)

// Before champions could have a protective stop.
const { protectiveStop: _stop, ...championVerifiedFirst } = ChampionVerified.data.shape
const ChampionVerified1 = event('ChampionVerified', 1, championVerifiedFirst)

// Before an unknown market clock and a value below the venue's minimum were reasons of their own.
const IntentDenied1 = event('IntentDenied', 1, {
  ...IntentDenied.data.shape,
  reason: RiskDenial.exclude(['market-clock-unknown', 'below-minimum-notional']),
})

// Before an exit could leave dust: every quantity that was held could be sold.
const { dust: _dust, ...intentRaisedFirst } = IntentRaised.data.shape
const IntentRaised1 = event('IntentRaised', 1, intentRaisedFirst)

// Before fees were recorded as they were taken: all of them were in the currency of the price, or turned into it.
const { feeCurrency: _feeCurrency, ...orderFilledFirst } = OrderFilled.data.shape
const OrderFilled1 = event('OrderFilled', 1, orderFilledFirst)

// Before a snapshot held the order book, the balances and what was missing.
const { balances: _balances, missing: _missing, ...marketSnapshotFirst } = MarketSnapshotTaken.data.shape
const MarketSnapshotTaken1 = event('MarketSnapshotTaken', 1, {
  ...marketSnapshotFirst,
  tickers: z.record(z.string(), DecimalText),
})

/**
 * Every shape that was ever released and is not in the catalogue any more. Lines are added here and never changed or
 * removed.
 */
export const formerShapes: readonly Former[] = [
  former(ScanStarted1, ScanStarted, data => data),
  former(ChampionVerified1, ChampionVerified, data => data),
  former(IntentDenied1, IntentDenied, data => data),
  former(IntentRaised1, IntentRaised, data => data),
  former(OrderFilled1, OrderFilled, data => data),
  former(MarketSnapshotTaken1, MarketSnapshotTaken, ({ tickers, ...data }) => ({
    ...data,
    tickers: Object.fromEntries(Object.entries(tickers).map(([symbol, last]) => [symbol, { last }])),
    balances: {},
    missing: [],
  })),
]

export interface Upcaster {
  /** The event in the shape of today. Throws UnknownEvent for a type or version that this program does not know. */
  (event: Event): Event
  /** As above, and parses what was stored by its own declaration first, and what came out by today's. */
  parsed(event: Event): Event
}

const nameOf = ({ type, version }: { readonly type: string; readonly version: number }): string =>
  `${type} version ${version}`

/** Throws when the steps do not lead from version 1 of every type to the version of today, one by one. */
export const upcasterOf = (current: readonly Declared[], formers: readonly Former[]): Upcaster => {
  const today = new Map(current.map(declaration => [declaration.type, declaration]))
  const steps = new Map<string, Former>()
  for (const each of formers) {
    const { type, version } = each.declaration
    const name = nameOf(each.declaration)
    if (version >= (today.get(type)?.version ?? 0))
      throw new Error(`${name} is no former shape: it is written`)
    if (steps.has(name)) throw new Error(`two steps lead up from ${name}`)
    steps.set(name, each)
  }
  for (const { type, version } of current)
    for (let before = 1; before < version; before++)
      if (!steps.has(nameOf({ type, version: before })))
        throw new Error(
          `no step leads up from ${nameOf({ type, version: before })}: add it to domain/upcast.ts`,
        )

  const known = ({ type, version }: Event): Declared => {
    const newest = today.get(type)
    const declaration =
      newest?.version === version ? newest : steps.get(nameOf({ type, version }))?.declaration
    if (declaration === undefined) throw new UnknownEvent(type, version)
    return declaration
  }

  const up = (event: Event): Event => {
    const newest = today.get(event.type)
    if (newest?.version === event.version) return event
    known(event)
    let { type, version, data } = event
    for (; version < (newest?.version ?? 0); version++)
      data = (steps.get(nameOf({ type, version })) as Former).up(data)
    return { type, version, data }
  }

  const parsed = (event: Event): Event => {
    const stored = known(event).data.parse(event.data) as object
    const { type, version, data } = up({ ...event, data: stored })
    return { type, version, data: today.get(type)?.data.parse(data) as object }
  }

  return Object.assign(up, { parsed })
}

const ofTheBook = upcasterOf(declarations, formerShapes)

/** A stored event as the catalogue declares it today. Throws UnknownEvent. */
export const upcast = ofTheBook as (event: Event) => BookEvent

/** As `upcast`, and parses before and after. Throws UnknownEvent, or a ZodError with the fields that do not fit. */
export const parseStored = ofTheBook.parsed as (event: Event) => BookEvent
