// Champions from a folder: every .json file in it names one strategy, with its parameters, for one market.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Champion, ChampionFile, championId } from '../domain/champion.ts'
import { sha256 } from '../domain/hash.ts'
import { objectionsIn } from '../domain/objections.ts'

/** A champion file that cannot be used, or a folder without any. Nothing trades on a guess. */
export class BadChampion extends Error {
  readonly path: string
  constructor(path: string, what: string, remedy: string) {
    super(`${path}: ${what}; ${remedy}`)
    this.name = 'BadChampion'
    this.path = path
  }
}

/** All champions of a folder, in order of file name. Throws BadChampion. */
export const readChampions = (folder: string): readonly Champion[] => {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new BadChampion(
      folder,
      'there is no such folder of champions',
      'check its path in the configuration',
    )
  const names = readdirSync(folder)
    .filter(name => name.endsWith('.json'))
    .sort()
  if (names.length === 0)
    throw new BadChampion(folder, 'no champion lies in it', 'put a .json file with a merged_config there')

  const fileOf = new Map<string, string>()
  return names.map(name => {
    const champion = readChampion(join(folder, name), name)
    const id = championId(champion.strategy, champion.symbol, champion.timeframe)
    const other = fileOf.get(id)
    if (other !== undefined)
      throw new BadChampion(join(folder, name), `${other} is ${id} too`, 'keep one of the two')
    fileOf.set(id, name)
    return champion
  })
}

/** Changes whenever a file of the folder does: a look at names, sizes and times, no reading. */
export const championStamp = (folder: string): string =>
  readdirSync(folder)
    .filter(name => name.endsWith('.json'))
    .sort()
    .map(name => {
      const stat = statSync(join(folder, name), { throwIfNoEntry: false })
      return `${name} ${stat?.size} ${stat?.mtimeMs}`
    })
    .join('\n')

const readChampion = (path: string, name: string): Champion => {
  const bytes = readFileSync(path)
  const parsed = ChampionFile.safeParse(parseJson(path, bytes))
  if (!parsed.success)
    throw new BadChampion(path, objectionsIn(parsed.error), 'see examples/champions for files that fit')
  return { ...parsed.data, source: `champions/${name}`, sha256: sha256(bytes) }
}

const parseJson = (path: string, bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw new BadChampion(path, `it is no JSON (${(error as Error).message})`, 'correct it or restore a copy')
  }
}
