// The exit codes, a contract: scripts and systemd branch on them. docs/exit-codes.md and `veritape --help` print
// this table.

export const exit = {
  done: 0,
  usage: 64,
  badData: 65,
  venueUnavailable: 69,
  ourError: 70,
  cannotWrite: 73,
  tryAgain: 75,
  refused: 78,
} as const

/** A verb that cannot go on, in one sentence that says what to do next, with its exit code. */
export class Stop extends Error {
  readonly code: number
  constructor(code: number, sentence: string) {
    super(sentence)
    this.name = 'Stop'
    this.code = code
  }
}

export const exitTable: ReadonlyArray<readonly [code: string, meaning: string]> = [
  [
    '0',
    'done; check: pass or healthy; verify, audit: clean; diff: same; reconcile: agrees; watchlist check: fresh',
  ],
  [
    '1',
    'check preflight: fail; check health: degraded; verify: damaged; audit: does not hold; watchlist check: stale; diff: differs; reconcile: drift; deploy: rolled back',
  ],
  [
    '2',
    'check preflight: warnings; check health: unhealthy; verify, audit: could not run; deploy: the way back failed',
  ],
  ['10', 'check session: closed today'],
  ['64', 'the command line is wrong'],
  ['65', 'the data is wrong: a broken row, a damaged ledger, an unknown symbol'],
  ['69', 'the venue cannot be reached'],
  ['70', 'an error of our own'],
  ['73', 'cannot write: no space, no permission'],
  ['75', 'try again: the ledger is busy, a second executor, a lost lease'],
  ['78', 'configuration or a gate refused; systemd does not restart on it'],
]
