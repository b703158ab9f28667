// Injecting faults into the system calls of another process with strace(1): the kernel's own answers, not a model.

import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'

/** Why system calls cannot be tampered with here; undefined when they can. */
export const whyNoStrace = (): string | undefined => {
  const { error, status, stderr } = spawnSync('strace', ['-qq', '-e', 'inject=getppid:error=EIO', 'true'], {
    encoding: 'utf8',
  })
  if (error !== undefined) return 'strace is not installed (apt-get install strace)'
  return status === 0 ? undefined : `strace may not trace here: ${stderr.trim()}`
}

/** Installs strace where that can be done without asking anybody. */
export const installStrace = (): void => {
  if (spawnSync('strace', ['-V']).error === undefined || process.getuid?.() !== 0) return
  try {
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'ignore' })
    execFileSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'strace'], { stdio: 'ignore' })
  } catch {
    // Not a machine with apt-get, or without a network: whyNoStrace says that it is missing.
  }
}

/** One system call on the book, as strace prints it. */
export interface Call {
  readonly pid: number
  readonly name: string
  /** The file, as far as strace shows it. */
  readonly file: string
  readonly result: string
  readonly injected: boolean
}

const callForm = /^(\d+) +(\w+)\((.*)$/

export const readTrace = (file: string): readonly Call[] =>
  fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .flatMap(line => {
      const [, pid, name = '', rest = ''] = callForm.exec(line) ?? []
      if (pid === undefined) return []
      const path = name.startsWith('open') ? /"([^"]*)"/.exec(rest)?.[1] : /^\d+<([^>]*)>/.exec(rest)?.[1]
      const result = /\) += (-?\d+(?: E\w+)?)/.exec(rest)?.[1] ?? ''
      return [
        {
          pid: Number(pid),
          name,
          file: path ?? /"([^"]*)"[^"]*$/.exec(rest)?.[1] ?? '',
          result,
          injected: rest.includes('(INJECTED)'),
        },
      ]
    })

const names =
  'write,pwrite64,fdatasync,fsync,openat,ftruncate,?rename,?renameat,?renameat2,?mkdir,?mkdirat,?unlink,?unlinkat'

/**
 * The words in front of a command that trace (and with `inject` tamper with) its calls on these files. The quick way
 * of tracing, --seccomp-bpf, passes over injected signals (strace 6.1).
 */
export const through = (trace: string, files: readonly string[], inject?: string): readonly string[] => [
  ...[
    'strace',
    '-f',
    '-qq',
    '-y',
    ...(inject?.includes('signal=') ? [] : ['--seccomp-bpf']),
    '-o',
    trace,
    '-e',
    `trace=${names}`,
  ],
  ...files.flatMap(file => ['-P', file]),
  ...(inject === undefined ? [] : ['-e', `inject=${inject}`]),
]
