// SHA-256, the only hash of the project: over line bytes, datasets, and the causes that event ids come from.

import { hash } from 'node:crypto'

/** 64 lower-case hex digits of the SHA-256 of the given bytes (text is taken as UTF-8). */
export const sha256 = (bytes: string | Uint8Array): string => hash('sha256', bytes, 'hex')
