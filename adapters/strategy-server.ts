// A strategy server over HTTP: one question, one deadline for the whole answer, and a limit to how much is read.

import type { Failure, Reply, StrategyServer } from '../domain/strategy-server.ts'
import { whyNoConnection } from './connection-failure.ts'

/** An evaluation is a few hundred bytes. */
const bytesMax = 65_536

class TooLarge extends Error {}

export const strategyServer: StrategyServer = {
  ask: async (url, deadlineMs, question): Promise<Reply> => {
    const begun = performance.now()
    const said = await saidTo(`${url}/strategy/evaluate`, deadlineMs, JSON.stringify(question))
    return { latencyMs: Math.round(performance.now() - begun), said }
  },
}

const saidTo = async (url: string, deadlineMs: number, body: string): Promise<Reply['said']> => {
  const failed = (reason: Failure['reason'], detail: string) => ({ failure: { reason, detail } })
  try {
    // A redirect is not followed: it could lead off this machine.
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(deadlineMs),
    })
    const bytes = await wholeBody(response)
    if (response.status !== 200) return failed('bad-status', `it answered with status ${response.status}`)
    try {
      return { json: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) }
    } catch {
      return failed('not-json', `its answer of ${bytes.length} bytes is no JSON`)
    }
  } catch (error) {
    if (error instanceof TooLarge) return failed('too-large', `its answer has more than ${bytesMax} bytes`)
    if (error instanceof Error && error.name === 'TimeoutError')
      return failed('timeout', `no whole answer within ${deadlineMs} ms`)
    return failed('unreachable', whyNoConnection(error))
  }
}

const wholeBody = async ({ body }: Response): Promise<Buffer> => {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of body ?? []) {
    length += part.length
    if (length > bytesMax) throw new TooLarge()
    parts.push(part)
  }
  return Buffer.concat(parts)
}
