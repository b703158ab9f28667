// What is news and what is not, how much of it is told, and how each channel wants to hear it.

import { describe, expect, test } from 'vitest'
import { AlertRaised, HealthChecked, RecoverySucceeded } from '../../domain/health.ts'
import { newsIn, nothingWatched } from '../../domain/notice.ts'
import { noticeLimits } from '../../domain/notice-limits.ts'
import { payloadOf } from '../../domain/notice-payload.ts'
import type { Message } from '../../domain/notification.ts'
import { notifyDefaults } from '../../domain/notify-rules.ts'
import { TradingHalted } from '../../domain/safety.ts'
import { DriftResolved } from '../../domain/truth.ts'

let seq = 0
const recorded = (event: unknown, stream = 'control', at = ++seq) =>
  ({ seq: at, id: `${at}`, correlation: at, stream, revision: 0, at: '', cause: 0, run: 0, event }) as never
const checked = (verdict: 'ok' | 'degraded' | 'unhealthy', saw = 'late') =>
  HealthChecked({ verdict, checks: [{ name: 'candles', verdict, saw }] })
const drift = { type: 'DriftFound', version: 1, data: { subject: 'balance', name: 'BTC' } }

describe('news', () => {
  test('a verdict is news when it changes, and a heartbeat never is', () => {
    const watched = nothingWatched()
    const told = (['ok', 'ok', 'degraded', 'degraded', 'unhealthy', 'unhealthy', 'ok', 'ok'] as const).map(
      verdict => newsIn(watched, recorded(checked(verdict), 'health'))?.sentence,
    )
    expect(told).toEqual([
      undefined,
      undefined,
      'degraded: candles: late',
      undefined,
      'unhealthy: candles: late',
      undefined,
      'healthy again',
      undefined,
    ])
    const cycle = { type: 'CycleCompleted', version: 1, data: {} }
    expect(newsIn(watched, recorded(cycle))).toBeUndefined()
  })

  test('the first drift and the last one that is resolved are news', () => {
    const watched = nothingWatched()
    const severities = [
      newsIn(watched, recorded(drift, 'truth', 1001)),
      newsIn(watched, recorded(drift, 'truth', 1002)),
      newsIn(watched, recorded(DriftResolved({ drift: 1001, how: 'x' }), 'truth')),
      newsIn(watched, recorded(DriftResolved({ drift: 1002, how: 'x' }), 'truth')),
    ].map(news => news?.severity)
    expect(severities).toEqual(['error', undefined, undefined, 'info'])
  })

  test('a halt is an error, an alarm of the executor is one, the guardian says its own', () => {
    const watched = nothingWatched()
    const halted = TradingHalted({ by: 'operator', reason: 'lunch', level: 'halted' })
    expect(newsIn(watched, recorded(halted))).toMatchObject({
      topic: 'halt',
      severity: 'error',
      sentence: 'halted by operator: lunch',
    })
    const alert = AlertRaised({ severity: 'error', subject: 's', sentence: 't' })
    expect(newsIn(watched, recorded(alert, 'safety'))?.topic).toBe('alarm')
    expect(newsIn(watched, recorded(alert, 'guard'))).toBeUndefined()
    expect(newsIn(watched, recorded(RecoverySucceeded({ check: 'c', attempts: 2 }), 'guard'))?.severity).toBe(
      'info',
    )
  })
})

describe('limits', () => {
  const limits = (given: object) => noticeLimits({ ...notifyDefaults, ...given })
  const of = (sentence: string) => ({ topic: 'halt', sentence }) as const
  const hour = 3_600_000

  test('the same words are said once within the time, others at once', () => {
    const { admit } = limits({ repeatSeconds: 600 })
    expect([
      admit(of('a'), 0),
      admit(of('a'), 599_999),
      admit(of('b'), 599_999),
      admit(of('a'), 600_000),
    ]).toEqual(['say', 'said-already', 'say', 'say'])
  })

  test('what is too much in an hour is held back, and told of in one message when there is room', () => {
    const { admit, heldBack } = limits({ perHour: 3 })
    const said = Array.from({ length: 10 }, (_, n) => admit(of(`${n}`), n * 1000))
    expect(said.filter(each => each === 'say')).toHaveLength(3)
    expect(heldBack(20_000)).toBe(0)
    expect(heldBack(hour)).toBe(7)
    expect(heldBack(hour)).toBe(0)
    expect(admit(of('more'), hour + 1)).toBe('held-back') // 1 s, 2 s and the summary are in the hour
    expect(admit(of('more'), hour + 1001)).toBe('say')
  })
})

describe('payloads', () => {
  const message: Message = {
    book: 'paper',
    severity: 'error',
    subject: 'alarm',
    sentence: 'it is late @everyone',
    seq: 4711,
    at: '2026-11-25T12:00:00.000Z',
  }
  const line = '[!!] paper alarm: it is late @everyone (seq 4711)'

  test('a webhook gets the fields and the line', () => {
    expect(payloadOf('webhook', message, '')).toEqual({ ...message, text: line })
  })
  test('telegram gets plain text for a chat', () => {
    expect(payloadOf('telegram', message, '-100')).toEqual({
      chat_id: '-100',
      text: line,
      link_preview_options: { is_disabled: true },
    })
  })
  test('discord may call nobody', () => {
    expect(payloadOf('discord', message, '')).toEqual({ content: line, allowed_mentions: { parse: [] } })
  })
  test('what is too long is cut at a character', () => {
    const long = { ...message, sentence: '😀'.repeat(5000) }
    const { content } = payloadOf('discord', long, '') as { content: string }
    const { text } = payloadOf('telegram', long, '1') as { text: string }
    expect([[...content].length, [...text].length]).toEqual([2000, 4096])
    expect(content.endsWith('😀…')).toBe(true)
  })
})
