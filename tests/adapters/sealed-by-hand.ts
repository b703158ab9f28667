// Seals a closed segment without the program: what a sealed day must look like to every reader.

import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { gzipSync } from 'node:zlib'
import { printSeal, sealBlockBytes } from '../../adapters/ledger-seal.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Seals the first segment of a ledger; later ones name the seal before them. */
export const sealByHand = (folder: string, segment: string): void => {
  const bytes = fs.readFileSync(`${folder}/${segment}`)
  const lines = bytes.toString('utf8').trimEnd().split('\n')
  const [first, last] = [lines[0], lines.at(-1)].map(line => JSON.parse(line ?? ''))
  const blocks: Buffer[] = []
  for (let from = 0; from < bytes.length; from += sealBlockBytes)
    blocks.push(gzipSync(bytes.subarray(from, from + sealBlockBytes)))
  const packed = Buffer.concat(blocks)
  const { ledgerId, book } = JSON.parse(fs.readFileSync(`${folder}/LEDGER.json`, 'utf8'))
  fs.writeFileSync(`${folder}/${segment}.gz`, packed)
  fs.writeFileSync(
    `${folder}/${segment}.seal.json`,
    printSeal({
      sealVersion: 1,
      segment,
      book,
      ledgerId,
      epoch: first.d.epoch,
      firstSeq: Number(first.n),
      lastSeq: Number(last.n),
      previousHash: first.p,
      lastHash: last.h,
      events: lines.length,
      bytes: bytes.length,
      sha256: sha256(bytes),
      gzSha256: sha256(packed),
      blockBytes: sealBlockBytes,
      blocks: blocks.map(block => block.length),
      previousSeal: '0'.repeat(64),
    }),
  )
  fs.rmSync(`${folder}/${segment}`)
}
