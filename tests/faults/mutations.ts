// The bugs that the fault suite must find: each is one change of the store that somebody could make in good faith.

interface Edit {
  /** Stands in the file exactly once. */
  readonly find: string
  readonly put: string
}

export interface Mutation extends Edit {
  /** As its author would have to confess it. */
  readonly name: string
  readonly file: string
  /** The part of the suite that finds it soonest, which is run first. */
  readonly soonest?: string
  /** A second place, where one edit is not enough. */
  readonly also?: Edit
}

const writer = 'adapters/ledger-writer.ts'

export const mutations: readonly Mutation[] = [
  {
    name: 'acknowledges before the sync',
    soonest: 'power-cut',
    file: writer,
    find: '    sync(fd)\n    group.settle(segment, start + bytes.length)\n',
    put: '    group.settle(segment, start + bytes.length)\n',
  },
  {
    name: 'moves HEAD before the sync',
    soonest: 'power-cut',
    file: writer,
    find: "    sync(fd)\n    group.settle(segment, start + bytes.length)\n    return moveHeadOr('the events are durable, but ')\n",
    put: "    group.settle(segment, start + bytes.length)\n    const moved = moveHeadOr('the events are durable, but ')\n    sync(fd)\n    return moved\n",
  },
  {
    name: 'tries a failed sync again',
    file: writer,
    find: '      files.sync(fd)\n    } catch (error) {\n      poison.spread(error)\n    }\n',
    put: '      files.sync(fd)\n    } catch {\n      files.sync(fd)\n    }\n',
  },
  {
    name: 'ignores a short write',
    file: 'adapters/ledger-appending.ts',
    find: 'return count === lines.length ? undefined',
    put: 'return count >= 0 ? undefined',
  },
  {
    name: 'leaves the torn bytes of a failed write in the file',
    file: 'adapters/ledger-appending.ts',
    find: '      files.truncate(fd, start)\n',
    put: '      if (start < 0) files.truncate(fd, start)\n',
  },
  {
    name: 'cuts off what is corrupt',
    soonest: 'every-byte',
    file: 'adapters/ledger-recovery.ts',
    find: "  if (known.seq < head.seq) return { kind: 'corrupt', damage }\n",
    put: '',
  },
  {
    name: 'repairs in silence, without the quarantine',
    file: 'adapters/ledger-recovery.ts',
    find: '  replaceFile(files, place, quarantineName',
    put: '  if (from < 0) replaceFile(files, place, quarantineName',
  },
  {
    name: 'does not notice that the end is missing',
    soonest: 'every-byte',
    file: 'adapters/ledger-recovery.ts',
    find: "    if (known.seq >= head.seq) return { kind: 'clean' }\n",
    put: "    if (known.seq >= head.seq || known.seq > 0) return { kind: 'clean' }\n",
  },
  {
    name: 'skips the check of the chain',
    soonest: 'every-byte',
    file: 'adapters/ledger-scan.ts',
    find: '  if (!claimsPrevious(bytes, end, chain.hash))',
    put: "  if (chain.hash === '' && !claimsPrevious(bytes, end, chain.hash))",
  },
  {
    name: 'takes half a group for a whole one',
    soonest: 'power-cut',
    file: 'adapters/ledger-advance.ts',
    find: '    if (chain.index < chain.count) return true\n',
    put: '',
  },
  {
    name: 'gives a seq away a second time after a recovery',
    file: writer,
    find: "    if (verdict.kind === 'torn') {\n",
    put: "    if (verdict.kind === 'torn') {\n      known.seq--\n",
  },
  {
    name: 'believes a damaged slot of HEAD',
    soonest: 'every-byte',
    file: 'adapters/ledger-head.ts',
    find: 'text.length !== slotBytes || crcOf(body) !== crc)',
    put: 'text.length !== slotBytes || (crcOf(body) !== crc && crc === undefined))',
  },
  {
    name: 'delivers lines to readers that are not acknowledged, or torn',
    soonest: 'every-byte',
    file: 'adapters/ledger-reading.ts',
    find: '  const mark = () => readHead(headFd, folder).mark\n',
    put: [
      '  const mark = () => {',
      '    const acknowledged = readHead(headFd, folder).mark',
      "    if (acknowledged.segment === '') return acknowledged",
      "    const { size } = statSync(folder + '/' + acknowledged.segment)",
      '    return { ...acknowledged, seq: acknowledged.seq + (size > acknowledged.end ? 1 : 0), end: size }',
      '  }',
      '',
    ].join('\n'),
    also: {
      find: "import type { BookEvent } from '../domain/catalogue.ts'\n",
      put: "import { statSync } from 'node:fs'\nimport type { BookEvent } from '../domain/catalogue.ts'\n",
    },
  },
  {
    name: 'serves lines without looking at their hash',
    soonest: 'every-byte',
    file: 'adapters/ledger-reader.ts',
    find: '  if (own !== claimed) throw',
    put: "  if (own === '' && claimed === '') throw",
  },
  {
    name: 'serves lines without looking whether they join',
    soonest: 'segments',
    file: 'adapters/ledger-reader.ts',
    find: '  if (before !== undefined && previousIn',
    put: "  if (before === '' && previousIn",
  },
  {
    name: 'does not look whether LOCK is still the same file',
    soonest: 'lock-and-place',
    file: 'adapters/ledger-lock.ts',
    find: '    if (now?.ino === inode) return\n',
    put: '    if (now?.ino === inode || inode > 0) return\n',
  },
  {
    name: 'appends although another process has poisoned the ledger',
    soonest: 'every-operation',
    file: 'adapters/ledger-poison.ts',
    find: '      if (!isThere()) return\n',
    put: "      if (!isThere() || folder !== '') return\n",
  },
  {
    name: 'does not make the name of a new segment durable',
    soonest: 'power-cut',
    file: writer,
    find: '      if (opens) files.syncFolder(folder)\n',
    put: '      if (opens && start > 0) files.syncFolder(folder)\n',
  },
  {
    name: 'writes below names that a killed process has not synced',
    soonest: 'taken-over',
    file: writer,
    find: '  files.syncFolder(folder)\n  syncAbove(files, folder)\n',
    put: "  if (folder === '') syncAbove(files, folder)\n",
  },
  {
    name: 'removes a plain segment below a seal that a killed process has not synced',
    soonest: 'taken-over',
    file: 'adapters/ledger-sealing.ts',
    find: '    sealer.files.syncFolder(folder)\n    sealer.files.remove',
    put: '    sealer.files.remove',
  },
  {
    name: 'tries the failed sync of a folder again',
    soonest: 'every-operation',
    file: 'adapters/ledger-poison.ts',
    find: '      if (error instanceof FolderNotSynced) spread(error)\n',
    put: "      if (error instanceof FolderNotSynced && folder === '') spread(error)\n",
  },
  {
    name: 'repairs bytes and leaves names to a sync that has failed',
    soonest: 'repair',
    file: 'adapters/ledger-repair.ts',
    find: '  nameAnew(files, folder, identity)\n',
    put: "  if (folder === '') nameAnew(files, folder, identity)\n",
  },
  {
    name: 'trusts a checkpoint that the ledger does not vouch for',
    soonest: 'checkpoint',
    file: 'adapters/ledger-checkpoint.ts',
    find: "hash('sha256', text, 'hex') === sha256 ? text",
    put: "sha256 !== '' ? text",
  },
  {
    name: 'trusts a stale checkpoint: of segments that are not there any more',
    soonest: 'checkpoint',
    file: 'adapters/ledger-checkpoint.ts',
    find: '!endsAs(folder, header))\n',
    put: '(!endsAs(folder, header) && header.end < 0))\n',
  },
  {
    name: 'appends to the open file when another one has its name',
    soonest: 'lock-and-place',
    file: 'adapters/ledger-active.ts',
    find: '      if (now?.ino === active.inode)\n        return',
    put: '      if (now !== undefined)\n        return',
  },
  {
    name: 'repairs a ledger that lost what was acknowledged',
    soonest: 'repair',
    file: 'adapters/ledger-repair.ts',
    find: '    if (error !== undefined) throw error\n    if (first !== undefined)\n',
    put: '    if (error !== undefined && first === undefined) throw error\n    if (folder === first)\n',
  },
  {
    name: 'repairs by another sync, without new files',
    soonest: 'repair',
    file: 'adapters/ledger-repair.ts',
    find: '  files.rename(temporary,',
    put: '  if (to < 0) files.rename(temporary,',
  },
  {
    name: 'lifts POISON before the repair is durable',
    soonest: 'repair',
    file: 'adapters/ledger-repair.ts',
    find: '    await orFailed(folder, () => writeAnew(files, folder, identity, found))\n',
    put: '    clearPoison(files, folder, found.known.seq)\n    await orFailed(folder, () => writeAnew(files, folder, identity, found))\n',
    also: {
      find: '    await orFailed(folder, async () => clearPoison(files, folder, found.known.seq))\n',
      put: '',
    },
  },
  {
    name: 'drops a torn end in a repair, without the quarantine',
    soonest: 'repair',
    file: 'adapters/ledger-repair.ts',
    find: '      if (torn?.segment === segment) setAside',
    put: '      if (torn?.segment === folder) setAside',
  },
  {
    name: 'takes HEAD for durable though its sync has failed',
    soonest: 'every-operation',
    file: 'adapters/ledger-watermark.ts',
    find: '        poison.note(error) // seals',
    put: '        if (headFd < 0) poison.note(error) // seals',
  },
  {
    name: 'wakes readers by the clock alone',
    soonest: 'halt',
    file: 'adapters/ledger-watch.ts',
    find: '{ persistent: false }, wake)',
    put: '{ persistent: false }, () => {})',
  },
  {
    name: 'seals a day without verifying its lines',
    soonest: 'sealed',
    file: 'adapters/ledger-sealing.ts',
    find: 'const wrong = takeLine(chain, bytes, start, end, true)',
    put: 'const wrong = takeLine(chain, bytes, start, end, false)',
  },
  {
    name: 'seals what only an unsynced HEAD acknowledges',
    soonest: 'power-cut',
    file: 'adapters/ledger-seal-days.ts',
    find: '    sync(files, fd, poison)\n    return readHead',
    put: '    if (fd < 0) sync(files, fd, poison)\n    return readHead',
  },
]
