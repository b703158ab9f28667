// veritape config show   Every value of the effective configuration, and where it comes from.

import type { Command } from './command.ts'
import { exit } from './exit.ts'

export const configShow: Command<object> = {
  options: yargs => yargs,
  run: async ({ configValues, configHash, screen }) => {
    const { style } = screen
    screen.table(
      ['key', 'value', 'source'],
      configValues.map(({ key, value, source }) => [
        key,
        shown(value),
        source === 'default' ? style.faint(source) : style.strong(source),
      ]),
    )
    screen.say()
    screen.say(`SHA-256 of what can change a decision: ${configHash}`)
    screen.result({ hash: configHash, values: configValues })
    return exit.done
  },
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
