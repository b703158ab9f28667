// Compiles the program into dist/, and puts what a command line loads into one file: Node opens, reads and links two
// hundred modules in the time in which a short command could be done. What a verb imports late is still run late.
//
//   dist/commands/main.js                  what `veritape` starts: everything, in one file
//   dist/commands/ledger-check-worker.js   the same for the thread that it starts, where that file looks for it: beside itself
//   dist/domain/ …                         every module by itself: what the files were made of, and what tests and benches import

import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { build } from 'esbuild'

execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' })
await build({
  entryPoints: {
    'commands/main': 'dist/commands/main.js',
    'commands/ledger-check-worker': 'dist/adapters/ledger-check-worker.js',
  },
  outdir: 'dist',
  allowOverwrite: true,
  bundle: true,
  minifySyntax: true,
  minifyWhitespace: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // One has a compiled part, the others are loaded by few books, file by file.
  external: ['fs-native-extensions', 'ccxt', '@eventstore/db-client'],
  // Some packages ask for Node's modules in the old way.
  banner: {
    js: "import { createRequire as requireOfBundle } from 'node:module'; const require = requireOfBundle(import.meta.url);",
  },
  logLevel: 'warning',
})
chmodSync('dist/commands/main.js', 0o755) // `veritape` is a link to it
