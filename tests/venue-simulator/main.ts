// The venue simulator as a program.
//
//   main.js VENUE --folder DIR [--script FILE] [--live-for SECONDS]   serves until SIGTERM, the end of stdin, or the time is over
//   main.js books DIR                                                 prints the books of a folder, running or not
//
// It prints one line of JSON when it is ready: {"venue":"kraken","url":"http://127.0.0.1:…","control":"http://127.0.0.1:…","pid":…}.
// Exit codes: 0 stopped, 64 usage, 65 a script or folder it cannot use, 70 an error of its own.

import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { reportOf } from './books.ts'
import { seeded } from './chance.ts'
import { venueClock } from './clock.ts'
import { controlServer } from './control.ts'
import { openExchange } from './exchange.ts'
import { faults } from './faults.ts'
import { openJournal, readBooks } from './journal.ts'
import { protocols } from './protocols.ts'
import { readScript, type Script, type VenueName, venueNames } from './script.ts'
import { venueServer } from './server.ts'

const usage = `usage: main.js ${venueNames.join('|')} --folder DIR [--script FILE] [--live-for SECONDS]
       main.js books DIR`

const exit = (code: number, sentence: string): never => {
  process.stderr.write(`${sentence}\n`)
  process.exit(code)
}

const listen = (server: Server): Promise<string> =>
  new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  })

const scriptOf = (venue: VenueName, file: string | undefined): Script => {
  try {
    return readScript(venue, file === undefined ? {} : JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    return exit(65, `The script ${file} cannot be used: ${(error as Error).message}`)
  }
}

const serve = async (venue: VenueName, folder: string, script: Script, liveForS: number): Promise<void> => {
  const { rules, skin } = protocols[venue]
  const journal = openJournal(folder)
  const clock = venueClock(script.clock, journal.books.lastAt)
  const exchange = openExchange(venue, script, rules(script.seed), journal, clock)
  const rules_ = faults(seeded(script.seed), script.faults)
  const http = venueServer(skin(exchange), exchange, journal, rules_)
  const control = controlServer(exchange, journal, rules_, http)
  const stop = (code: number) => {
    journal.commit()
    journal.close()
    process.exit(code)
  }
  process.on('SIGTERM', () => stop(0))
  process.stdin
    .on('end', () => stop(0))
    .on('error', () => stop(0))
    .resume()
  setTimeout(() => stop(0), liveForS * 1000)
  const [url, controlUrl] = [await listen(http.server), await listen(control)]
  process.stdout.write(`${JSON.stringify({ venue, url, control: controlUrl, pid: process.pid })}\n`)
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    folder: { type: 'string' },
    script: { type: 'string' },
    'live-for': { type: 'string', default: '600' },
  },
})
const [what, where] = positionals
if (what === 'books' && where !== undefined)
  process.stdout.write(`${JSON.stringify(reportOf(readBooks(where)), null, 2)}\n`)
else if (
  !venueNames.includes(what as VenueName) ||
  values.folder === undefined ||
  !(Number(values['live-for']) > 0)
)
  exit(64, usage)
else
  serve(
    what as VenueName,
    values.folder,
    scriptOf(what as VenueName, values.script),
    Number(values['live-for']),
  ).catch((error: Error) => exit(70, error.stack ?? error.message))
