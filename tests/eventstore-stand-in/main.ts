// The stand-in as a process of its own. It prints its address, and takes orders on stdin, one JSON object a line:
//
//   {"append":{"kind":"cut-after","connection":"one"}}   {"read":{"kind":"mute"}}   {"do":"restart"}   {"do":"clear"}
//
// and answers each with a line.

import { createInterface } from 'node:readline'
import type { AppendFault, Fault, ReadFault } from './faults.ts'
import { standIn } from './server.ts'

interface Order {
  readonly append?: Fault<AppendFault>
  readonly read?: Fault<ReadFault>
  readonly do?: 'restart' | 'clear' | 'count'
}

const server = await standIn()
console.log(server.url)
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as Order
  if (order.append !== undefined) server.appends.put(order.append)
  if (order.read !== undefined) server.reads.put(order.read)
  if (order.do === 'restart') await server.restart()
  if (order.do === 'clear') {
    server.appends.clear()
    server.reads.clear()
  }
  console.log(order.do === 'count' ? `${server.log.records.length}` : 'done')
}
await server.kill()
