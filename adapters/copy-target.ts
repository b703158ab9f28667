// Where a copy goes. It can be left at any write group and gone on with from there: what is there already is compared
// with the source by its last hash, and what was sent and not confirmed is recognised by its ids.
//
//   EventStoreDB   the identity says `copy` until it takes over; nobody else may write
//   files          FOLDER/.copying-<book>/, a whole ledger at every moment, and FOLDER/<book>/ when it is finished; one
//                  process at a time, by the LOCK that every ledger has

import fs from 'node:fs'
import { join } from 'node:path'
import type { Head } from '../domain/event-store.ts'
import { CopyRefused } from '../domain/ledger-copy.ts'
import { StoreUnreachable } from '../domain/remote-store.ts'
import type { Instant } from '../domain/time.ts'
import type { CopiedLine } from './copy-source.ts'
import type { EsdbClient } from './esdb-client.ts'
import { bookStream, placeOf, readRemoteIdentity, writeRemoteIdentity } from './esdb-identity.ts'
import { remoteBytes, remoteOf } from './esdb-line.ts'
import { lastLine } from './esdb-reading.ts'
import { send } from './esdb-sending.ts'
import { killSwitch } from './kill-switch.ts'
import { nodeFiles, replaceFile, shortWrite } from './ledger-files.ts'
import { type DurableMark, nothingDurable, openHead, printSlot, readHead } from './ledger-head.ts'
import { type LedgerIdentity, readIdentity, requireFileSystem, writeIdentity } from './ledger-identity.ts'
import { zeroHash } from './ledger-line-bytes.ts'
import { LedgerBusy, type LedgerLock, openLock } from './ledger-lock.ts'
import { isBefore } from './ledger-segment.ts'
import { verifyWhole } from './ledger-verify.ts'

export interface CopyTarget {
  readonly place: string
  /** Makes room for the copy of this ledger, or finds an unfinished copy of it. Throws CopyRefused; LedgerBusy while another process copies. */
  begin(identity: LedgerIdentity): Promise<Head>
  /** Durable when it resolves; whole write groups. */
  append(lines: readonly CopiedLine[]): Promise<void>
  /** Reads back where the copy ends; from files every byte, so that what is finished is proven. Throws CopyRefused. */
  head(): Promise<Head>
  /** The copy is as far as the source. With an epoch it becomes a ledger of its own. */
  finish(epoch: Instant | undefined): Promise<void>
  /** Bytes of lines that may go into one `append`. */
  readonly bytesMax: number
  close(): Promise<void>
}

// ── EventStoreDB ────────────────────────────────────────────────────────────────────────────────────────────────

/** Who wrote a copied line. The same for every copier, so that two of them do not write anything twice. */
const copier = 'copy'

export const esdbTarget = (client: EsdbClient, book: string): CopyTarget => {
  const remote = { client, stream: bookStream(book) }
  const place = placeOf(client, book)
  const head = async (): Promise<Head> => {
    const line = await lastLine(remote)
    return { seq: line?.seq ?? 0, hash: line?.hash ?? zeroHash }
  }
  return {
    place,
    bytesMax: Math.floor(client.address.appendBytesMax / 2),
    head,
    begin: async identity => {
      const there = await readRemoteIdentity(client, book)
      if (there !== undefined && !there.identity.copy)
        throw new CopyRefused(
          `${place} is a ledger already, and no copy; name another book, or copy the other way`,
        )
      if (there !== undefined && there.identity.ledger.ledgerId !== identity.ledgerId)
        throw new CopyRefused(`${place} is a copy of another ledger (${there.identity.ledger.ledgerId})`)
      if (there?.identity.ledger.epoch !== identity.epoch)
        await writeRemoteIdentity(client, { ledger: identity, copy: true }, there?.revision ?? -1)
      return head()
    },
    append: async lines => {
      const [first] = lines
      if (first === undefined) return
      const events = lines.map(({ text }) => remoteOf(text.slice(0, -1), copier))
      const bytes = events.reduce((sum, event) => sum + remoteBytes(event), 0)
      if (bytes > client.address.appendBytesMax)
        throw new CopyRefused(
          `the write group at seq ${first.seq} has ${bytes} bytes, more than one append to EventStoreDB may have; raise MaxAppendSize on the server and appendBytesMax in --to`,
        )
      const sent = await send(remote, { behind: first.seq - 2, events })
      if (sent === 'moved')
        throw new CopyRefused(`${place} has other events at seq ${first.seq}: somebody else wrote there`)
      if (sent !== 'written')
        throw new StoreUnreachable(`${sent.unknown}; start the copy again, it goes on from there`)
    },
    finish: async epoch => {
      if (epoch === undefined) return
      const there = await readRemoteIdentity(client, book)
      if (there === undefined) throw new CopyRefused(`${place} is gone`)
      const { ledger } = there.identity
      if (!(await writeRemoteIdentity(client, { ledger: { ...ledger, epoch }, copy: false }, there.revision)))
        throw new CopyRefused(
          `${place} was changed by somebody else in the same moment; look at it, then start again`,
        )
    },
    close: () => client.close(),
  }
}

// ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** `ledgers` is the folder of ledgers, `allowMemory` for tests. */
export const jsonlTarget = (ledgers: string, book: string, allowMemory = false): CopyTarget => {
  const final = join(ledgers, book)
  const folder = join(ledgers, `.copying-${book}`)
  let identity: LedgerIdentity | undefined
  let lock: LedgerLock | undefined
  let mark: DurableMark = nothingDurable

  const readMark = (): DurableMark => {
    const fd = openHead(folder, 'r')
    try {
      return readHead(fd, folder).mark
    } finally {
      fs.closeSync(fd)
    }
  }

  /** Bytes behind HEAD are of an append that was never confirmed, perhaps torn. */
  const cutBack = () => {
    for (const name of fs.readdirSync(folder).filter(each => each.endsWith('.jsonl')))
      if (mark.segment === '' || isBefore(mark.segment, name)) fs.rmSync(join(folder, name))
    if (mark.segment !== '') fs.truncateSync(join(folder, mark.segment), mark.end)
  }

  const write = (segment: string, text: string) => {
    const fd = fs.openSync(join(folder, segment), 'a', 0o644)
    try {
      const bytes = Buffer.from(text)
      const written = nodeFiles.write(fd, bytes, bytes.length, null)
      if (written !== bytes.length) throw shortWrite(segment, written, bytes.length)
      fs.fsyncSync(fd)
    } finally {
      fs.closeSync(fd)
    }
  }

  return {
    place: final,
    bytesMax: 1024 * 1024,
    head: async () => {
      const { head, unacknowledgedBytes } = await verifyWhole(
        folder,
        ({ segment, byte, expected, found }) =>
          new CopyRefused(
            `the copy is damaged at byte ${byte} of ${folder}/${segment}: expected ${expected}, found ${found}; remove ${folder}, then start again`,
          ),
      )
      if (unacknowledgedBytes > 0)
        throw new CopyRefused(
          `${folder} holds ${unacknowledgedBytes} bytes more than were copied; start again, they are taken back`,
        )
      return head
    },
    begin: async given => {
      if (fs.existsSync(join(final, 'LEDGER.json')))
        throw new CopyRefused(`${final} is a ledger already; name another folder: --to jsonl:FOLDER`)
      fs.mkdirSync(folder, { recursive: true })
      requireFileSystem(folder, allowMemory)
      lock = openLock(folder, 'copy')
      if (!lock.tryTake()) throw new LedgerBusy(folder, 0, lock.holder())
      lock.sign()
      const there = readIdentity(folder)
      if (there !== undefined && there.ledgerId !== given.ledgerId)
        throw new CopyRefused(`${folder} is an unfinished copy of another ledger; remove it`)
      if (!fs.existsSync(join(folder, 'HEAD')))
        replaceFile(nodeFiles, folder, 'HEAD', printSlot(nothingDurable).repeat(2))
      writeIdentity(nodeFiles, folder, given)
      identity = given
      mark = readMark()
      cutBack()
      return { seq: mark.seq, hash: mark.hash }
    },
    append: async lines => {
      let to = mark
      let text = ''
      for (const line of lines) {
        const opened = /^.{38}","t":"SegmentOpened".*?"d":\{"segment":"([^"]+)"/.exec(line.text)?.[1]
        if (opened !== undefined) {
          if (text !== '') write(to.segment, text)
          text = ''
          to = { ...to, segment: opened, end: 0 }
        }
        text += line.text
        to = { ...to, seq: line.seq, hash: line.hash, end: to.end + Buffer.byteLength(line.text) }
      }
      if (text !== '') write(to.segment, text)
      nodeFiles.syncFolder(folder)
      replaceFile(nodeFiles, folder, 'HEAD', printSlot(to).repeat(2))
      mark = to
    },
    finish: async epoch => {
      if (identity === undefined) throw new Error('a copy is finished that was not begun')
      // Two ledgers in one epoch would give two orders one id: a copy in files is halted, and begins an epoch.
      if (epoch !== undefined) writeIdentity(nodeFiles, folder, { ...identity, epoch })
      await killSwitch(folder).pull(
        'halted',
        'copy',
        `copied at seq ${mark.seq}: stop the book where it was, then resume`,
      )
      if (fs.existsSync(final)) {
        const [foreign] = fs.readdirSync(final).filter(name => name !== 'KILL' && name !== 'EXECUTOR')
        if (foreign !== undefined)
          throw new CopyRefused(`${final} holds ${foreign}; move it away, then start again`)
        fs.rmSync(final, { recursive: true })
      }
      fs.renameSync(folder, final)
      nodeFiles.syncFolder(ledgers)
    },
    close: async () => lock?.close(),
  }
}
