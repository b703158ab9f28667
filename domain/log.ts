// The port to the log: lines for people who follow a process. Secrets are taken out on the way.

export interface Log {
  info(fields: object, sentence: string): void
  warn(fields: object, sentence: string): void
  error(fields: object, sentence: string): void
}
