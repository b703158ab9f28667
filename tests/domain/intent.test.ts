// Intents: what parses as a wish, and how long it is good.

import { describe, expect, test } from 'vitest'
import { hasExpired, IntentDenied, IntentRaised } from '../../domain/intent.ts'
import { RiskDenial } from '../../domain/risk-denial.ts'
import { intentDenied, intentRaised } from '../cast.ts'

const wish = intentRaised.data

describe('a wish', () => {
  test('is good until its last instant, and not after', () => {
    expect(hasExpired(wish, wish.expiresAt)).toBe(false)
    expect(hasExpired(wish, '2023-03-24T11:50:00.001Z')).toBe(true)
    expect(hasExpired(wish, '2023-03-24T11:40:00.000Z')).toBe(false)
  })

  test.each([
    ['side', 'hold'],
    ['type', 'stop-limit'],
    ['quantity', 0.25],
    ['quantity', '1e-3'],
    ['timeInForce', 'OPG'],
    ['source', 'oracle'],
    ['symbol', 'btc/usdt'],
    ['expiresAt', '2023-03-24'],
    ['leverage', '10'],
  ])('does not parse with %s %j', (field, value) => {
    expect(() => IntentRaised({ ...wish, [field]: value } as typeof wish)).toThrow(field)
  })
})

describe('a denial', () => {
  test.each(RiskDenial.options)('may say %s', reason => {
    expect(IntentDenied({ ...intentDenied(7).data, reason }).data.reason).toBe(reason)
  })

  test('may not make up a reason', () => {
    const madeUp = { ...intentDenied(7).data, reason: 'bad-feeling' as RiskDenial }
    expect(() => IntentDenied(madeUp)).toThrow('reason')
  })

  test('answers an intent of the ledger, not seq 0', () => {
    expect(() => IntentDenied({ ...intentDenied(7).data, intent: 0 })).toThrow('intent')
  })
})
