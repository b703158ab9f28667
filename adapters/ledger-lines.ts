// The lines of a write group on their way to the disk: bytes in one buffer that grows, and is used again for the next.

import { hash } from 'node:crypto'
import type { Recorded } from '../domain/event.ts'
import { bodyOf } from './ledger-line.ts'
import { lineBytesMax, trailerBytes } from './ledger-line-bytes.ts'

export interface LineBuffer {
  clear(): void
  /** Puts a line behind the others; gives its hash. The arguments are those of encodeLine. */
  add(event: Recorded, data: string, index: number, frame: string, previous: string): string
  /** All lines, until the next `clear`. */
  bytes(): Buffer
}

export const lineBuffer = (): LineBuffer => {
  let buffer = Buffer.allocUnsafeSlow(2 * lineBytesMax)
  let end = 0

  const makeRoom = () => {
    if (end + lineBytesMax <= buffer.length) return
    const larger = Buffer.allocUnsafeSlow(2 * buffer.length)
    buffer.copy(larger, 0, 0, end)
    buffer = larger
  }

  return {
    clear: () => {
      end = 0
    },
    add: (event, data, index, frame, previous) => {
      makeRoom()
      const start = end
      end += buffer.write(bodyOf(event, data, index, frame, previous), start, 'utf8')
      const own = hash('sha256', buffer.subarray(start, end), 'hex')
      buffer.write(`,"h":"${own}"}\n`, end, 'latin1')
      end += trailerBytes
      return own
    },
    bytes: () => buffer.subarray(0, end),
  }
}
