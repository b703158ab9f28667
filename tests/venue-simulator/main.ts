// The venue simulator as a program.
//
//   main.js VENUE --folder DIR [--script FILE] [--port N] [--live-for SECONDS]   serves until SIGTERM, the end of stdin, or the time is over
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

const usage = `usage: main.js ${venueNames.join('|')} --folder DIR [--script FILE] [--port N] [--live-for SECONDS]
       main.js books DIR`

const exit = (code: number, sentence: string): never => {
  process.stderr.write(`${sentence}\n`)
  process.exit(code)
}

const listen = (server: Server, port = 0): Promise<string> =>
  new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(port, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    )
  })

const scriptOf = (venue: VenueName, file: string | undefined): Script => {
  try {
    return readScript(venue, file === undefined ? {} : JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    return exit(65, `The script ${file} cannot be used: ${(error as Error).message}`)
  }
}

const serve = async (
  venue: VenueName,
  folder: string,
  script: Script,
  port: number,
  liveForS: number,
): Promise<void> => {
  const { rules, skin } = protocols[venue]
  const journal = openJournal(folder)
  const clock = venueClock(script.clock, journal.books.lastAt)
  const exchange = openExchange(venue, script, rules(script.seed), journal, clock)
  const broken = faults(seeded(script.seed), script.faults)
  const http = venueServer(skin(exchange), exchange, journal, broken)
  const control = controlServer(exchange, journal, broken, http)
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
  const [url, controlUrl] = [await listen(http.server, port), await listen(control)]
  process.stdout.write(`${JSON.stringify({ venue, url, control: controlUrl, pid: process.pid })}\n`)
  setTimeout(() => stop(0), liveForS * 1000)
}

const argumentsGiven = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        folder: { type: 'string' },
        script: { type: 'string' },
        port: { type: 'string', default: '0' },
        'live-for': { type: 'string', default: '600' },
      },
    })
  } catch {
    return exit(64, usage)
  }
}

const { positionals, values } = argumentsGiven()
const [what, where] = positionals
const venue = venueNames.find(name => name === what)
const liveForS = Number(values['live-for'])
const port = Number(values.port)
if (what === 'books' && where !== undefined)
  process.stdout.write(`${JSON.stringify(reportOf(readBooks(where)), null, 2)}\n`)
else if (venue === undefined || values.folder === undefined || !(liveForS > 0) || !Number.isInteger(port))
  exit(64, usage)
else
  serve(venue, values.folder, scriptOf(venue, values.script), port, liveForS).catch((error: Error) =>
    exit(70, error.stack ?? error.message),
  )
