import { expect, test } from 'vitest'
import { fold } from '../../projections/projection.ts'
import { runner, runnerFiles } from '../../projections/runner.ts'
import { candle, cycle, evaluated, later, ledgerOf, noon, requested, withheld } from './ledger-of.ts'

const shownFor = (...events: Parameters<typeof ledgerOf>[0]) => {
  const [file] = runnerFiles(fold(runner, ledgerOf(events)))
  return file === undefined ? undefined : JSON.parse(file.text())
}

test('a series knows the last candle that was evaluated, by open and close', () => {
  expect(
    shownFor(
      candle('BTC/USDT', '100', noon),
      evaluated('none', later(-5)),
      candle('BTC/USDT', '101', later(5)),
    ),
  ).toMatchObject({
    asOf: 3,
    lastProcessedCandle: { openTime: later(-5), closeTime: noon },
    evaluations: 1,
    series: {
      'BTC/USDT-5m': {
        lastProcessedCandle: { openTime: later(-5), closeTime: noon },
        lastClosedCandle: { openTime: noon, closeTime: later(5) },
        evaluations: 1,
      },
    },
  })
})

test('an evaluated candle that the ledger holds by reference has no close time to show', () => {
  expect(shownFor(evaluated('none', noon)).lastProcessedCandle).toEqual({ openTime: noon })
})

test('a candle evaluated late does not borrow the close of a newer one', () => {
  const shown = shownFor(candle('BTC/USDT', '100', noon), evaluated('none', later(-10)))
  expect(shown.lastProcessedCandle).toEqual({ openTime: later(-10) })
})

test("a champion's orders count for its series, an operator's in the total only", () => {
  expect(
    shownFor(
      evaluated('buy', noon),
      requested(1),
      requested(2, { by: 'operator-1' }),
      withheld(3),
      cycle({ clock: later(1) }),
    ),
  ).toMatchObject({
    ordersSubmitted: 2,
    ordersWithheld: 1,
    lastHeartbeat: later(1),
    series: { 'BTC/USDT-5m': { ordersSubmitted: 1, ordersWithheld: 1 } },
  })
})

test('the newest processed candle of all series is the one on top', () => {
  const eth = { symbol: 'ETH/USDT', champion: 'ema-cross@ETH/USDT-5m' }
  expect(shownFor(evaluated('none', later(10), eth), evaluated('none', noon)).lastProcessedCandle).toEqual({
    openTime: later(10),
  })
})
