// The guardian's hands over the file system, child processes and the journal.

import { spawn } from 'node:child_process'
import { mkdirSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { GuardHands } from '../domain/guard.ts'

const outputMax = 20_000
const worldWritable = 0o002
const groupWritable = 0o020

/** `requests` is the folder that the units veritape-restart@….path watch. */
export const guardHands = (requests: string, environment: NodeJS.ProcessEnv): GuardHands => ({
  check: ([command = '', ...words]) =>
    new Promise((done, failed) => {
      const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] })
      let output = ''
      const take = (part: Buffer) => {
        output = (output + part.toString()).slice(-outputMax)
      }
      child.stdout.on('data', take)
      child.stderr.on('data', take)
      child.on('error', failed)
      child.on('close', (code, signal) => done({ code: code ?? (signal === null ? 128 : 129), output }))
    }),
  askRestart: book => {
    mkdirSync(requests, { recursive: true, mode: 0o700 })
    writeFileSync(join(requests, `${book}.restart`), `pid ${process.pid}\n`)
  },
  shout: sentence => {
    // The prefix is the level of syslog, which the journal takes off.
    writeSync(2, `${environment.JOURNAL_STREAM === undefined ? '' : '<3>'}veritape: ALERT ${sentence}\n`)
  },
  openToOthers: path =>
    [path, dirname(path)].some(each => {
      const { mode, gid } = statSync(each)
      return (mode & worldWritable) !== 0 || ((mode & groupWritable) !== 0 && gid !== 0)
    }),
})
