import { expect, test } from 'vitest'
import { linePlot, type Plot } from '../../projections/line-plot.ts'

const plot = (values: readonly number[], given: Partial<Plot> = {}) => {
  const svg = linePlot({
    kind: 'equity',
    description: 'a line',
    points: values.map(value => ({ value, label: `${value}`, tip: `${value}` })),
    fillFrom: 'bottom',
    base: values[0] ?? 0,
    printTick: String,
    ...given,
  })
  const ticks = [...svg.matchAll(/<span style="top:[\d.]+%">([^<]+)</g)].map(([, tick]) => Number(tick))
  const heights = /<polyline points="([^"]+)"/
    .exec(svg)?.[1]
    ?.split(' ')
    .map(point => Number(point.split(',')[1]))
  return { ticks, heights }
}

test('a book that has not moved stands in the middle of its axis', () => {
  const { ticks, heights } = plot([10_000, 10_000])
  expect(ticks).toEqual([9800, 9900, 10_000, 10_100, 10_200])
  expect(heights).toEqual([150, 150])
})

test('a drawdown that there was not is a line at the top, and nothing hangs down from it', () => {
  const { ticks, heights } = plot([0, 0], { kind: 'drawdown', fillFrom: 'top', base: 0 })
  expect(Math.max(...ticks)).toBe(0)
  expect(heights).toEqual([0, 0])
})

test('one point alone is a level line', () => {
  expect(plot([5]).heights).toEqual([150, 150])
})

test('ticks are round and hold every value and the base', () => {
  expect(plot([10_014.2, 9821.67], { base: 10_000 }).ticks).toEqual([9800, 9850, 9900, 9950, 10_000, 10_050])
  expect(plot([-0.021, -0.004], { base: 0 }).ticks).toEqual([-0.03, -0.02, -0.01, 0])
})
