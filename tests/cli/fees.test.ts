// Fees as each venue takes them: bought, sold again by an exit of everything, and the account holds what the ledger says, to
// the last digit. The whole program with the unmodified ccxt against a venue in a process of its own.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { add, type Decimal, isZero, subtract, sum } from '../../domain/decimal.ts'
import { done, quantity, theatre, until } from '../crashes/stage.ts'
import type { VenueName } from '../venue-simulator/script.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'veritape-fees-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Fill {
  readonly side: 'buy' | 'sell'
  readonly quantity: Decimal
  readonly fee: Decimal
  readonly feeCurrency?: string
}

/** What a purchase of `quantity` leaves after the fee, and what of it are whole lots: 0.00001, at bitfinex 0.00000001. */
const taken: Readonly<Record<VenueName, { held: Decimal; sold: Decimal }>> = {
  binance: { held: '0.0099889', sold: '0.00998' },
  kraken: { held: quantity, sold: quantity },
  kucoin: { held: quantity, sold: quantity },
  bitfinex: { held: '0.0099778', sold: '0.0099778' },
  alpaca: { held: '0.009975', sold: '0.00997' },
}

test.each(Object.entries(taken))(
  '%s: a purchase and an exit of everything leave the dust and no drift',
  async (name, { held, sold }) => {
    const stage = await theatre(name as VenueName, join(folder, name)).stage('market order', 'intent')
    const fills = () =>
      stage
        .lines()
        .filter(({ t }) => t === 'OrderFilled')
        .map(({ d }) => d as unknown as Fill)
    const filled = (side: string) => sum(fills().flatMap(each => (each.side === side ? [each.quantity] : [])))
    done(await stage.wish())
    const running = stage.start(['execute', '--live'])
    try {
      await until('it is bought', () => filled('buy') === quantity)
      const close = ['intent', 'close', stage.symbol, '--id', 'out', '--expires', '3000']
      done(await stage.run(close))
      await until('it is sold', () => filled('sell') === sold)
    } catch (error) {
      running.process.kill('SIGKILL')
      throw new Error(`${error}; ${JSON.stringify(stage.lines().slice(-6))}; ${(await running.ended).stderr}`)
    }
    running.process.kill('SIGTERM')
    done(await running.ended)

    const money = stage.symbol.split('/')[1] as string
    const feesIn = (currency: string) =>
      sum(fills().flatMap(each => ((each.feeCurrency ?? money) === currency ? [each.fee] : [])))
    expect(feesIn('BTC')).toBe(subtract(quantity, held))
    expect(isZero(feesIn(money))).toBe(false)

    const dust = subtract(held, sold)
    const { balances } = await stage.venue.books()
    expect(balances.BTC).toBe(add('0.5', dust))
    const [wish] = stage.lines().filter(({ t, d }) => t === 'IntentRaised' && d.side === 'sell')
    expect(wish?.d.dust).toBe(isZero(dust) ? undefined : dust)

    expect(await stage.run(['reconcile'])).toMatchObject({ code: 0 })
    const verdicts = stage.lines().filter(({ t }) => t === 'ReconciliationCompleted')
    expect(verdicts.at(-1)?.d).toMatchObject({ verdict: 'agrees', drifts: 0 })
    expect(stage.lines().filter(({ t }) => t === 'DriftFound')).toEqual([])
    await stage.close()
  },
  180_000,
)
