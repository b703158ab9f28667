// veritape reconcile --never-had, as typed, of a live book at a venue in a process of its own whose lists reach back for two days: an order of
// three days ago, what the operator may say of it, and the order that turns up behind his word.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openJsonlStore } from '../../adapters/jsonl-store.ts'
import type { BookEvent } from '../../domain/catalogue.ts'
import { because, type Cause, outside, propose } from '../../domain/event.ts'
import { IntentRaised } from '../../domain/intent.ts'
import { OrderRequested } from '../../domain/order.ts'
import { orderIdOf, orderPrefix } from '../../domain/order-id.ts'
import { orderStreamOf, strategyStream } from '../../domain/stream.ts'
import { intentRaised, orderRequested } from '../cast.ts'
import { done, type Stage, theatre } from '../crashes/stage.ts'
import { ccxtClient } from '../venue-simulator/ccxt-client.ts'
import { bytesOf } from './files.ts'

const folder = mkdtempSync(join(tmpdir(), 'veritape-never-had-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const threeDaysAgo = new Date(Date.now() - 3 * 86_400_000).toISOString()

/** An order whose answer nobody has heard, of before the lists of the venue. */
const orderInDoubt = async ({ folder: at, symbol }: Stage): Promise<string> => {
  const store = await openJsonlStore({
    folder: join(at, 'ledger/book'),
    role: 'execute',
    clock: () => new Date().toISOString(),
  })
  const append = async (stream: string, event: BookEvent, cause: Cause = outside(stream)) => {
    const answer = await store.append({
      run: 0,
      writes: [{ stream, expected: 'no-stream', events: [propose(cause, event)] }],
    })
    if (answer._tag === 'Left' || answer.right.events[0] === undefined)
      throw new Error(`${stream}: not written`)
    return answer.right.events[0]
  }
  const terms = { symbol, quantity: '0.01' } as const
  const intent = await append(
    strategyStream(intentRaised.data.by),
    IntentRaised({ ...intentRaised.data, ...terms }),
  )
  const { book, epoch } = store.identity
  const orderId = orderIdOf(orderPrefix(book, epoch), intent.seq)
  await append(
    orderStreamOf(orderId),
    OrderRequested({ ...orderRequested(intent.seq).data, ...terms, orderId, decided: threeDaysAgo }),
    because(intent),
  )
  await store.close()
  return orderId
}

test('an order that no list reaches back to is given up by a word, and found out when it turns up', {
  timeout: 300_000,
}, async () => {
  const stage = await theatre('kucoin', folder).stage('market order', 'intent')
  const orderId = await orderInDoubt(stage)
  const typed = (...argv: readonly string[]) => stage.run(['reconcile', ...argv])
  const word = ['--never-had', orderId, '--reason', 'not on the page of orders']
  const rejections = () => stage.lines().filter(({ t }) => t === 'OrderRejected')

  const held = await typed()
  expect(held.code).toBe(1)
  expect(held.stdout).toContain('not known, which proves nothing')
  expect(held.stdout).toContain('veritape reconcile --never-had ORDER --reason HOW')

  const before = bytesOf(join(stage.folder, 'ledger/book'))
  const misread = [
    [['--never-had', orderId], 'add --reason HOW'],
    [['--never-had', orderId, '--reason', ' '], 'add --reason HOW'],
    [['--reason', 'r'], 'add --never-had ORDER'],
    [['--what-if'], 'add --never-had ORDER'],
    [[...word, '--adopt', '1', '--label', 'mine'], 'one after the other'],
  ] as const
  for (const [flags, sentence] of misread)
    expect(await typed(...flags)).toMatchObject({ code: 64, stderr: expect.stringContaining(sentence) })
  expect(await typed('--never-had', 'abcdefg-99', '--reason', 'r')).toMatchObject({
    code: 65,
    stderr: expect.stringContaining('no order abcdefg-99 in this book'),
  })
  const asked = await typed(...word, '--what-if')
  expect(asked, asked.stderr).toMatchObject({ code: 0 })
  expect(asked.stdout).toContain(
    `OrderRejected of ${orderId}: an operator says that the venue never had it: not on the page of orders`,
  )
  const { stdout } = await typed(...word, '--what-if', '--json')
  expect(JSON.parse(stdout)).toMatchObject({
    orderId,
    events: [{ type: 'OrderOutcomeUnknown' }, { type: 'OrderRejected' }],
  })
  expect(bytesOf(join(stage.folder, 'ledger/book'))).toEqual(before)

  const given = await typed(...word)
  expect(given, given.stderr).toMatchObject({ code: 0 })
  expect(given.stdout).toContain(`${orderId} is given up`)
  expect(rejections().map(({ d }) => d.orderId)).toEqual([orderId])
  expect((await typed(...word)).stdout).toContain('an operator has said already')
  expect(rejections()).toHaveLength(1)
  expect((await stage.run(['why', orderId])).stdout).toContain(
    'an operator says that the venue never had it: not on the page of orders',
  )

  // It was there all the time.
  const client = await ccxtClient(stage.venue)
  await client.createOrder(stage.symbol, 'market', 'buy', 0.01, undefined, { clientOrderId: orderId })
  done(await typed())
  const told = stage.lines()
  expect(told.filter(({ t }) => t === 'ExternalTradeObserved')).toEqual([])
  expect(told.filter(({ t, d }) => t === 'OrderFilled' && d.orderId === orderId)).not.toEqual([])
  expect(told.filter(({ t }) => t === 'TradingHalted')).toEqual([])
  done(await stage.run(['execute', '--live', '--once']))
  const halts = stage.lines().filter(({ t }) => t === 'TradingHalted')
  expect(halts.map(({ d }) => d.reason)).toEqual([expect.stringContaining(`the venue has ${orderId}, which`)])
  expect((await typed(...word)).code).toBe(65)
  await stage.close()
})
