// The live gate's line of the preflight: what a live start of this book would say, and the token that opens it. The token
// speaks for this book, this account and this configuration; another of them needs another.

import { liveGateObjection, liveToken } from '../domain/live-gate.ts'
import type { Engine } from './engine.ts'
import { venueObjection } from './live-gate.ts'
import { failed, type PreflightLine, passed, warned } from './preflight-lines.ts'

export const liveGateLine = async (
  engine: Pick<Engine, 'config' | 'configHash' | 'account' | 'liveKeys'>,
): Promise<PreflightLine> => {
  const name = 'live gate'
  const objection = venueObjection(engine.config)
  if (objection !== undefined)
    return failed(name, `closed: ${objection}`, 'choose the venue of the account in the configuration')
  let account: string
  try {
    account = await engine.account()
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'VenueMisconfigured') throw error
    return failed(name, `closed: ${error.message}`, 'no start is possible without its keys')
  }
  const start = { book: engine.config.book, account, configHash: engine.configHash }
  const shut = liveGateObjection(engine.liveKeys, start)
  if (shut === undefined) return passed(name, `both keys fit book ${start.book} and account ${account}`)
  return warned(
    name,
    `closed for book ${start.book}, account ${account}: ${shut}`,
    `to open it at the next start: LIVE_TRADING=1 LIVE_CONFIRM=${liveToken(start)}`,
  )
}
