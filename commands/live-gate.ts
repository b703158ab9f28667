// What stands between a book and a real venue: a configuration that means it, and the two keys of a live start.

import type { Config } from '../domain/config.ts'
import { outside, propose } from '../domain/event.ts'
import { liveGateObjection } from '../domain/live-gate.ts'
import { LiveGateOpened, LiveGateRefused } from '../domain/safety.ts'
import { safetyStream } from '../domain/stream.ts'
import type { Engine } from './engine.ts'
import type { Executor } from './executor.ts'
import { exit, Stop } from './exit.ts'

/** A ladder over what a mode means for its venue: the first objection is the answer. */
export const venueObjection = ({ mode, venue, market }: Config): string | undefined => {
  if (mode === 'backtest') return 'a backtest book is written by veritape backtest'
  if (mode === 'live' && venue.name === 'paper')
    return 'live trading needs a live venue and both keys; the embedded paper venue has neither'
  if (mode === 'dry-run' || venue.name === 'paper') return undefined
  if (market.source === 'recorded')
    return `orders at ${venue.name} cannot follow recorded candles; set market.source to ccxt or alpaca`
  if (mode === 'live' && venue.sandbox)
    return `live trading is not for a sandbox; set venue.sandbox to false, or use --paper`
  if (mode === 'paper' && !venue.sandbox && venue.name !== 'alpaca')
    return `on paper ${venue.name} would trade real money; set venue.sandbox to true, or venue.name to paper`
  return undefined
}

/**
 * Whether the venue's keys are there. Asked before anything is written: a start that cannot trade leaves no trace.
 * Gives the account's name; undefined when no venue will be asked.
 */
export const requireAccount = async ({ config, account }: Engine): Promise<string | undefined> =>
  config.mode === 'dry-run' || config.venue.name === 'paper' ? undefined : account()

/** Turns both keys at a live start, and records which way they turned. Stops with 78 when they do not open. */
export const passLiveGate = async (
  { engine, keeper, desk }: Pick<Executor, 'engine' | 'keeper' | 'desk'>,
  account: string | undefined,
): Promise<void> => {
  const { config, configHash, liveKeys, log } = engine
  if (config.mode !== 'live' || account === undefined) return
  const key = `live gate ${desk.book.revisions.get(safetyStream) ?? -1}`
  const objection = liveGateObjection(liveKeys, { book: config.book, account, configHash })
  if (objection !== undefined) {
    const refused = LiveGateRefused({ reason: objection })
    await keeper.append([{ stream: safetyStream, events: [propose(outside(key), refused)] }])
    throw new Stop(
      exit.refused,
      `the live gate is closed: ${objection}. veritape check preflight --mode live prints the token of this start`,
    )
  }
  const opened = LiveGateOpened({ account, configHash })
  await keeper.append([{ stream: safetyStream, events: [propose(outside(key), opened)] }])
  log.warn({ account }, `live gate opened: real orders go to ${config.venue.name}, account ${account}`)
}
