// A line plot as static SVG: a filled line over points that stand at equal distances. It is stretched to its place;
// what is written at its axes is HTML beside it, so that it keeps its size on a phone.

/** A point: how high, what stands below it on the axis, and what a pointer that rests on it is told. */
export interface PlotPoint {
  readonly value: number
  readonly label: string
  readonly tip: string
}

export interface Plot {
  /** 'equity', 'drawdown': a class for the style. */
  readonly kind: string
  /** Read out in place of the picture. */
  readonly description: string
  readonly points: readonly PlotPoint[]
  /** Where the fill begins: 'bottom' of the plot, or its 'top' for what hangs down. */
  readonly fillFrom: 'bottom' | 'top'
  /** A value that always has a place on the axis, and a dashed line. */
  readonly base: number
  readonly printTick: (value: number) => string
}

const width = 1000
const height = 300
const ticksWanted = 4
const labelsMax = 5

/** The figure's inner HTML: axis, picture, axis. Same points, same text: only + - × / are used. */
export const linePlot = ({ kind, description, points, fillFrom, base, printTick }: Plot): string => {
  const values = [base, ...points.map(({ value }) => value)]
  const ticks = ticksOf(...roomFor(values, fillFrom))
  const low = ticks[0] as number
  const high = ticks.at(-1) as number
  const y = (value: number) => ((high - value) / (high - low)) * height
  const step = points.length < 2 ? 0 : width / (points.length - 1)
  const x = (index: number) => (points.length < 2 ? width / 2 : index * step)
  const line = points.map(({ value }, index) => `${at(x(index))},${at(y(value))}`)
  const floor = fillFrom === 'bottom' ? height : 0
  // One point alone is drawn as a level line.
  const level = at(y(points[0]?.value ?? base))
  const path = points.length < 2 ? `0,${level} ${width},${level}` : line.join(' ')
  const grid = ticks.map(
    tick =>
      `<line class="${tick === base ? 'base' : 'grid'}" x1="0" x2="${width}" y1="${at(y(tick))}" y2="${at(y(tick))}"/>`,
  )
  const dashed = ticks.includes(base)
    ? []
    : [`<line class="base" x1="0" x2="${width}" y1="${at(y(base))}" y2="${at(y(base))}"/>`]
  return [
    `<div class="plot ${kind}">`,
    `<div class="y" aria-hidden="true">${ticks.map(tick => `<span style="top:${at((y(tick) / height) * 100)}%">${printTick(tick)}</span>`).join('')}</div>`,
    `<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${description}">`,
    ...grid,
    ...dashed,
    `<polygon points="0,${floor} ${path} ${width},${floor}"/>`,
    `<polyline points="${path}"/>`,
    ...points.map(({ tip }, index) => {
      const wide = points.length < 2 ? width : step
      return `<rect x="${at(x(index) - wide / 2)}" y="0" width="${at(wide)}" height="${height}"><title>${tip}</title></rect>`
    }),
    '</svg>',
    `<div class="x" aria-hidden="true">${labelled(points.length)
      .map(
        index => `<span style="left:${at((x(index) / width) * 100)}%">${points[index]?.label ?? ''}</span>`,
      )
      .join('')}</div>`,
    '</div>',
  ].join('\n')
}

const at = (value: number): string => String(Number(value.toFixed(2)))

/** A level line gets room above and below it; what hangs down from the top, below only. */
const roomFor = (
  values: readonly number[],
  fillFrom: Plot['fillFrom'],
): readonly [lowest: number, highest: number] => {
  const [lowest, highest] = [Math.min(...values), Math.max(...values)]
  if (highest > lowest) return [lowest, highest]
  const room = Math.max(Math.abs(highest) / 50, 0.01)
  return [lowest - room, fillFrom === 'top' ? highest : highest + room]
}

/** Round numbers from below the lowest to above the highest value, about as many as wanted. */
const ticksOf = (lowest: number, highest: number): readonly number[] => {
  const step = roundStep((highest - lowest) / ticksWanted)
  const first = Math.floor(lowest / step)
  const last = Math.ceil(highest / step)
  return Array.from({ length: last - first + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  )
}

/** 1, 2, 2.5 or 5 times a power of ten, not below `least`. */
const roundStep = (least: number): number => {
  let power = 1
  while (power > least) power /= 10
  while (power * 10 <= least) power *= 10
  for (const times of [1, 2, 2.5, 5]) if (times * power >= least) return times * power
  return 10 * power
}

/** Which points get a label: the first, the last, and some in between at equal distances. */
const labelled = (count: number): readonly number[] => {
  const labels = Math.min(count, labelsMax)
  if (labels < 2) return count === 0 ? [] : [0]
  return Array.from({ length: labels }, (_, index) => Math.round((index * (count - 1)) / (labels - 1)))
}
