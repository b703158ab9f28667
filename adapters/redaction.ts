// Secrets taken out of whatever is about to be logged: by the name they stand under, by how they look, and by what
// they are (the values of this process's own secrets). When in doubt it takes out too much.

export const redacted = '[redacted]'

export interface Redaction {
  text(given: string): string
  /** A copy without secrets, ready for JSON: errors become objects, cycles are cut. */
  value(given: unknown): unknown
}

const secretName =
  /(?:^|[^a-z])key$|api.?key|[a-z]Key$|(?:access|private|signing|encryption).?key|secret|token|passw|passphrase|credential|authori[sz]ation|cookie|signature|^APCA/i

/** The shortest value that is looked for as such: shorter ones are words of ordinary text. */
const valueLengthMin = 6

/** Values of the environment that stand under a secret's name, to be redacted wherever they occur. */
export const secretsIn = (environment: Readonly<Record<string, string | undefined>>): readonly string[] =>
  Object.entries(environment).flatMap(([name, value]) => {
    if (value === undefined) return []
    const inUrl = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@]*:([^/?#@]+)@/i.exec(value)?.[1]
    if (inUrl !== undefined) return [inUrl, decodeURIComponentSafely(inUrl)]
    return secretName.test(name) || name === 'LIVE_CONFIRM' ? [value.trim()] : []
  })

const decodeURIComponentSafely = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // it is not encoded, so it stands in the text as it is
  }
}

/** Each replaces what it finds; `$1` keeps what is no secret. */
const patterns: ReadonlyArray<readonly [RegExp, string]> = [
  [/-----BEGIN [A-Z0-9 ]+-----[\s\S]*?(?:-----END [A-Z0-9 ]+-----|$)/g, redacted],
  // Authorization: Bearer abc, also with the quotes of JSON
  [/(authorization["']?\s*[:=]\s*["']?)[^"'\r\n,}]+/gi, `$1${redacted}`],
  [/\b(Bearer|Basic|Digest)\s+[\w.~+/-]{8,}=*/gi, `$1 ${redacted}`],
  // apiKey=abc, "secret": "abc", APCA-API-SECRET-KEY: abc, X-MBX-APIKEY: abc
  [
    /\b([\w-]*(?:api[-_]?key|[-_]key|secret|token|passw(?:or)?d|passphrase|credential|signature|cookie)[\w-]*\\?["']?\s*[:=]\s*\\?["']?)(?!\[redacted)[^\s"'\\&,;}]+/gi,
    `$1${redacted}`,
  ],
  [/\b(APCA[-_][\w-]+\\?["']?\s*[:=]\s*\\?["']?)(?!\[redacted)[^\s"'\\&,;}]+/g, `$1${redacted}`],
  // user:password@ in a URL
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@"']*@/gi, `$1${redacted}@`],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, redacted],
  // Alpaca, AWS
  [/\b(?:PK|AK|CK|AKIA|ASIA)[A-Z0-9]{14,}\b/g, redacted],
  // base64 of 30 bytes or more, as exchanges give their secrets
  [/(?<![\w+/])[A-Za-z0-9+/]{40,}={1,2}/g, redacted],
]

/** 32 and more letters of both cases and digits are a key; a SHA-256 in lower-case hex is not. */
const keyLike = /(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[A-Za-z0-9_]{32,}(?![\w-])/g

const depthMax = 8

/** `secrets`: values that must not appear, whatever they look like. */
export const redaction = (secrets: readonly string[]): Redaction => {
  const known = [...new Set(secrets)]
    .filter(each => each.length >= valueLengthMin)
    .sort((a, b) => b.length - a.length)

  const text = (given: string): string => {
    let clean = given
    for (const secret of known) if (clean.includes(secret)) clean = clean.replaceAll(secret, redacted)
    for (const [pattern, replacement] of patterns) clean = clean.replace(pattern, replacement)
    return clean.replace(keyLike, redacted)
  }

  const inner = (given: unknown, above: readonly object[]): unknown => {
    if (typeof given === 'string') return text(given)
    if (typeof given === 'bigint') return String(given)
    if (typeof given !== 'object' || given === null) return given
    if (above.includes(given)) return '[circular]'
    if (above.length >= depthMax) return '[deeper]'
    const path = [...above, given]
    if (given instanceof Error) {
      const { name, message, stack, cause } = given
      const own = inner({ ...given }, path) as object
      const because = cause === undefined ? {} : { cause: inner(cause, path) }
      return { ...own, type: name, message: text(message), stack: text(stack ?? ''), ...because }
    }
    if (ArrayBuffer.isView(given)) return `[${given.byteLength} bytes]`
    if (given instanceof Date) return Number.isNaN(given.getTime()) ? 'no date' : given.toISOString()
    if (Array.isArray(given)) return given.map(each => inner(each, path))
    if (given instanceof Set) return [...given].map(each => inner(each, path))
    const entries =
      given instanceof Map ? [...given].map(([k, v]) => [String(k), v] as const) : Object.entries(given)
    return Object.fromEntries(
      entries.map(([name, each]) => {
        const hidden =
          secretName.test(name) && each !== undefined && each !== null && typeof each !== 'boolean'
        return [text(name), hidden ? redacted : inner(each, path)]
      }),
    )
  }

  return { text, value: given => inner(given, []) }
}
