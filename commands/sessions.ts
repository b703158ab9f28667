// The exchange's sessions, for a book that lives by them.

import type { Calendar } from '../domain/calendar.ts'
import type { Engine } from './engine.ts'

/** undefined: the book trades around the clock. */
export const sessions = ({ config, calendar }: Pick<Engine, 'config' | 'calendar'>): Calendar | undefined =>
  config.calendar === 'nyse' ? calendar : undefined
