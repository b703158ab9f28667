// The unit templates that ship with the program, and their parts, by name.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../systemd')

export const shippedUnits = (): ReadonlyMap<string, string> =>
  new Map(readdirSync(folder).map(name => [name, readFileSync(join(folder, name), 'utf8')]))
