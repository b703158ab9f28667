// A strict reader of OpenMetrics text 1.0, for what our metrics use: gauges, counters, histograms, no timestamps and no
// exemplars. Rules: github.com/prometheus/OpenMetrics, specification/OpenMetrics.md. It throws at the first line that a
// reader may refuse.

export interface ReadSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}
export interface ReadFamily {
  readonly type: string
  readonly samples: ReadSample[]
}

const metricName = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const number = '[+-]?(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE][+-]?\\d+)?'
const labelPair = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"'
const sampleLine = new RegExp(`^(${metricName})(?:\\{(${labelPair}(?:,${labelPair})*)\\})? (${number})$`, 'u')
const suffixes: Readonly<Record<string, readonly string[]>> = {
  gauge: [''],
  counter: ['_total'],
  histogram: ['_bucket', '_count', '_sum'],
}

export const readOpenMetrics = (text: string): ReadonlyMap<string, ReadFamily> => {
  if (!text.endsWith('# EOF\n')) throw new Error('it does not end with # EOF')
  const families = new Map<string, ReadFamily>()
  let current = ''
  const seen = new Set<string>()
  for (const line of text.slice(0, -'# EOF\n'.length).split('\n').slice(0, -1)) {
    const [, kind, name = '', rest = ''] =
      new RegExp(`^# (TYPE|UNIT|HELP) (${metricName}) (.*)$`, 'su').exec(line) ?? []
    if (kind === 'TYPE') {
      if (families.has(name)) throw new Error(`${name} stands in two places`)
      if (suffixes[rest] === undefined) throw new Error(`${rest} is no type`)
      families.set(name, { type: rest, samples: [] })
      current = name
      continue
    }
    const family = families.get(current)
    if (family === undefined) throw new Error(`before any type: ${line}`)
    if (kind !== undefined) {
      if (name !== current) throw new Error(`${kind} of ${name} stands under ${current}`)
      if (family.samples.length > 0) throw new Error(`${kind} stands behind samples`)
      if (kind === 'UNIT' && !name.endsWith(`_${rest}`)) throw new Error(`${name} does not end with ${rest}`)
      if (kind === 'HELP' && /(?<!\\)(?:\\\\)*\\[^\\n"]/.test(rest)) throw new Error(`no escape: ${rest}`)
      continue
    }
    family.samples.push(sampleIn(line, current, family.type))
    const key = line.slice(0, line.lastIndexOf(' '))
    if (seen.has(key)) throw new Error(`twice: ${key}`)
    seen.add(key)
  }
  for (const [name, { type, samples }] of families) if (type === 'histogram') checkHistogram(name, samples)
  return families
}

const sampleIn = (line: string, family: string, type: string): ReadSample => {
  const [, name = '', pairs = '', value = ''] = sampleLine.exec(line) ?? []
  if (!(suffixes[type] ?? []).some(suffix => name === family + suffix))
    throw new Error(`no sample of ${family}: ${line}`)
  if (type === 'counter' && Number(value) < 0) throw new Error(`a counter below zero: ${line}`)
  const labels: Record<string, string> = {}
  for (const [, label = '', text = ''] of pairs.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/gsu)) {
    if (label in labels) throw new Error(`the label ${label} twice: ${line}`)
    labels[label] = text.replaceAll(/\\(.)/gs, (_, escaped) => (escaped === 'n' ? '\n' : escaped))
  }
  return { name, labels, value: Number(value) }
}

const checkHistogram = (name: string, samples: readonly ReadSample[]): void => {
  const buckets = samples.filter(each => each.name === `${name}_bucket`)
  const count = samples.find(each => each.name === `${name}_count`)?.value
  if (buckets.at(-1)?.labels.le !== '+Inf') throw new Error(`${name} has no bucket +Inf at its end`)
  if (buckets.at(-1)?.value !== count) throw new Error(`${name}: +Inf and the count differ`)
  for (const [n, { labels, value }] of buckets.entries()) {
    const before = buckets[n - 1]
    if (before === undefined) continue
    if (value < before.value) throw new Error(`${name} shrinks at ${labels.le}`)
    if (labels.le !== '+Inf' && !(Number(labels.le) > Number(before.labels.le)))
      throw new Error(`${name} has no order`)
  }
}
