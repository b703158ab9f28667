// How much is told: the same words not again for a while, not more than so many messages in an hour, and in the end how
// many were held back.

import type { News } from './notice.ts'
import type { NotifyRules } from './notify-rules.ts'

const hourMs = 3_600_000

export interface NoticeLimits {
  /** 'say' counts as said. Milliseconds since 1970 UTC. */
  admit(news: Pick<News, 'topic' | 'sentence'>, now: number): 'say' | 'said-already' | 'held-back'
  /** How many were held back and may be told of now, as one message; 0 for none. Counts as said. */
  heldBack(now: number): number
}

export const noticeLimits = ({ perHour, repeatSeconds }: NotifyRules): NoticeLimits => {
  let sent: number[] = []
  const saidAt = new Map<string, number>()
  let held = 0

  const hasRoom = (now: number, needed: number) => {
    sent = sent.filter(at => now - at < hourMs)
    return sent.length + needed <= perHour
  }

  return {
    admit: ({ topic, sentence }, now) => {
      const key = `${topic} ${sentence}`
      const before = saidAt.get(key)
      if (before !== undefined && now - before < repeatSeconds * 1000) return 'said-already'
      if (!hasRoom(now, 1)) {
        held += 1
        return 'held-back'
      }
      for (const [each, at] of saidAt) if (now - at >= repeatSeconds * 1000) saidAt.delete(each)
      saidAt.set(key, now)
      sent.push(now)
      return 'say'
    },
    heldBack: now => {
      if (held === 0 || !hasRoom(now, 1)) return 0
      const count = held
      held = 0
      sent.push(now)
      return count
    },
  }
}
