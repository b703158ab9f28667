// The venue's clock. `real` is the machine's time; `fixed` stands still until it is set or moved; `scripted` moves by one
// step with each request, so that a run with the same requests sees the same times.

import { z } from 'zod'

const instant = z.iso.datetime()

export const clockSettings = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('real') }),
  z.strictObject({ mode: z.literal('fixed'), at: instant }),
  z.strictObject({ mode: z.literal('scripted'), at: instant, stepMs: z.number().int().positive() }),
])
export type ClockSettings = z.infer<typeof clockSettings>

export interface VenueClock {
  /** The time at which the venue trades, ms since 1970 UTC. Never goes back. */
  now(): number
  /**
   * The time the venue believes it is when it looks at a request's timestamp, and which it tells those who ask: the trading
   * time of a real clock; the machine's time for the others, because clients sign with that. Moved by the skew.
   */
  wall(): number
  /** A request has come. */
  step(): void
  /** Only for clocks that are not real: forwards only. */
  set(at: number): void
  advance(ms: number): void
  /** From now on the venue's wall clock is so many ms ahead of the machine's (behind when negative). */
  skew(ms: number): void
}

/** `notBefore`: what the books know last, so that a restart never goes back. */
export const venueClock = (
  settings: ClockSettings,
  notBefore: number,
  machine: () => number = Date.now,
): VenueClock => {
  let at = Math.max(settings.mode === 'real' ? 0 : Date.parse(settings.at), notBefore)
  let skewMs = 0
  const set = (to: number) => {
    if (settings.mode === 'real') throw new Error('a real clock cannot be set')
    if (!(to >= at)) throw new Error('a clock only goes forwards')
    at = to
  }
  const now = () => {
    if (settings.mode === 'real') at = Math.max(at, machine())
    return at
  }
  return {
    now,
    wall: () => machine() + skewMs,
    step: () => {
      if (settings.mode === 'scripted') at += settings.stepMs
    },
    set,
    advance: ms => set(at + ms),
    skew: ms => {
      skewMs = ms
    },
  }
}
