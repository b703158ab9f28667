// Copying files so that they are there after a power cut, with the names of all folders that were made for them.

import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { dirname } from 'node:path'
import { LedgerDamaged } from '../domain/event-store.ts'
import { nodeFiles, syncAbove } from './ledger-files.ts'

const copyBytes = 1024 * 1024

/** Copies a file, or its first bytes; durable, with the names of new folders. */
export const copyFile = async (from: string, to: string, bytes?: number): Promise<void> => {
  const source = await fs.promises.open(from, 'r')
  try {
    fs.mkdirSync(dirname(to), { recursive: true })
    const target = await fs.promises.open(to, 'wx', 0o644)
    try {
      const buffer = Buffer.allocUnsafe(copyBytes)
      let copied = 0
      while (bytes === undefined || copied < bytes) {
        const length = Math.min(copyBytes, (bytes ?? Number.POSITIVE_INFINITY) - copied)
        const { bytesRead } = await source.read(buffer, 0, length, copied)
        if (bytesRead === 0) break
        await target.writeFile(buffer.subarray(0, bytesRead))
        copied += bytesRead
      }
      if (bytes !== undefined && copied !== bytes)
        throw new LedgerDamaged(
          'lost-acknowledged',
          `${from} has ${copied} bytes, but ${bytes} were acknowledged`,
        )
      await target.sync()
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
  nodeFiles.syncFolder(dirname(to))
  syncAbove(nodeFiles, dirname(to))
}

/** 64 lower-case hex digits. */
export const hashOfFile = async (path: string): Promise<string> => {
  const hash = createHash('sha256')
  for await (const chunk of fs.createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
