// The port to the kill switch: a halt that needs nothing but a file system.

/** The KILL file of a book: halts trading without the ledger. */
export interface KillSwitch {
  /** Durable before it resolves; works while the ledger is busy or damaged. */
  pull(level: 'reducing' | 'halted', by: string, reason: string): Promise<void>
  /** What the file says; undefined when there is none. A file of any other content halts. */
  read(): { readonly level: 'reducing' | 'halted'; readonly reason: string } | undefined
  release(): Promise<void>
}
