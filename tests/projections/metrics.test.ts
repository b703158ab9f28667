// The metrics: right figures on a day that is known by heart, and a text that a strict reader of OpenMetrics takes, for
// any ledger.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { metrics } from '../../projections/metrics.ts'
import { metricsFiles } from '../../projections/metrics-file.ts'
import { printMetrics } from '../../projections/open-metrics.ts'
import { fold } from '../../projections/projection.ts'
import { closeOf, named, trade, world } from '../engine-in-memory.ts'
import { buy, candle, cycle, ledgerOf, opened, requested, started } from './ledger-of.ts'
import { readOpenMetrics } from './open-metrics-reader.ts'
import { ledgers } from './random-ledgers.ts'

const textOf = (events: Parameters<typeof fold>[1]) =>
  [...metricsFiles(fold(metrics, events))][0]?.text() ?? ''
const valuesOf = (text: string) =>
  new Map(
    [...readOpenMetrics(text).values()].flatMap(({ samples }) =>
      samples.map(({ name, labels, value }) => [
        `${name}${Object.values(labels).length === 0 ? '' : `{${Object.values(labels).join(',')}}`}`,
        value,
      ]),
    ),
  )

test('a position of one bought at 100 and marked at 110, of 10000', () => {
  const values = valuesOf(
    textOf(
      ledgerOf([
        opened(),
        started(),
        candle('BTC/USDT', '100'),
        requested(1),
        buy('1', '100'),
        candle('BTC/USDT', '110'),
        candle('BTC/USDT', '105'),
        cycle({ fills: 1 }),
      ]),
    ),
  )
  const equity = values.get('veritape_equity{USDT}') as number
  const peak = equity + 5
  expect(values.get('veritape_exposure_gross{USDT}')).toBe(105)
  expect(values.get('veritape_position_value{BTC/USDT,USDT}')).toBe(105)
  expect(values.get('veritape_drawdown_ratio')).toBeCloseTo(5 / peak, 12)
  expect(values.get('veritape_fills_total')).toBe(1)
  expect(values.get('veritape_candles_total')).toBe(3)
  expect(values.get('veritape_ledger_seq')).toBe(8)
  expect(values.get('veritape_trading{active}')).toBe(1)
  expect(values.has('veritape_health')).toBe(false)
  expect(values.has('veritape_drift_minutes')).toBe(false)
})

test('of a real run every wish has a result, and every order its time', async () => {
  const place = world()
  await trade(place.engine(), closeOf(24))
  const events = await place.events()
  const values = valuesOf(textOf(events))
  const of = (...types: Parameters<typeof named>[1][]) => named(events, ...types).length
  expect(values.get('veritape_intents_raised_total')).toBe(of('IntentRaised'))
  expect(values.get('veritape_intents_total{ordered}')).toBe(of('OrderRequested'))
  expect(values.get('veritape_intents_total{denied}')).toBe(of('IntentDenied'))
  expect(values.get('veritape_intents_total{expired}')).toBe(of('IntentExpired'))
  const answered = ['ordered', 'denied', 'expired', 'withheld'].map(
    each => values.get(`veritape_intents_total{${each}}`) ?? 0,
  )
  expect(values.get('veritape_intents_open')).toBe(of('IntentRaised') - answered.reduce((a, b) => a + b))
  expect(values.get('veritape_decision_seconds_count')).toBe(of('OrderRequested'))
  expect(values.get('veritape_order_acknowledgement_seconds_count')).toBe(of('OrderAccepted'))
  expect(of('OrderAccepted')).toBeGreaterThan(3)
})

test('any ledger gives a text that a strict reader takes', () => {
  fc.assert(
    fc.property(ledgers, events => {
      const text = textOf(events)
      if (text !== '') readOpenMetrics(text)
    }),
    { numRuns: 100 },
  )
})

describe('the text', () => {
  test('labels of any content come back as they were', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), value => {
        const family = {
          name: 'a',
          type: 'gauge',
          help: value,
          samples: [{ labels: { value }, value: 1 }],
        } as const
        const [sample] = readOpenMetrics(printMetrics([family], { book: 'b' })).get('a')?.samples ?? []
        expect(sample?.labels).toEqual({ book: 'b', value })
      }),
    )
  })

  test('a histogram is cumulative', () => {
    const text = printMetrics(
      [
        {
          name: 'h_seconds',
          type: 'histogram',
          unit: 'seconds',
          help: 'h',
          bounds: [0.5, 1],
          counts: [1, 2, 3],
          sum: 9,
        },
      ],
      {},
    )
    expect(text).toBe(
      [
        '# TYPE h_seconds histogram',
        '# UNIT h_seconds seconds',
        '# HELP h_seconds h',
        'h_seconds_bucket{le="0.5"} 1',
        'h_seconds_bucket{le="1.0"} 3',
        'h_seconds_bucket{le="+Inf"} 6',
        'h_seconds_count 6',
        'h_seconds_sum 9',
        '# EOF',
        '',
      ].join('\n'),
    )
  })

  test.each([
    ['no end', '# TYPE a gauge\n# HELP a h\na 1\n'],
    ['text behind the end', '# EOF\na 1\n'],
    ['a counter without _total', '# TYPE a counter\n# HELP a h\na 1\n# EOF\n'],
    ['a sample without a type', 'a 1\n# EOF\n'],
    ['a family in two places', '# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\n# EOF\n'],
    ['the same sample twice', '# TYPE a gauge\na 1\na 2\n# EOF\n'],
    ['a unit that the name does not end with', '# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n'],
    ['no number', '# TYPE a gauge\na one\n# EOF\n'],
    ['a quote that is not escaped', '# TYPE a gauge\na{b="c"d"} 1\n# EOF\n'],
    [
      'a histogram that shrinks',
      '# TYPE h histogram\nh_bucket{le="1.0"} 2\nh_bucket{le="+Inf"} 1\nh_count 1\nh_sum 1\n# EOF\n',
    ],
    ['a histogram without +Inf', '# TYPE h histogram\nh_bucket{le="1.0"} 2\nh_count 2\nh_sum 1\n# EOF\n'],
    ['a negative counter', '# TYPE a counter\na_total -1\n# EOF\n'],
  ])('the reader is strict: %s', (_, text) => {
    expect(() => readOpenMetrics(text)).toThrow()
  })
})
