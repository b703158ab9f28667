// A box with a real systemd in it, as tests use it: boot, commands, files, the journal, and the power that goes.

import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe } from 'vitest'

const script = join(import.meta.dirname, 'box.sh')
const project = join(import.meta.dirname, '../..')
/** Where the program lies inside. */
export const program = '/opt/veritape'

const missing = (): string | undefined => {
  if (process.getuid?.() !== 0) return 'it needs root'
  if (!existsSync('/lib/systemd/systemd')) return 'systemd is not installed'
  if (!existsSync('/usr/bin/dbus-daemon')) return 'dbus is not installed'
  if (!/ cgroup2 /.test(readFileSync('/proc/mounts', 'utf8'))) return 'there is no cgroup2'
  if (spawnSync('unshare', ['--mount', '--pid', '--net', '--fork', 'true']).status !== 0)
    return 'this machine gives no namespaces'
  return undefined
}

/** Stories that need a real systemd. Where it cannot run they are left out with a sentence, and fail in CI. */
export const withSystemd = (name: string, stories: () => void): void => {
  const why = missing()
  if (why === undefined) describe(name, stories)
  else if (process.env.CI !== undefined) throw new Error(`the box with systemd cannot run: ${why}`)
  else describe.runIf(false)(`${name} (left out: ${why})`, stories)
}

export interface Outcome {
  readonly code: number
  readonly out: string
}

export class Box {
  /** Not in a folder for temporary files: units do not see those. */
  readonly folder = mkdtempSync('/var/tmp/veritape-box-')
  #up = false
  #aheadSeconds = 0
  readonly #mounts: string[]

  /** `mounts` are SOURCE:TARGET, read-only. */
  constructor(mounts: readonly string[] = [`${project}:${program}`]) {
    this.#mounts = [...mounts]
    chmodSync(this.folder, 0o755) // units read the clock's shift in it
    // Any story at any time of day: VERITAPE_BOX_CLOCK=2026-11-25T23:59:40Z
    const instant = process.env.VERITAPE_BOX_CLOCK
    if (instant !== undefined) this.setClock(instant)
  }

  boot(): string {
    const state = execFileSync(script, ['up', this.folder, ...this.#mounts], { encoding: 'utf8' }).trim()
    this.#up = true
    return state
  }

  /** SIGKILL to everything inside; what was written stays. */
  cutPower(): void {
    execFileSync(script, ['cut', this.folder])
    this.#up = false
  }

  /** Ends and removes it. */
  remove(): void {
    if (this.#up) this.cutPower()
    rmSync(this.folder, { recursive: true, force: true })
  }

  run(...command: readonly string[]): Outcome {
    const { status, stdout, stderr } = spawnSync(script, ['in', this.folder, ...command], {
      encoding: 'utf8',
    })
    return { code: status ?? 128, out: `${stdout}${stderr}` }
  }

  /** As `run`; throws with what it said when it fails. */
  must(...command: readonly string[]): string {
    const { code, out } = this.run(...command)
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${out}`)
    return out
  }

  veritape(...argv: readonly string[]): Outcome {
    return this.run('/usr/bin/env', '-C', '/', process.execPath, `${program}/dist/commands/main.js`, ...argv)
  }

  /** As an operator: `sudo -u veritape veritape …`. */
  asVeritape(...argv: readonly string[]): Outcome {
    const user = ['setpriv', '--reuid=veritape', '--regid=veritape', '--clear-groups']
    const home = ['env', '-C', '/var/lib/veritape']
    const places = ['VERITAPE__LEDGER=/var/lib/veritape/ledger', 'VERITAPE__STATE=/var/lib/veritape/state']
    return this.run(
      ...[...user, ...home, ...places, process.execPath, `${program}/dist/commands/main.js`],
      ...argv,
    )
  }

  /** A disk of its own at `place`, of which no byte is written until a file needs it; in memory where there are no loop devices. */
  putDisk(place: string, megabytes: number): void {
    const image = join('/mnt', `disk-${place.replaceAll('/', '-')}.img`)
    const nodes = 'mknod /dev/loop-control c 10 237; for n in $(seq 0 31); do mknod /dev/loop$n b 7 $n; done'
    this.must('sh', '-c', `[ -e /dev/loop-control ] || { ${nodes}; }; truncate -s ${megabytes}M ${image}`)
    this.must('mkfs.ext4', '-q', '-F', '-m', '0', image)
    this.must('mkdir', '-p', place)
    if (this.run('mount', '-o', 'loop', image, place).code === 0) return
    this.must('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', place)
  }

  /** A path inside, as the test sees it. */
  path(inside: string): string {
    return `/proc/${readFileSync(join(this.folder, 'pid'), 'utf8').trim()}/root${inside}`
  }

  put(inside: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(this.path(inside)), { recursive: true })
    writeFileSync(this.path(inside), text)
    chmodSync(this.path(inside), mode)
  }

  show(unit: string, property: string): string {
    return this.must('systemctl', 'show', unit, '-p', property, '--value').trim()
  }

  journal(unit: string): string {
    return this.run('journalctl', '-u', unit, '-o', 'cat', '--no-pager').out
  }

  /** Sets the clock of everything inside for the next boot. */
  setClock(instant: string): void {
    const shared = join(this.folder, 'clock.so')
    if (!existsSync(shared))
      execFileSync('gcc', ['-O2', '-shared', '-fPIC', '-o', shared, join(import.meta.dirname, 'clock.c')])
    this.#aheadSeconds = Math.round((Date.parse(instant) - Date.now()) / 1000)
    writeFileSync(join(this.folder, 'shift'), `${this.#aheadSeconds}`)
  }

  /**
   * Moves the clock of a box that runs to seconds before `instant`, for that timer and every process: however long the boot
   * took. systemd works out a timer's wake-up when it is started, so this one is.
   */
  approach(timer: string, instant: string): void {
    this.must('systemctl', 'stop', timer)
    this.setClock(new Date(Date.parse(instant) - 3000).toISOString())
    this.must('systemctl', 'start', timer)
  }

  /** The time inside, in milliseconds. */
  now(): number {
    return Date.now() + this.#aheadSeconds * 1000
  }

  /**
   * Timers of the clock strike in no story but their own: they are there, and their next time is far away. Without it a
   * story that holds a fault for a minute meets the health check of every fifth minute, and its guardian.
   */
  stopClock(): void {
    for (const name of ['health', 'integrity', 'kpi', 'retention'])
      this.dropIn(`veritape-${name}@.timer`, '[Timer]\nOnCalendar=\nOnCalendar=2099-01-01 00:00 UTC\n')
    this.dropIn('veritape-audit@.timer', '[Timer]\nOnCalendar=\nOnCalendar=2099-01-01 00:30 UTC\n')
  }

  /** No unit's failure calls a guardian: one that heals beside the story would be a second hand in it. */
  dismissGuardian(): void {
    this.dropIn('veritape-guardian@.service', '[Unit]\nConditionPathExists=/nowhere\n')
  }

  /** Lies where no installation looks, and outlives the power. */
  dropIn(unit: string, text: string): void {
    this.put(`/usr/local/lib/systemd/system/${unit}.d/zz-story.conf`, text)
  }
}
