// The port to the data that events refer to.

/** Bytes that events refer to by their SHA-256: `ledger/data/<sha256>`. */
export interface DataFolder {
  /** Durable before it resolves. Gives the SHA-256. */
  put(bytes: Uint8Array): Promise<string>
  /** Copies a file in, unless it is there. */
  putFile(path: string): Promise<string>
  /** Throws when it is missing or its hash is not its name. */
  get(sha256: string): Promise<Uint8Array>
  /** Path of the checked file, for readers of files. */
  pathOf(sha256: string): Promise<string>
}
