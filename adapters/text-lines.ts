// The lines of a text file, one at a time, ended by \n and nothing else. A last line without its end is a line too.

import { createReadStream } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'

/** `seen` gets every byte of the file. */
export async function* textLines(
  path: string,
  seen: (bytes: Uint8Array) => void = () => {},
): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const chunk of createReadStream(path)) {
    const bytes = chunk as Buffer
    seen(bytes)
    const lines = (rest + decoder.write(bytes)).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  rest += decoder.end()
  if (rest !== '') yield rest
}
