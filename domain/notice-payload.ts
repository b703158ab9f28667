// A message as each channel wants it. Telegram: Bot API, sendMessage (text up to 4096 characters, plain without a
// parse_mode). Discord: Execute Webhook (content up to 2000 characters; allowed_mentions empty, so that no text can call
// everybody).

import type { Channel, Message } from './notification.ts'

const marks = { info: 'i', warning: '!', error: '!!' } as const

/** One line for people: '[!!] paper alarm: socket: 3 recoveries in an hour did not last (seq 4711)'. */
export const lineOf = ({ severity, book, subject, sentence, seq }: Message): string =>
  `[${marks[severity]}] ${book} ${subject}: ${sentence}${seq === 0 ? '' : ` (seq ${seq})`}`

/** The body of the request, before it becomes JSON. `chat` is Telegram's. */
export const payloadOf = (channel: Channel, message: Message, chat: string): object => {
  switch (channel) {
    case 'webhook':
      return { ...message, text: lineOf(message) }
    case 'telegram':
      return { chat_id: chat, text: cut(lineOf(message), 4096), link_preview_options: { is_disabled: true } }
    case 'discord':
      return { content: cut(lineOf(message), 2000), allowed_mentions: { parse: [] } }
  }
}

const cut = (text: string, length: number): string => {
  const characters = [...text]
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`
}
