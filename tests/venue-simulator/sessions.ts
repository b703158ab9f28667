// The trading hours of US equities as the simulated broker knows them: Monday to Friday, 09:30 to 16:00 in New York.
//
// Closed days and early closes: NYSE Group's releases of 2024-11-08 and 2025-12-23 (2025 to 2028), and the closure of 2025-01-09.

const closed = new Set([
  ...[
    '2025-01-01',
    '2025-01-09',
    '2025-01-20',
    '2025-02-17',
    '2025-04-18',
    '2025-05-26',
    '2025-06-19',
    '2025-07-04',
    '2025-09-01',
    '2025-11-27',
    '2025-12-25',
  ],
  ...[
    '2026-01-01',
    '2026-01-19',
    '2026-02-16',
    '2026-04-03',
    '2026-05-25',
    '2026-06-19',
    '2026-07-03',
    '2026-09-07',
    '2026-11-26',
    '2026-12-25',
  ],
  ...[
    '2027-01-01',
    '2027-01-18',
    '2027-02-15',
    '2027-03-26',
    '2027-05-31',
    '2027-06-18',
    '2027-07-05',
    '2027-09-06',
    '2027-11-25',
    '2027-12-24',
  ],
])
const early = new Set(['2025-07-03', '2025-11-28', '2025-12-24', '2026-11-27', '2026-12-24', '2027-11-26'])

export interface Session {
  /** '2026-11-25' */
  readonly date: string
  /** ms since 1970 UTC. */
  readonly open: number
  readonly close: number
}

const inNewYork = new Intl.DateTimeFormat('en-US', {
  timeZone: 'America/New_York',
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})

const day = 86_400_000
const pad = (value: number) => String(value).padStart(2, '0')

/** How far New York is behind UTC at the time, in ms. */
const behind = (at: number): number => {
  const part = Object.fromEntries(inNewYork.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  const local = Date.UTC(part.year ?? 0, (part.month ?? 1) - 1, part.day, part.hour, part.minute, part.second)
  return Math.floor(at / 1000) * 1000 - local
}

/** A time in New York as the broker writes it: '2026-11-25T09:30:00-05:00'. */
export const newYorkText = (at: number): string => {
  const offset = behind(at)
  return `${new Date(at - offset).toISOString().slice(0, 19)}-${pad(offset / 3_600_000)}:00`
}

/** The date in New York. */
export const newYorkDate = (at: number): string => new Date(at - behind(at)).toISOString().slice(0, 10)

const sessions = new Map<string, Session | undefined>()

/** The session of a date in New York, '2026-11-25'; undefined on a day without one. */
export const sessionOf = (date: string): Session | undefined => {
  if (sessions.has(date)) return sessions.get(date)
  const midnight = Date.parse(`${date}T00:00:00Z`)
  const weekday = new Date(midnight).getUTCDay()
  const isOpen = weekday !== 0 && weekday !== 6 && !closed.has(date)
  const noon = midnight + day / 2
  const start = midnight + behind(noon)
  const found = isOpen
    ? { date, open: start + 9.5 * 3_600_000, close: start + (early.has(date) ? 13 : 16) * 3_600_000 }
    : undefined
  sessions.set(date, found)
  return found
}

export const isInSession = (at: number): boolean => {
  const session = sessionOf(newYorkDate(at))
  return session !== undefined && at >= session.open && at < session.close
}

/** The first session that closes after the time. */
export const sessionEndingAfter = (at: number): Session => {
  for (let look = at; ; look += day) {
    const session = sessionOf(newYorkDate(look))
    if (session !== undefined && session.close > at) return session
  }
}

/** Sessions whose dates lie in [start, end]. */
export const sessionsBetween = (start: string, end: string): readonly Session[] => {
  const found: Session[] = []
  for (let at = Date.parse(`${start}T12:00:00Z`); at <= Date.parse(`${end}T12:00:00Z`); at += day) {
    const session = sessionOf(new Date(at).toISOString().slice(0, 10))
    if (session !== undefined) found.push(session)
  }
  return found
}
