// Sockets of one connection alone. Node's fetch shares a pool between everybody in the process; a connection that is made
// anew shall not meet the old sockets in it, which may lead to a machine that has gone.
//
// The pool of fetch is undici's, which comes with Node and cannot be imported; its class is that of the shared one.

export interface OwnSockets {
  /** For the options of fetch. Undefined where this Node has no such pool: then the shared one is used. */
  readonly dispatcher: NonNullable<RequestInit['dispatcher']> | undefined
  /** Cuts all of them. */
  drop(): void
}

type Pool = NonNullable<RequestInit['dispatcher']> & { destroy(): Promise<void> }

export const ownSockets = (): OwnSockets => {
  void globalThis.Request // loads undici, which puts its shared pool where the symbol says
  const shared = (globalThis as Record<symbol, unknown>)[Symbol.for('undici.globalDispatcher.1')]
  if (typeof shared !== 'object' || shared === null) return { dispatcher: undefined, drop: () => {} }
  const pool = new (shared.constructor as new () => Pool)()
  return { dispatcher: pool, drop: () => void pool.destroy().catch(() => {}) }
}
