// veritape report latency   From the close of a candle to the venue's answer, step by step, by the ledger's own times.

import { isSome, type Option } from '../domain/result.ts'
import { printCsv } from '../projections/csv.ts'
import { rowTitles } from '../projections/kpi-document.ts'
import { type Latency, latency, percentiles, stepNames } from '../projections/latency.ts'
import { latencyPage, latencyRows } from '../projections/latency-page.ts'
import { feed } from '../projections/projection.ts'
import { notAvailable, roundedIn, shown } from '../projections/shown.ts'
import { printJson } from '../projections/view.ts'
import type { Command } from './command.ts'
import { exit } from './exit.ts'
import { type FormatOptions, formatOf, withFormat } from './report-format.ts'

export const reportLatency: Command<FormatOptions> = {
  options: withFormat,
  run: async (engine, options) => {
    const { screen, config } = engine
    const format = formatOf(screen.json, options)
    // The ledger of such a book lives by the recording's time, in which nothing takes any.
    const isRecorded = engine.simulated !== undefined
    const { taken } = isRecorded ? latency.initial() : await folded(engine)
    const steps = stepNames.map(name => [name, percentiles(taken[name])] as const)

    const document = {
      book: config.book,
      unit: 'milliseconds',
      recorded: isRecorded,
      steps: Object.fromEntries(
        steps.map(([name, { sample, ...figures }]) => [
          name,
          {
            ...Object.fromEntries(
              Object.entries(figures).map(([figure, value]) => [figure, shown(roundedIn(value))]),
            ),
            orders: sample,
          },
        ]),
      ),
    }
    if (format === 'json') screen.document(printJson(document))
    if (format === 'csv') screen.document(printCsv(rowTitles, steps.flatMap(latencyRows)))
    if (format === 'html') screen.document(latencyPage(config.book, steps, isRecorded))
    if (format !== 'table') return exit.done

    screen.heading(`Latency of ${config.book}, milliseconds`)
    screen.table(
      ['step', 'p50', 'p99', 'longest', 'orders'],
      steps.map(([name, { p50, p99, longest, sample }]) => [
        name,
        ...[p50, p99, longest].map(milliseconds),
        `${sample}`,
      ]),
      [1, 2, 3, 4],
    )
    if (isRecorded)
      screen.say(`n/a: ${config.book} trades recorded candles by their own time; a live book has latencies`)
    screen.result(document)
    return exit.done
  },
}

const folded = async (engine: Parameters<typeof reportLatency.run>[0]): Promise<Latency> => {
  const store = await engine.readLedger()
  try {
    let state = latency.initial()
    for await (const recorded of store.readAll({ types: new Set(latency.types) }))
      state = feed(latency, state, recorded)
    return state
  } finally {
    await store.close()
  }
}

const milliseconds = (value: Option<number>): string =>
  isSome(value) ? value.value.toFixed(3) : notAvailable
