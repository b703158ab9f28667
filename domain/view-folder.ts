// The port to the folder of a book's views.

/** Views: written atomically, read only by people and other programs. */
export interface ViewFolder {
  readonly path: string
  /** True when the bytes on disk changed. */
  write(name: string, text: string): Promise<boolean>
  read(name: string): Promise<string | undefined>
  list(): Promise<readonly string[]>
  clear(): Promise<void>
}
