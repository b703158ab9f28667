// Which files of the data folder the events of a ledger refer to, found in the bytes: a SHA-256 in quotes that is the
// name of a file is a reference, whatever the event is called and whichever program wrote it.

import { chunksOf } from './ledger-scan.ts'
import { listSegments } from './ledger-segment.ts'
import { openSegment } from './ledger-segment-bytes.ts'

export interface DataReferences {
  /** Names that events mention, of those that are there. */
  readonly named: ReadonlySet<string>
  /** What events say they were made from: datasets, configurations, evidence. */
  readonly required: ReadonlySet<string>
}

const anyHash = /"([0-9a-f]{64})"/g
const requiredHash = /"(?:dataset|configHash|evidence)":"([0-9a-f]{64})"/g

/** Goes through all segments of a ledger. `there` are the names in the data folder. */
export const dataReferencesOf = async (
  folder: string,
  there: ReadonlySet<string>,
): Promise<DataReferences> => {
  const named = new Set<string>()
  const required = new Set<string>()
  for (const name of listSegments(folder)) {
    const segment = openSegment(folder, name)
    try {
      for await (const { bytes } of chunksOf(segment, 0, segment.size)) {
        const text = bytes.toString('latin1')
        if (there.size > 0)
          for (const [, sha256 = ''] of text.matchAll(anyHash)) if (there.has(sha256)) named.add(sha256)
        for (const [, sha256 = ''] of text.matchAll(requiredHash)) required.add(sha256)
      }
    } finally {
      segment.close()
    }
  }
  return { named, required }
}
