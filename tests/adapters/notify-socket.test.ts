// What systemd hears: ready once, alive with every step, stopping at the end; and nobody hears without a descriptor.

import { expect, test } from 'vitest'
import { notifySocket } from '../../adapters/notify-socket.ts'

test('the first step says ready, each resets the watchdog, and a status stays one line', () => {
  const environment: NodeJS.ProcessEnv = { NOTIFY_FD: '5' }
  const heard: [number, string][] = []
  const notifier = notifySocket(environment, (descriptor, message) => heard.push([descriptor, message]))
  expect(environment).toEqual({})
  notifier.progress('cycle 1\nREADY=0')
  notifier.progress('cycle 2')
  notifier.stopping()
  expect(heard).toEqual([
    [5, 'READY=1\nWATCHDOG=1\nSTATUS=cycle 1 READY=0\n'],
    [5, 'WATCHDOG=1\nSTATUS=cycle 2\n'],
    [5, 'STOPPING=1'],
  ])
})

test.each([undefined, '', '0', '2', 'x'])('NOTIFY_FD %s: nobody hears', descriptor => {
  const notifier = notifySocket(descriptor === undefined ? {} : { NOTIFY_FD: descriptor }, () => {
    throw new Error('wrote')
  })
  notifier.progress('cycle 1')
  notifier.stopping()
})
