// What the stand-in does wrong on purpose. A fault is put up, strikes the calls it fits, and is gone when it is used up.

export type AppendFault =
  /** Nothing is written and the connection is cut. */
  | 'cut-before'
  /** All is written and the connection is cut: the answer is lost. */
  | 'cut-after'
  /** Nothing is written and nobody answers. */
  | 'mute-before'
  /** All is written and nobody answers. */
  | 'mute-after'
  /** Written, and answered late. */
  | 'slow'
  /** Server answers; nothing is written. */
  | 'timeout'
  | 'busy'
  | 'not-leader'
  | 'access-denied'
  /** Batch route: an error without its details, which 6.2.1 cannot read. */
  | 'no-details'

export type ReadFault =
  /** Cut after this many messages, or before the first. */
  | 'cut'
  | 'mute'
  | 'slow'
  | 'unavailable'
  /** A subscription ends as if all were well. */
  | 'end'
  /** A subscription gives what it gave once more. */
  | 'repeat'

export interface Fault<Kind extends string> {
  readonly kind: Kind
  /** Strikes this many calls; 1 when left out. */
  readonly times?: number
  /** Lets this many calls pass first. */
  readonly after?: number
  /** Only calls of the connection with this name. */
  readonly connection?: string
  /** Only calls to streams that begin so. */
  readonly stream?: string
  /** 'slow': how long. 'cut': messages before it. */
  readonly amount?: number
}

/** One kind of call; a wrong server may do worse to a partitioned client than to others. */
export class Script<Kind extends string> {
  #faults: { fault: Fault<Kind>; passes: number; left: number }[] = []
  /** How often each kind struck. */
  readonly struck = new Map<Kind, number>()

  put(fault: Fault<Kind>): void {
    this.#faults.push({ fault, passes: fault.after ?? 0, left: fault.times ?? 1 })
  }

  clear(): void {
    this.#faults = []
  }

  next(connection: string, stream: string): Fault<Kind> | undefined {
    for (const each of this.#faults) {
      const { fault } = each
      if (fault.connection !== undefined && fault.connection !== connection) continue
      if (fault.stream !== undefined && !stream.startsWith(fault.stream)) continue
      if (each.passes > 0) {
        each.passes--
        continue
      }
      each.left--
      if (each.left <= 0) this.#faults = this.#faults.filter(other => other !== each)
      this.struck.set(fault.kind, (this.struck.get(fault.kind) ?? 0) + 1)
      return fault
    }
    return undefined
  }
}
