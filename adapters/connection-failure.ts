// Why a connection came to nothing, in words: `fetch` says only that it failed, and keeps the reason in the cause.

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'its name cannot be resolved',
  EAI_AGAIN: 'its name cannot be resolved',
  ECONNRESET: 'the connection was reset',
  UND_ERR_SOCKET: 'the connection broke',
  CERT_HAS_EXPIRED: 'its certificate has expired',
}

/** 'nobody listens there (ECONNREFUSED)'; no address and nothing that was sent is in it. */
export const whyNoConnection = (error: unknown): string => {
  const cause = error instanceof Error ? error.cause : undefined
  if (!(cause instanceof Error)) return 'the connection broke'
  if (!('code' in cause)) return cause.message // 'unexpected redirect'
  const code = String(cause.code)
  return `${words[code] ?? 'no connection that lasts'} (${code})`
}
