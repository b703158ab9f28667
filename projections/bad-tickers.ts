// Tickers that could not be had, with the reason and until when they are not asked for again: one a line.

import { isShelved, type Shelved } from '../domain/bars.ts'
import type { Seq } from '../domain/event.ts'
import type { CalendarDate } from '../domain/time.ts'
import type { Projection } from './projection.ts'
import { byCodeUnit, type ViewFile } from './view.ts'

export interface BadTickers {
  asOf: Seq
  /** By ticker, the last word on it. */
  readonly shelf: Map<string, Shelved>
  /** The session after which the book last looked for bars: what expired before it is not shown. */
  today: CalendarDate
}

export const badTickers: Projection<BadTickers, 'TickerShelved' | 'BarsStored'> = {
  name: 'bad-tickers',
  types: ['TickerShelved', 'BarsStored'],
  initial: () => ({ asOf: 0, shelf: new Map(), today: '' }),
  apply: (state, { seq, event: { type, data } }) => {
    state.asOf = seq
    if (type === 'TickerShelved') state.shelf.set(data.ticker, data)
    else state.today = data.clock.slice(0, 10)
    return state
  },
}

export const badTickerFiles = function* ({ asOf, shelf, today }: BadTickers): Generator<ViewFile> {
  if (asOf === 0) return
  const store = { latest: undefined, shelf }
  const rows = [...shelf.values()]
    .filter(({ ticker }) => isShelved(store, ticker, today))
    .sort((a, b) => byCodeUnit(a.ticker, b.ticker))
    .map(({ ticker, until, reason, detail }) => `${ticker} until ${until} ${reason}: ${detail}`)
  yield { path: 'bad_tickers.txt', asOf, text: () => rows.map(row => `${row}\n`).join('') }
}
