// The stand-in's database: one log, streams in it, and the server's rules of what an append is answered with. Written
// from the wire rules that docs/eventstoredb.md names; the server compares ids only, never what an event says.
//
//   tombstoned ─▶ stream_exists ─▶ any: cache of recent ids ─▶ exact: ids in the log ─▶ written

export interface StoredRecord {
  /** Place in the log: has gaps, as a server's bytes have. */
  readonly position: bigint
  readonly stream: string
  readonly revision: bigint
  readonly id: string
  readonly type: string
  readonly contentType: string
  /** 100 ns since 1970. */
  readonly created: bigint
  readonly data: Uint8Array
  readonly metadata: Uint8Array
}

export type ProposedRecord = Pick<StoredRecord, 'id' | 'type' | 'contentType' | 'data' | 'metadata'>

export type ExpectedRevision = 'any' | 'stream_exists' | 'no_stream' | { readonly revision: bigint }

export type Committed =
  | { readonly kind: 'written' | 'idempotent'; readonly revision: bigint; readonly position: bigint }
  | { readonly kind: 'wrong-version'; readonly current: bigint }
  | { readonly kind: 'stream-deleted' }
  | { readonly kind: 'too-large'; readonly limit: number }

export interface LogLimits {
  /** Data and metadata of one append, with the name of each type counted twice; 1 MiB up to 25.0, 256 MiB since. */
  readonly appendBytesMax: number
  /** How many recent ids `any` remembers; the server counts 8 MiB of memory. */
  readonly recentIdsMax: number
}

const tombstone = 9_223_372_036_854_775_807n

export class Log {
  readonly records: StoredRecord[] = []
  readonly #streams = new Map<string, StoredRecord[]>()
  readonly #tombstoned = new Set<string>()
  /** Of recent appends: id to where it was written. Lost at a restart. */
  #recent = new Map<string, StoredRecord>()
  readonly #waiting = new Set<() => void>()
  readonly limits: LogLimits

  constructor(limits: Partial<LogLimits> = {}) {
    this.limits = { appendBytesMax: 1024 * 1024, recentIdsMax: 10_000, ...limits }
  }

  /** All records of a stream, the hidden ones of a deleted or truncated one included. */
  all(stream: string): readonly StoredRecord[] {
    return this.#streams.get(stream) ?? []
  }

  /** The first revision that a read gives: what was truncated or soft-deleted before it is hidden. */
  firstVisible(stream: string): bigint {
    const last = this.all(`$$${stream}`).at(-1)
    if (last === undefined) return 0n
    const { $tb, $maxCount } = JSON.parse(Buffer.from(last.data).toString()) as Record<string, unknown>
    const before = $tb === undefined ? 0n : BigInt($tb as number | string)
    const kept = $maxCount === undefined ? 0n : BigInt(this.all(stream).length) - BigInt($maxCount as number)
    return before > kept ? before : kept
  }

  isTombstoned(stream: string): boolean {
    return this.#tombstoned.has(stream)
  }

  /** Soft-deleted, or truncated to its end: there are events, and none is shown. */
  isSoftDeleted(stream: string): boolean {
    return this.all(stream).length > 0 && this.firstVisible(stream) >= BigInt(this.all(stream).length)
  }

  exists(stream: string): boolean {
    return this.all(stream).length > 0 && !this.isSoftDeleted(stream) && !this.isTombstoned(stream)
  }

  onCommit(wake: () => void): () => void {
    this.#waiting.add(wake)
    return () => this.#waiting.delete(wake)
  }

  commit(stream: string, expected: ExpectedRevision, proposed: readonly ProposedRecord[]): Committed {
    if (this.isTombstoned(stream)) return { kind: 'stream-deleted' }
    const bytes = proposed.reduce((sum, { data, metadata, type }) => {
      return sum + data.length + metadata.length + 2 * type.length
    }, 0)
    const { appendBytesMax } = this.limits
    if (bytes > appendBytesMax) return { kind: 'too-large', limit: appendBytesMax }
    const there = this.all(stream)
    const current = BigInt(there.length) - 1n
    if (expected === 'stream_exists') {
      if (this.isSoftDeleted(stream)) return { kind: 'stream-deleted' }
      if (current < 0n && this.all(`$$${stream}`).length === 0) return { kind: 'wrong-version', current }
    }
    if (expected === 'any' || expected === 'stream_exists')
      return this.#weakly(stream, proposed, current) ?? this.#write(stream, proposed)
    const at = expected === 'no_stream' ? -1n : expected.revision
    if (at > current) return { kind: 'wrong-version', current }
    if (at === current) return this.#write(stream, proposed)
    const idempotent = this.#idempotentAt(there, Number(at) + 1, proposed)
    if (idempotent !== undefined)
      return this.isSoftDeleted(stream) ? { ...idempotent, position: -1n } : idempotent
    const firstDiffers = there[Number(at) + 1]?.id !== proposed[0]?.id
    if (expected === 'no_stream' && this.isSoftDeleted(stream) && firstDiffers)
      return this.#write(stream, proposed)
    return { kind: 'wrong-version', current }
  }

