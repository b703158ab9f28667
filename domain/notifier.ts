// The port to whoever started this process and watches it: systemd, or nobody.

export interface Notifier {
  /** The work got on: the first call says that the process is ready, each resets the watchdog. `status` is for people; 'with-memory' adds the process's resident memory. */
  progress(status: string, memory?: 'with-memory'): void
  /** The process ends by its own will and may take a moment. */
  stopping(): void
}
