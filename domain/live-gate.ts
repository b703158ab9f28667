// The live gate: two keys that a person turns at each start. The second one is bound to a book, an account and a
// configuration, so that a key that was meant for another of them opens nothing.
//
//   LIVE_TRADING=1    the wish
//   LIVE_CONFIRM=…    the token that `veritape check preflight --mode live` prints for exactly this start

import { sha256 } from './hash.ts'

/** What a token speaks for. */
export interface LiveStart {
  readonly book: string
  /** From `accountName`. */
  readonly account: string
  /** Of the configuration of the start, flags included. */
  readonly configHash: string
}

export interface LiveKeys {
  /** LIVE_TRADING of the environment. */
  readonly trading: string | undefined
  /** LIVE_CONFIRM of the environment. */
  readonly confirm: string | undefined
}

/** 'kraken-4f1e0c9a2b77': the venue and a digest of the key's public half, which names an account without telling the key. */
export const accountName = (venue: string, keyId: string): string =>
  `${venue}-${sha256(`account ${venue}\n${keyId}`).slice(0, 12)}`

/** Sixteen hex digits, in groups that a person can compare: '3f9a-01c2-77de-b4e0'. */
export const liveToken = ({ book, account, configHash }: LiveStart): string =>
  (sha256(`live gate\n${book}\n${account}\n${configHash}`).slice(0, 16).match(/.{4}/g) ?? []).join('-')

/** A ladder: the first objection to trading for real is the answer. Never says the token: it is asked for, not found in a log. */
export const liveGateObjection = ({ trading, confirm }: LiveKeys, start: LiveStart): string | undefined => {
  if (trading !== '1') return 'LIVE_TRADING is not 1'
  if (confirm === undefined || confirm.trim() === '') return 'LIVE_CONFIRM is not set'
  if (confirm.trim() !== liveToken(start))
    return 'LIVE_CONFIRM was given for another book, account or configuration'
  return undefined
}
