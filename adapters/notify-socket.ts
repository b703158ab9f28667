// The Notifier port over systemd's notify socket.
//
// Node cannot open a datagram socket of the unix family. systemd/notify.pl connects one before it becomes Node in the
// same process and leaves its number in NOTIFY_FD, so that NotifyAccess=main is enough and a message is one write.
// Protocol: sd_notify(3).

import { writeSync } from 'node:fs'
import type { Notifier } from '../domain/notifier.ts'

const nobody: Notifier = { progress: () => {}, stopping: () => {} }

/** Speaks to the descriptor that NOTIFY_FD names; to nobody without one. Takes NOTIFY_FD out, so that no child has it. */
export const notifySocket = (
  environment: NodeJS.ProcessEnv,
  write: (descriptor: number, message: string) => void = writeSync,
): Notifier => {
  const descriptor = Number(environment.NOTIFY_FD)
  if (!Number.isInteger(descriptor) || descriptor < 3) return nobody
  delete environment.NOTIFY_FD
  let ready = false
  return {
    progress: (status, memory) => {
      // The sandbox hides one service's processes from another: who judges the memory reads it here.
      const told = memory === undefined ? '' : `, ${Math.ceil(process.memoryUsage.rss() / 2 ** 20)} MB`
      const text = status.replaceAll('\n', ' ') + told
      write(descriptor, `${ready ? '' : 'READY=1\n'}WATCHDOG=1\nSTATUS=${text}\n`)
      ready = true
    },
    stopping: () => write(descriptor, 'STOPPING=1'),
  }
}
