// One attempt to heal: the wish is written, the hands act, what they did is written. Whether it helped the next check says.

import { restartedUnit } from '../domain/guard-rules.ts'
import {
  type Connection,
  ReconnectRequested,
  RecoveryActionTaken,
  RecoveryAttempted,
} from '../domain/health.ts'
import type { Engine } from './engine.ts'
import { type GuardDiary, kept } from './guard-diary.ts'

export interface Attempt {
  readonly check: string
  readonly attempt: number
  readonly action: string
  /** Name of the pattern. */
  readonly because: string
}

export const recover = async (engine: Engine, diary: GuardDiary, attempt: Attempt): Promise<void> => {
  const { guardHands, config } = engine
  const { action } = attempt
  await diary.write(RecoveryAttempted({ ...attempt }))
  const took = (saw: string, output: { output?: string } = {}) =>
    diary.write(RecoveryActionTaken({ action, saw, ...output }))

  const connections = connectionsIn(action)
  const unit = restartedUnit(action)
  const command = commandIn(engine, action)
  if (connections.length > 0) {
    await diary.write(ReconnectRequested({ what: connections }))
  } else if (unit !== undefined) {
    guardHands.askRestartOf(unit)
    await took(`systemd was asked to restart ${unit}`)
  } else if (command !== undefined) {
    const { code, output } = await guardHands.run(command)
    await took(`it ended with ${code}`, await kept(engine, output))
  } else if (action === 'clear locks') {
    const { cleared, kept: left } = guardHands.clearLocks(config.guard.locks, false)
    await took(sweepSentence(cleared, left))
  } else {
    guardHands.askRestart(config.book)
    await took(`systemd was asked to restart the services of ${config.book}`)
  }
}

/** For a dry run. */
export const whatItWouldDo = (engine: Engine, action: string): string => {
  const { guardHands, config } = engine
  const command = commandIn(engine, action)
  if (command !== undefined) return `it would run ${engine.clean(command.join(' '))}`
  if (action === 'clear locks') {
    const { cleared, kept: left } = guardHands.clearLocks(config.guard.locks, true)
    return `it would clear: ${sweepSentence(cleared, left)}`
  }
  const connections = connectionsIn(action)
  if (connections.length > 0)
    return `it would ask the running executor to connect anew: ${connections.join(' and ')}`
  return `it would ask systemd to restart ${restartedUnit(action) ?? `the services of ${config.book}`}`
}

const connectionsIn = (action: string): readonly Connection[] => {
  const [, which] = /^reconnect(?: (feed|venue))?$/.exec(action) ?? [undefined, 'none']
  if (which === 'none') return []
  return which === undefined ? ['feed', 'venue'] : [which as Connection]
}

const commandIn = ({ config }: Engine, action: string): readonly string[] | undefined => {
  const name = /^run (.+)$/.exec(action)?.[1]
  return name === undefined ? undefined : config.guard.commands[name]
}

const sweepSentence = (cleared: readonly string[], left: readonly string[]): string =>
  [
    cleared.length === 0 ? 'no lock of a dead owner' : `locks of dead owners: ${cleared.join(', ')}`,
    ...(left.length === 0 ? [] : [`left: ${left.join('; ')}`]),
  ].join('; ')
