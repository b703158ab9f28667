// Appends an event that only a program of tomorrow could write: good bytes, unknown meaning.

import fs from 'node:fs'
import { printSlot } from '../../adapters/ledger-head.ts'
import { encodeLine } from '../../adapters/ledger-line.ts'
import { type LedgerLine, segmentsOf } from '../cli/files.ts'

/** `type` and `version` as the line says; the stream is new. */
export const writtenTomorrow = (folder: string, type: string, version: number): void => {
  const segment = segmentsOf(folder).at(-1) as string
  const text = fs.readFileSync(`${folder}/${segment}`, 'utf8')
  const last = JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as LedgerLine
  const seq = Number(last.n) + 1
  const at = last.at.replace(
    /\d{6}Z$/,
    micros => `${String(Number(micros.slice(0, 6)) + 1).padStart(6, '0')}Z`,
  )
  const { text: line, hash } = encodeLine(
    {
      ...{ seq, at, stream: 'tomorrow', revision: 0, id: '0b1c2d3e-4f50-8a61-8b72-9c83a4d5e6f7' },
      ...{ cause: 0, correlation: seq, run: 0, event: { type, version, data: {} } },
    },
    '{"dividend":"12.5"}',
    1,
    '0001',
    last.h,
  )
  fs.appendFileSync(`${folder}/${segment}`, line)
  const end = fs.statSync(`${folder}/${segment}`).size
  fs.writeFileSync(`${folder}/HEAD`, printSlot({ seq, segment, end, hash }).repeat(2))
}
