// What a parser objects to, in one sentence: an error that a person reads is one line.

import type * as z from 'zod'

/** 'merged_config.orderValue: expected string, found nothing; …' */
export const objectionsIn = ({ issues }: z.ZodError): string =>
  issues
    .map(({ path, message }) => {
      const what = message.replace(/^Invalid input: /, '').replace('received undefined', 'found nothing')
      return path.length === 0 ? what : `${path.join('.')}: ${what}`
    })
    .join('; ')
