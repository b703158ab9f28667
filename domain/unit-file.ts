// A unit file of systemd as text: its settings, and what it becomes for one machine. Format: systemd.syntax(7).

export interface UnitSetting {
  readonly section: string
  readonly key: string
  readonly value: string
}

/** Settings in order. Comments and empty lines are left out; our units continue no lines. */
export const settingsOf = (text: string): readonly UnitSetting[] => {
  let section = ''
  const found: UnitSetting[] = []
  for (const line of text.split('\n').map(each => each.trim())) {
    if (line === '' || /^[#;]/.test(line)) continue
    const head = /^\[(.+)\]$/.exec(line)?.[1]
    const equals = line.indexOf('=')
    if (head !== undefined) section = head
    else if (equals > 0) found.push({ section, key: line.slice(0, equals), value: line.slice(equals + 1) })
    else throw new Error(`a unit file has the line '${line}', which is no setting`)
  }
  return found
}

/** All values of a key, in order. */
export const valuesOf = (settings: readonly UnitSetting[], wanted: string): readonly string[] =>
  settings.filter(({ key }) => key === wanted).map(({ value }) => value)

/** Where the program lies on a machine, and as whom it runs. */
export interface Place {
  /** Folder of the program: its package.json lies there. */
  readonly prefix: string
  readonly user: string
  /** The node that runs it. */
  readonly node: string
}

/** A place that a sandboxed unit could not use or a unit file could not name, as a sentence; undefined when it is fine. */
export const objectionTo = ({ prefix, user, node }: Place): string | undefined => {
  for (const [flag, path] of [
    ['--prefix', prefix],
    ['--node', node],
  ] as const) {
    if (!/^(?:\/[A-Za-z0-9._+-]+)+$/.test(path))
      return `${flag} ${path} is no plain absolute path; use letters, digits and . _ + - between slashes`
    if (/^\/(?:home|root|run\/user|tmp|var\/tmp)\//.test(`${path}/`))
      return `${flag} ${path} is hidden from units (ProtectHome, PrivateTmp); put it under /opt or /usr`
  }
  if (!/^[a-z_][a-z0-9_-]{0,30}$/.test(user)) return `--user ${user} is no name of a system user`
  return undefined
}

/**
 * A template with its placeholders filled in: `@prefix@`, `@user@`, `@node@`, and a line `@name@` by the lines of the
 * file `name.conf`. Throws when one is left over.
 */
export const rendered = (text: string, place: Place, parts: ReadonlyMap<string, string>): string => {
  const whole = text.replaceAll(
    /^@([a-z]+)@$/gm,
    (line, name) => parts.get(`${name}.conf`)?.trimEnd() ?? line,
  )
  const filled = whole.replaceAll(/@(prefix|user|node)@/g, (_, name) => place[name as keyof Place])
  const left = /@[a-z]+@/.exec(filled)?.[0]
  if (left !== undefined) throw new Error(`the unit template has a placeholder ${left} that nothing fills`)
  return filled
}