  #weakly(stream: string, proposed: readonly ProposedRecord[], current: bigint): Committed | undefined {
    const found = (id: string | undefined) => {
      const recent = id === undefined ? undefined : this.#recent.get(id)
      return recent?.stream === stream ? recent : undefined
    }
    if (found(proposed[0]?.id) === undefined) return undefined // later ids are not looked at
    const last = found(proposed.at(-1)?.id)
    if (last === undefined || proposed.some(({ id }) => found(id) === undefined))
      return { kind: 'wrong-version', current }
    return { kind: 'idempotent', revision: last.revision, position: last.position }
  }

  #idempotentAt(there: readonly StoredRecord[], from: number, proposed: readonly ProposedRecord[]) {
    const last = there[from + proposed.length - 1]
    if (last === undefined || proposed.length === 0) return undefined
    if (!proposed.every(({ id }, index) => there[from + index]?.id === id)) return undefined
    return { kind: 'idempotent', revision: last.revision, position: last.position } as const
  }

  #write(stream: string, proposed: readonly ProposedRecord[]): Committed {
    const there = this.#streams.get(stream) ?? []
    // Recreating a soft-deleted stream goes on with its numbers and shows only what is new.
    if (!stream.startsWith('$$') && this.isSoftDeleted(stream)) this.#truncate(stream, BigInt(there.length))
    let revision = BigInt(there.length) - 1n
    let position = this.records.at(-1)?.position ?? -97n
    const created = BigInt(Date.now()) * 10_000n
    const written = proposed.map((each): StoredRecord => {
      revision += 1n
      position += 97n
      return { ...each, stream, revision, position, created }
    })
    there.push(...written)
    this.#streams.set(stream, there)
    this.records.push(...written)
    for (const each of written) if (!this.#recent.has(each.id)) this.#recent.set(each.id, each)
    for (const oldest of this.#recent.keys()) {
      if (this.#recent.size <= this.limits.recentIdsMax) break
      this.#recent.delete(oldest)
    }
    for (const wake of [...this.#waiting]) wake()
    return { kind: 'written', revision, position }
  }

  #truncate(stream: string, before: bigint): void {
    const text = `{"$tb":${before}}`
    const id = crypto.randomUUID()
    const metadata = new Uint8Array()
    const data = Buffer.from(text)
    this.#write(`$$${stream}`, [{ id, type: '$metadata', contentType: 'application/json', data, metadata }])
  }

  /** The version that a delete was refused with, or where it was written. */
  softDelete(stream: string, expected: ExpectedRevision): Committed {
    const refused = this.#refusedDelete(stream, expected, false)
    if (refused !== undefined) return refused
    this.#truncate(stream, tombstone)
    return { kind: 'written', revision: -1n, position: this.records.at(-1)?.position ?? 0n }
  }

  /** For ever, and also where there never was a stream. */
  tombstone(stream: string, expected: ExpectedRevision): Committed {
    const refused = this.#refusedDelete(stream, expected, true)
    if (refused !== undefined) return refused
    this.#tombstoned.add(stream)
    for (const wake of [...this.#waiting]) wake()
    return { kind: 'written', revision: tombstone, position: (this.records.at(-1)?.position ?? 0n) + 1n }
  }

  #refusedDelete(stream: string, expected: ExpectedRevision, alsoMissing: boolean): Committed | undefined {
    if (this.isTombstoned(stream)) return { kind: 'stream-deleted' }
    const current = BigInt(this.all(stream).length) - 1n
    if (current < 0n && !(alsoMissing && (expected === 'any' || expected === 'no_stream')))
      return { kind: 'wrong-version', current }
    if (typeof expected === 'object' && expected.revision !== current)
      return { kind: 'wrong-version', current }
    return undefined
  }

  /** What a restart forgets. */
  forgetRecent(): void {
    this.#recent = new Map()
  }
}
