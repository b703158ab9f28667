// The text of metrics, as OpenMetrics 1.0 writes it and the Prometheus text format reads it.
//
//   # TYPE veritape_equity gauge
//   # HELP veritape_equity Cash and positions at their marks
//   veritape_equity{book="paper",currency="USDT"} 10321.5
//   # EOF

import type { Decimal } from '../domain/decimal.ts'

export type Labels = Readonly<Record<string, string>>

export interface Sample {
  readonly labels?: Labels
  /** Exact decimals stay the text that they are. */
  readonly value: number | Decimal
}

export interface Family {
  /** Without `_total`; with its unit at the end, where it has one. */
  readonly name: string
  readonly type: 'gauge' | 'counter'
  readonly unit?: string
  readonly help: string
  readonly samples: readonly Sample[]
}

/** How often something took up to so long: cumulative, as the format wants it. */
export interface Histogram {
  readonly name: string
  readonly type: 'histogram'
  readonly unit: string
  readonly help: string
  readonly bounds: readonly number[]
  /** Not cumulative; one more than bounds, for what took longer. */
  readonly counts: readonly number[]
  readonly sum: number
}

/** The labels of `all` stand on every sample. A family without samples is left out. */
export const printMetrics = (families: readonly (Family | Histogram)[], all: Labels): string => {
  const lines: string[] = []
  for (const family of families) {
    const { name, type, help, unit } = family
    if (type !== 'histogram' && family.samples.length === 0) continue
    lines.push(`# TYPE ${name} ${type}`)
    if (unit !== undefined) lines.push(`# UNIT ${name} ${unit}`)
    lines.push(`# HELP ${name} ${escaped(help)}`)
    if (type === 'histogram') lines.push(...bucketsOf(family, all))
    else
      for (const { labels, value } of family.samples)
        lines.push(
          `${name}${type === 'counter' ? '_total' : ''}${printLabels({ ...all, ...labels })} ${value}`,
        )
  }
  return `${[...lines, '# EOF'].join('\n')}\n`
}

const bucketsOf = ({ name, bounds, counts, sum }: Histogram, all: Labels): readonly string[] => {
  let count = 0
  const buckets = counts.map((each, n) => {
    count += each
    const bound = bounds[n]
    const le = bound === undefined ? '+Inf' : Number.isInteger(bound) ? `${bound}.0` : `${bound}`
    return `${name}_bucket${printLabels({ ...all, le })} ${count}`
  })
  return [...buckets, `${name}_count${printLabels(all)} ${count}`, `${name}_sum${printLabels(all)} ${sum}`]
}

const printLabels = (labels: Labels): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
