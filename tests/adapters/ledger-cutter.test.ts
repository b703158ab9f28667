// A cutter gives what JSON.parse gives, or nothing: the fields of real events, whatever stands in them.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutterOf } from '../../adapters/ledger-cutter.ts'
import { pageOf } from '../../adapters/ledger-page.ts'
import { type BookEvent, declarationOf } from '../../domain/catalogue.ts'
import { market } from '../bench/market-day.ts'
import { candleClosed, evaluated, intentRaised, orderFilled } from '../cast.ts'

const shapeOf = ({ type, version }: BookEvent): readonly string[] =>
  Object.keys(declarationOf(type, version)?.data.shape ?? {})

/** What a cutter must give for these fields: their values, and no other keys. */
const picked = (data: object, fields: readonly string[]): object =>
  Object.fromEntries(Object.entries(data).filter(([key]) => fields.includes(key)))

/** Cuts from data with something before and behind it, as in a line. */
const cutOut = (event: BookEvent, fields: readonly string[], data = JSON.stringify(event.data)) => {
  const line = Buffer.from(`{"m":"ü€😀","d":${data},"p":"00"}\n`)
  const from = line.indexOf('"d":') + 4
  return cutterOf(event.type, event.version, fields)(pageOf(line), from)
}

const dayOfEvents = market()
  .groups(300, 1)
  .flatMap(({ writes }) => writes.flatMap(({ events }) => events.map(({ event }) => event)))

test('every choice of fields of every event of a trading day is cut as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.constantFrom(...dayOfEvents), fc.infiniteStream(fc.boolean()), (event, coin) => {
      const fields = shapeOf(event).filter(() => coin.next().value)
      const found = cutOut(event, fields)
      const data = JSON.parse(JSON.stringify(event.data)) as object
      expect(found).toStrictEqual(picked(data, fields))
    }),
    { numRuns: 2000 },
  )
})

test('texts of any characters are cut as they were written', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.array(fc.string({ unit: 'binary' })), (reason, reasons) => {
      const wish = { ...intentRaised, data: { ...intentRaised.data, reason } }
      expect(cutOut(wish, ['by', 'reason'])).toEqual({ by: wish.data.by, reason })
      const said = evaluated(0, reasons)
      const { holding } = said.data
      expect(cutOut(said, ['reasons', 'holding'])).toEqual({ reasons, holding })
      expect(cutOut(said, ['holding'])).toEqual({ holding }) // behind what was skipped
    }),
    { numRuns: 2000 },
  )
})

test('numbers of any size are cut as they were written', () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.maxSafeInteger(),
      (confidence, intent) => {
        const said = { ...evaluated(0), data: { ...evaluated(0).data, confidence } }
        expect(JSON.stringify(cutOut(said, ['confidence']))).toBe(JSON.stringify({ confidence }))
        const text = `{"intent":${intent},"expiresAt":"","decided":""}`
        const cut = cutterOf('IntentExpired', 1, ['intent'])(pageOf(Buffer.from(text)), 0)
        expect(cut).toEqual({ intent })
      },
    ),
  )
})

test('one cutter cuts line after line: what it remembers of the last is only used when it stands there again', () => {
  const cutter = cutterOf('OrderFilled', 2, ['symbol', 'side', 'tradeId', 'price'])
  const trades = ['t-1', 't-1', 't-10', 't', '', 't-1"', 't-1\\', 'ü', 't-1']
  for (let again = 0; again < 100; again++)
    for (const tradeId of trades) {
      const { data } = orderFilled(3, 'x')
      const text = JSON.stringify({ ...data, tradeId })
      expect(cutter(pageOf(Buffer.from(text)), 0)).toEqual({
        symbol: data.symbol,
        side: data.side,
        tradeId,
        price: data.price,
      })
    }
})

test('data that is not as declared is left to the parser', () => {
  const candle = candleClosed(0)
  const { symbol, ...rest } = candle.data
  const unlike = {
    'keys in another order': JSON.stringify({ ...rest, symbol }),
    'a field is missing': JSON.stringify(rest),
    'an unknown field in front': JSON.stringify({ odd: 1, ...candle.data }),
    'blanks between': JSON.stringify(candle.data, undefined, 1),
    'an array': '[]',
    'cut off in a text': JSON.stringify(candle.data).slice(0, 60),
    'cut off behind a key': '{"symbol":',
  }
  for (const [name, text] of Object.entries(unlike)) {
    const cut = cutterOf('CandleClosed', 1, ['symbol', 'close'])(pageOf(Buffer.from(text)), 0)
    expect(cut, name).toBeUndefined()
  }
})

test('a wanted field that may be left out is cut when it is there, and is missing only when it stands nowhere', () => {
  const { limitPrice, ...without } = intentRaised.data
  const { reason } = without
  expect(cutOut(intentRaised, ['limitPrice', 'reason'])).toStrictEqual({ limitPrice, reason })
  const cutFrom = (data: object) => cutOut(intentRaised, ['limitPrice', 'reason'], JSON.stringify(data))
  expect(cutFrom(without)).toStrictEqual({ reason })
  expect(cutFrom({ ...without, limitPrice })).toBeUndefined() // out of order: left to the parser
  expect(cutFrom({ ...without, odd: 1 })).toBeUndefined()
  expect(cutOut(intentRaised, ['reason'], JSON.stringify(without))).toStrictEqual({ reason })
  const { symbol, ...first } = without
  const early = JSON.stringify({ limitPrice, symbol, ...first })
  expect(cutOut(intentRaised, ['limitPrice', 'symbol'], early)).toBeUndefined()
  const last = JSON.stringify({ ...without, limitPrice })
  expect(cutOut(intentRaised, ['symbol', 'limitPrice'], last)).toBeUndefined()
})

test('a field that the declaration does not have is a mistake of the fold', () => {
  expect(() => cutterOf('CandleClosed', 1, ['price'])).toThrow('CandleClosed version 1 has no field price')
  expect(() => cutterOf('CandleClosed', 9, ['close'])).toThrow('CandleClosed version 9')
})
