// The guardian's hands over the file system, child processes and the journal.

import { spawn } from 'node:child_process'
import { mkdirSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import type { GuardHands } from '../domain/guard.ts'
import { codeOf, nodeFiles, replaceFile } from './ledger-files.ts'
import { sweepLocks } from './stale-locks.ts'

const outputMax = 20_000
/** A check that hangs is a failed one; systemd's own limit for the guardian is longer. */
const runMaxMs = 240_000
const worldWritable = 0o002
const groupWritable = 0o020

export interface HandSettings {
  /** The folder that the units veritape-restart@….path watch. */
  readonly requests: string
  /** The folder of all views: alarm files lie in it, beside the books. */
  readonly state: string
  readonly environment: NodeJS.ProcessEnv
  readonly runMaxMs?: number
}

export const guardHands = ({ requests, state, environment, ...settings }: HandSettings): GuardHands => {
  const request = (name: string) => {
    mkdirSync(requests, { recursive: true, mode: 0o700 })
    writeFileSync(join(requests, name), `pid ${process.pid}\n`)
  }
  return {
    run: words => runToEnd(words, settings.runMaxMs ?? runMaxMs),
    askRestart: book => request(`${book}.restart`),
    askRestartOf: unit => request(`${unit.replace(/\.service$/, '')}.unit`),
    clearLocks: sweepLocks,
    shout: sentence => {
      // The prefix is the level of syslog, which the journal takes off.
      writeSync(2, `${environment.JOURNAL_STREAM === undefined ? '' : '<3>'}veritape: ALERT ${sentence}\n`)
    },
    alarm: (book, sentence) => {
      const path = join(state, `ALARM-${book}`)
      try {
        if (sentence === undefined) rmSync(path, { force: true })
        else {
          mkdirSync(state, { recursive: true })
          replaceFile(nodeFiles, state, `ALARM-${book}`, sentence)
        }
      } catch (error) {
        if (codeOf(error) === undefined) throw error
        writeSync(2, `veritape: ${path} cannot be written (${codeOf(error)})\n`) // the alarm goes on elsewhere
      }
    },
    openToOthers: path =>
      [path, dirname(path)].some(each => {
        const { mode, gid } = statSync(each)
        return (mode & worldWritable) !== 0 || ((mode & groupWritable) !== 0 && gid !== 0)
      }),
    filesAmong: words =>
      words.filter(word => isAbsolute(word) && statSync(word, { throwIfNoEntry: false })?.isFile() === true),
  }
}

/** Code 127: it could not be started. 124: it did not end in time and was killed, it alone. */
const runToEnd = (
  [command = '', ...words]: readonly string[],
  limitMs: number,
): Promise<{ readonly code: number; readonly output: string }> =>
  new Promise(done => {
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let late = false
    const take = (part: Buffer) => {
      output = (output + part.toString()).slice(-outputMax)
    }
    const timer = setTimeout(() => {
      late = true
      take(Buffer.from(`\nkilled: it did not end within ${limitMs / 1000} s\n`))
      child.kill('SIGKILL')
      // A child of the child may hold the pipes open for ever.
      child.stdout.destroy()
      child.stderr.destroy()
    }, limitMs)
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.on('error', error => {
      clearTimeout(timer)
      done({ code: 127, output: `${output}${error.message}\n` })
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      done({ code: late ? 124 : (code ?? (signal === null ? 128 : 129)), output })
    })
  })
