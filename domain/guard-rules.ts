// The guardian's part of a configuration: own patterns, and what may be done about them.

import * as z from 'zod'

/** Restarts the book's own services; makes connections anew; removes locks of dead owners; restarts a unit; runs a command. */
const ActionText = z
  .string()
  .regex(
    /^(?:restart(?: [a-z0-9][a-z0-9-]{0,60}\.service)?|reconnect(?: feed| venue)?|clear locks|run [a-z0-9-]+)$/,
    "'restart', 'restart NAME.service', 'reconnect', 'reconnect feed', 'reconnect venue', 'clear locks' or 'run NAME'",
  )
export type Action = string

/** The unit that the action restarts; undefined for any other action. */
export const restartedUnit = (action: Action): string | undefined =>
  /^restart (.+\.service)$/.exec(action)?.[1]

const isExpression = (text: string): boolean => {
  try {
    new RegExp(text, 'im')
    return true
  } catch {
    return false
  }
}

export const GuardRules = z.strictObject({
  /** Seconds to wait after a recovery before the check is asked again. */
  settleSeconds: z.number().nonnegative().max(600),
  /** Recoveries in an hour and in a day; then the alarm. */
  perHour: z.int().nonnegative().max(60),
  perDay: z.int().nonnegative().max(500),
  /** Asked before the program's own, behind those that nothing can heal. */
  patterns: z.array(
    z.strictObject({
      name: z.string().min(1).max(80),
      words: z.string().min(1).max(500).refine(isExpression, 'not a regular expression'),
      actions: z.array(ActionText).max(10),
    }),
  ),
  /** Programs with their arguments that 'run NAME' runs, without a shell. */
  commands: z.record(z.string().regex(/^[a-z0-9-]{1,40}$/), z.array(z.string()).min(1)),
  /** Lock files of other programs, or folders of them. */
  locks: z.array(z.string().min(1).meta({ path: true })),
  /** Units besides the book's own that may be restarted. */
  units: z.array(z.string().regex(/^[a-z0-9][a-z0-9-]{0,60}\.service$/, 'a unit such as feed.service')),
})
export type GuardRules = z.infer<typeof GuardRules>

export const guardDefaults: GuardRules = {
  settleSeconds: 5,
  perHour: 3,
  perDay: 8,
  patterns: [],
  commands: {},
  locks: [],
  units: [],
}
