// Makes golden folders. Needs Node 22.18 or later (it is TypeScript) and a build: npm run build.
//
//   node tests/stories-write.ts --write NAME …   tells these stories anew: ledger and views
//   node tests/stories-write.ts --views [NAME …] writes only the views anew, from the ledgers as they are
//   node tests/stories-write.ts --events v2      writes tests/ledgers/v2, a ledger with an event of every kind
//
// How a story is made: describe it in tests/stories-told.ts as the commands that someone types, `--write` it, then
// READ what came out (`veritape replay`, `why`, the views) and commit it when it is what the name says. From then on
// its bytes are what the program must give. When a view changes on purpose, `--views` and a look at the difference.
// A ledger is never written anew for a changed program: what was written once must be read for ever.

import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeEveryEvent } from './stories-of-every-event.ts'
import { stageOf, stories } from './stories-told.ts'

const here = import.meta.dirname
const [what, ...names] = process.argv.slice(2)

/** What says who holds a book now, and what only saves time, is not part of a golden ledger. */
const isKept = (path: string): boolean => !/\/(LOCK|EXECUTOR|CHECKPOINT)$/.test(path)

const inTemporaryFolder = async (work: (folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'veritape-story-'))
  try {
    await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const replace = (from: string, to: string): void => {
  rmSync(to, { recursive: true, force: true })
  mkdirSync(to, { recursive: true })
  cpSync(from, to, { recursive: true, filter: isKept })
}

const told = (name: string) => {
  const story = stories.find(each => each.name === name)
  if (story === undefined)
    throw new Error(`no story is called ${name}; there are ${stories.map(s => s.name)}`)
  return story
}

const write = (name: string): Promise<void> =>
  inTemporaryFolder(async folder => {
    const story = told(name)
    const stage = stageOf(story, folder)
    await story.tell(stage)
    stage.veritape(['project', '--once'])
    stage.veritape(['rebuild']) // which ends with 1 unless every view is the same
    for (const part of ['ledger', 'state']) replace(join(folder, part), join(here, 'stories', name, part))
  })

const rewriteViews = (name: string): Promise<void> =>
  inTemporaryFolder(async folder => {
    cpSync(join(here, 'stories', name, 'ledger'), join(folder, 'ledger'), { recursive: true })
    const stage = stageOf({ ...told(name) }, folder)
    stage.configure({})
    stage.veritape(['rebuild'])
    replace(join(folder, 'state'), join(here, 'stories', name, 'state'))
  })

switch (what) {
  case '--write':
    for (const name of names) await write(name)
    break
  case '--views':
    for (const name of names.length > 0 ? names : readdirSync(join(here, 'stories'))) await rewriteViews(name)
    break
  case '--events': {
    const [version = ''] = names
    const ledger = join(here, 'ledgers', version)
    if (!/^v\d+$/.test(version) || existsSync(ledger))
      throw new Error('name a version that is not there yet: --events v2. Old ledgers stay as they are')
    await inTemporaryFolder(async folder => {
      await writeEveryEvent(folder)
      replace(join(folder, 'every-event'), join(ledger, 'every-event'))
    })
    break
  }
  default:
    throw new Error('say --write NAME, --views or --events; the head of tests/stories-write.ts explains them')
}
