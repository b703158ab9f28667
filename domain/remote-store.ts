// What can go wrong with a store that lies across a network, and with the lease by which one executor holds a book
// there. Each is a sentence for a person; commands/command-line.ts gives each its exit code.

/** The store does not answer, or not in time. Nothing is decided by it: try again. */
export class StoreUnreachable extends Error {
  constructor(sentence: string) {
    super(sentence)
    this.name = 'StoreUnreachable'
  }
}

/** The store answers and will not have us: an address, a user, a certificate or a setting is wrong. */
export class StoreRefused extends Error {
  constructor(sentence: string) {
    super(sentence)
    this.name = 'StoreRefused'
  }
}

/** This executor does not hold the book, or cannot prove that it still does. It appends and sends nothing any more. */
export class LeaseLost extends Error {
  constructor(sentence: string) {
    super(sentence)
    this.name = 'LeaseLost'
  }
}

/** One executor's hold on a book, for a while. */
export interface Lease {
  /** Counts up with every holder of the book. */
  readonly term: number
  /** Who holds it: host, process and a random word. */
  readonly holder: string
  /** Throws LeaseLost unless the lease can be proven to stand at this moment, by this machine's own clock. */
  requireHeld(): void
  /** Another holder was seen: the lease is lost for good. */
  lose(sentence: string): void
}
