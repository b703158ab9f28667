// Tries every way out of the unit that it runs in; prints what came of each as JSON.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'

const outcome = act => {
  try {
    act()
    return 'done'
  } catch (error) {
    return error.code ?? String(error)
  }
}
const reach = port =>
  new Promise(told => {
    try {
      const socket = connect(port, '127.0.0.1', () => socket.destroy(told('done')))
      socket.on('error', error => told(error.code))
    } catch (error) {
      told(error.code)
    }
  })

console.log(
  JSON.stringify({
    uid: process.getuid(),
    writeState: outcome(() => writeFileSync('/var/lib/veritape/probe', 'x')),
    writeEtc: outcome(() => writeFileSync('/etc/probe', 'x')),
    writeProgram: outcome(() => writeFileSync('/usr/probe', 'x')),
    writeVar: outcome(() => writeFileSync('/var/tmp/../lib/probe', 'x')),
    readRoot: outcome(() => readdirSync('/root/secret')),
    readShadow: outcome(() => readFileSync('/etc/shadow')),
    readCredential: outcome(() => readFileSync('/etc/veritape/credentials/paper/venue')),
    seesSystemd: outcome(() => readFileSync('/proc/1/cmdline')),
    loopback: await reach(4711),
  }),
)
