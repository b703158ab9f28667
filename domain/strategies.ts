// The strategies that a champion file can name. A new one is a file, its test, and a line here.

import { avwapPullback } from './strategies/avwap-pullback.ts'
import { breakout } from './strategies/breakout.ts'
import { emaCross } from './strategies/ema-cross.ts'
import { http } from './strategies/http.ts'
import type { Strategy } from './strategy.ts'

/** Hides the type of the parameters: whoever looks a strategy up by name has not parsed them yet. */
const registered = <Parameters>(strategy: Strategy<Parameters>): readonly [string, Strategy] => {
  const { name, parameters, server } = strategy
  return [
    name,
    {
      name,
      parameters,
      warmUp: given => strategy.warmUp(parameters.parse(given)),
      start: given => strategy.start(parameters.parse(given)),
      ...(server === undefined ? {} : { server: given => server(parameters.parse(given)) }),
    },
  ]
}

export const strategies: ReadonlyMap<string, Strategy> = new Map([
  registered(emaCross),
  registered(breakout),
  registered(avwapPullback),
  registered(http),
])
