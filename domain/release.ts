// A release of the program on a machine: what is asked of it before it may run, and the port to the folder where
// releases lie side by side.
//
//   /opt/veritape/releases/0.1.0-4f1c2a9b7d03/   each as it was fetched, named by version and content
//   /opt/veritape/current                        a link to the one that runs
//   /opt/veritape/previous                       a link to the one before, which a rollback takes
//   /opt/veritape/DEPLOYING                      while one takes the place of the other: which, so that a crash is noticed

import * as z from 'zod'
import type { CalendarDate } from './time.ts'

/** Where a release comes from. */
export type Source =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'archive'; readonly path: string }
  | { readonly kind: 'download'; readonly url: string }
  | { readonly kind: 'git'; readonly url: string; readonly ref: string }

/** Reads 'git+URL#REF', a link to an archive, a path of an archive, or else a folder. */
export const sourceOf = (text: string): Source => {
  const [, url, ref] = /^git\+([^#]+)(?:#(.+))?$/.exec(text) ?? []
  if (url !== undefined) return { kind: 'git', url, ref: ref ?? 'HEAD' }
  if (/^https?:\/\//.test(text)) return { kind: 'download', url: text }
  return /\.(?:tgz|tar\.gz)$/.test(text) ? { kind: 'archive', path: text } : { kind: 'folder', path: text }
}

/** What of a release cannot be used, as a sentence that says what to do. */
export class ReleaseUnusable extends Error {
  constructor(sentence: string) {
    super(sentence)
    this.name = 'ReleaseUnusable'
  }
}

/** A program on this machine: which node runs which file. */
export interface Installed {
  readonly node: string
  /** Folder of its package.json. */
  readonly prefix: string
}

/** As whom a program is run: in the sandbox and with the keys of the book's units. */
export interface AsUnit {
  readonly book: string
  readonly user: string
  readonly credentials: readonly string[]
}

export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Releases side by side in a folder. Names as '0.1.0-4f1c2a9b7d03'. */
export interface Releases {
  readonly folder: string
  /** The link to the one that runs: the prefix of the units. */
  readonly link: string
  /** Keeps a second deployment out; undefined when one is under way. */
  hold(): (() => void) | undefined
  current(): string | undefined
  previous(): string | undefined
  prefixOf(release: string): string
  /**
   * Fetches a release and installs its locked dependencies, or finds that it is here already. A crash leaves no half of
   * one. Throws ReleaseUnusable.
   */
  bring(
    source: Source,
    sha256: string | undefined,
    node: string,
    say: (line: string) => void,
  ): Promise<string>
  /** What a deployment that did not end was doing. */
  interrupted(): { readonly from: string | undefined; readonly to: string } | undefined
  /** Marks that one release takes the place of another. */
  begin(to: string): void
  /** Makes each link in one step, or takes it away. */
  relink(current: string | undefined, previous: string | undefined): void
  /** Takes the mark away. */
  end(): void
  /** Removes all but the newest `keep` and those that are linked; gives their names. */
  prune(keep: number): readonly string[]
  /** Runs a verb of a program as the units of a book would. */
  run(program: Installed, argv: readonly string[], as: AsUnit): Promise<Said>
  /** Runs a verb of a program as root. */
  runHere(program: Installed, argv: readonly string[]): Promise<Said>
  /** Days of which a book has lines in its embedded ledger, oldest first. */
  daysOf(book: string): readonly CalendarDate[]
}

/** The last day that is over; of a book that began today, today. Undefined when nothing was ever recorded. */
export const dayToProve = (days: readonly CalendarDate[], today: CalendarDate): CalendarDate | undefined =>
  days.filter(day => day < today).at(-1) ?? days.at(-1)

const Proof = z.object({
  decisions: z.number(),
  identical: z.number(),
  differences: z.array(
    z.object({ seq: z.number(), kind: z.string(), recorded: z.string(), again: z.string() }),
  ),
})
export type ReleaseProof = z.infer<typeof Proof>

/** What `replay --prove --json` prints; undefined when it is something else. */
export const readProof = (stdout: string): ReleaseProof | undefined => parsed(Proof, stdout)

const Preflight = z.object({
  lines: z.array(
    z.object({ name: z.string(), verdict: z.string(), saw: z.string(), todo: z.string().optional() }),
  ),
})

/** Lines of the preflight about what a release needs; the others are about the hour. */
const needed = ['configuration', 'market clock', 'ledger', 'universe', 'bars', 'champions']

/** Sentences about what a release needs and does not find; undefined when the preflight said nothing that can be read. */
export const objectionsIn = (stdout: string): readonly string[] | undefined =>
  parsed(Preflight, stdout)
    ?.lines.filter(({ name, verdict }) => verdict === 'FAIL' && needed.includes(name))
    .map(({ name, saw, todo }) => `${name}: ${saw}${todo === undefined ? '' : `; ${todo}`}`)

const Health = z.object({
  verdict: z.string(),
  checks: z.array(z.object({ name: z.string(), verdict: z.string(), saw: z.string() })),
})
export type ReleaseHealth = z.infer<typeof Health>

export const readHealth = (stdout: string): ReleaseHealth | undefined => parsed(Health, stdout)

/** Checks that are unhealthy after a deployment and were not before it: what it is to blame for. */
export const worsened = (before: ReleaseHealth | undefined, after: ReleaseHealth): readonly string[] => {
  const ill = new Set(before?.checks.filter(({ verdict }) => verdict === 'unhealthy').map(({ name }) => name))
  return after.checks
    .filter(({ name, verdict }) => verdict === 'unhealthy' && !ill.has(name))
    .map(({ name, saw }) => `${name}: ${saw}`)
}

const parsed = <T>(schema: z.ZodType<T>, stdout: string): T | undefined => {
  try {
    return schema.safeParse(JSON.parse(stdout)).data
  } catch (error) {
    if (error instanceof SyntaxError) return undefined // it was no JSON
    throw error
  }
}
