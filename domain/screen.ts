// The port to the person at the terminal: results on stdout, progress and remarks on stderr. Tables for people, plain
// text in a pipe, JSON when asked for.

export interface Screen {
  /** Whether `--json` was given: then `result` prints and `say`, `table` are silent. */
  readonly json: boolean
  /** Whether stdout is a terminal. */
  readonly terminal: boolean
  /** Characters in a line; 100 in a pipe. */
  readonly columns: number
  /** A line of text for people, on stdout. */
  say(line?: string): void
  /** A heading for people. */
  heading(text: string): void
  /** Columns of text; numbers are right-aligned where `numbers` names their column (0-based). */
  table(head: readonly string[], rows: ReadonlyArray<readonly string[]>, numbers?: readonly number[]): void
  /** A whole document on stdout, as it is: for a file or another program. */
  document(text: string): void
  /** The machine's version of the result, on stdout, only with `--json`. */
  result(value: unknown): void
  /** A remark on stderr. */
  note(line: string): void
  /** Progress on stderr, only on a terminal. `total` undefined when it is not known. */
  progress(label: string, total?: number): Progress
  readonly style: Style
}

export interface Progress {
  at(done: number): void
  stop(): void
}

/** Colour for people; the identity without a terminal or with NO_COLOR. */
export interface Style {
  strong(text: string): string
  good(text: string): string
  bad(text: string): string
  warn(text: string): string
  faint(text: string): string
}
