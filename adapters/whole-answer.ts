// An HTTP request with one deadline for everything: connecting, headers and the last byte of the body.
//
// A client that stops its timer at the headers waits for five minutes on a venue that sends half an answer.

import { whyNoConnection } from './connection-failure.ts'
import type { OwnSockets } from './own-sockets.ts'

/** What came back, as it is kept for evidence. */
export interface Heard {
  readonly status: number
  readonly body: string
  /** The venue's clock as the answer told it, ms since 1970 UTC. */
  readonly date: number | undefined
  /** How long the venue asks us to be quiet. */
  readonly retryAfterMs: number | undefined
}

/** The text of the last answer, for a person. */
export const bodyOf = (heard: readonly Heard[]): string => heard.at(-1)?.body ?? 'nothing was heard'

/** The last answer's JSON; undefined when it is none: no JSON is no answer, which is what the caller asks. */
export const parsedBody = (heard: readonly Heard[]): unknown => {
  try {
    return JSON.parse(heard.at(-1)?.body ?? '')
  } catch {
    return undefined
  }
}

interface Asked {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string | undefined
}

/** Statuses that have no body, by the Fetch standard: a response with one, even an empty one, cannot be made. */
const bodiless: ReadonlySet<number> = new Set([101, 204, 205, 304])

/**
 * A `fetch` whose answers are whole. Throws TimeoutError at the deadline, TypeError when the connection fails. Redirects
 * are refused: a signed request is for one address.
 */
export const wholeAnswers =
  (deadlineMs: number, onHeard: (heard: Heard) => void, { dispatcher }: Partial<OwnSockets> = {}) =>
  async (url: string, { method = 'GET', headers = {}, body }: Asked): Promise<Response> => {
    const { response, text } = await whole(url, {
      method,
      headers,
      redirect: 'error',
      signal: AbortSignal.timeout(deadlineMs),
      ...(dispatcher === undefined ? {} : { dispatcher }),
      ...(body === undefined ? {} : { body }),
    })
    const { status, statusText } = response
    const date = Date.parse(response.headers.get('date') ?? '')
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
    onHeard({
      status,
      body: text,
      date: Number.isNaN(date) ? undefined : date,
      retryAfterMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined,
    })
    return new Response(bodiless.has(status) ? null : text, { status, statusText, headers: response.headers })
  }

/** The body, too, may never come. A connection that fails says why. */
const whole = async (url: string, asked: RequestInit) => {
  try {
    const response = await fetch(url, asked)
    return { response, text: await response.text() }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new TypeError(error.message, { cause: new Error(whyNoConnection(error)) })
  }
}
