// Commands of a document that need a machine with systemd: blocks whose fence says ```sh box. One command a line; what stands
// behind # is for people, except numbers in front of a colon: the exit codes that are expected, 0 where none stand.

/** The pages of docs/ that have such blocks, in the order in which they are played, one behind the other. */
export const boxPages = ['runbooks.md', 'operations.md', 'without-systemd.md'] as const

export interface BoxCommand {
  /** Title of the section. */
  readonly section: string
  readonly command: string
  readonly codes: readonly number[]
}

/** All of them, in order. */
export const boxCommands = (text: string): readonly BoxCommand[] => {
  const found: BoxCommand[] = []
  let section = ''
  let inside = false
  for (const line of text.split('\n')) {
    if (line.startsWith('```')) inside = line === '```sh box'
    else if (!inside) section = /^#+ (.+)$/.exec(line)?.[1] ?? section
    else if (line !== '') found.push({ section, ...commandOf(line) })
  }
  return found
}

const commandOf = (line: string): Omit<BoxCommand, 'section'> => {
  const [, command = line, codes = '0'] = /^(.*?) +# (\d+(?:(?:, | or )\d+)*): .*$/.exec(line) ?? []
  return { command, codes: codes.split(/, | or /).map(Number) }
}
