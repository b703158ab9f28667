// What is wrong with a file of candles, in words that say where and what to do about it.

/** A row that cannot be used. Nothing of its file is: half a recording would be a different recording. */
export class BadRow extends Error {
  readonly file: string
  /** From 1, the header included. */
  readonly line: number
  constructor(file: string, line: number, what: string, remedy: string) {
    super(`${file}, line ${line}: ${what}; ${remedy}`)
    this.name = 'BadRow'
    this.file = file
    this.line = line
  }
}

/** A file that cannot be read at all, or is not the file it is said to be. */
export class CandleFileUnusable extends Error {
  readonly file: string
  constructor(file: string, what: string, remedy: string) {
    super(`${file}: ${what}; ${remedy}`)
    this.name = 'CandleFileUnusable'
    this.file = file
  }
}
