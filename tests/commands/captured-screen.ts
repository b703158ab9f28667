// A screen whose output a test can read.

import { Writable } from 'node:stream'
import { terminalScreen } from '../../adapters/terminal-screen.ts'
import type { Screen } from '../../domain/screen.ts'

export interface CapturedScreen {
  readonly screen: Screen
  readonly stdout: () => string
  readonly stderr: () => string
}

export const capturedScreen = (json = false): CapturedScreen => {
  const text = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') =>
    new Writable({
      decodeStrings: false,
      write: (chunk, _encoding, done) => {
        text[name] += String(chunk)
        done()
      },
    })
  const screen = terminalScreen({ stdout: stream('stdout'), stderr: stream('stderr'), json, environment: {} })
  return { screen, stdout: () => text.stdout, stderr: () => text.stderr }
}
