// Runs the tests of the repository: `npm test`, or `npm test -- wire money/test/rounding` for those files alone
// whose path contains one of the words.

import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

const repository = fileURLToPath(new URL('..', import.meta.url))
/** A file that takes longer hangs: the whole suite is meant to take less. */
const fileTimeoutMs = 180_000

const words = process.argv.slice(2)
const files = globSync(['{packages,apps}/*/test/**/*.test.ts', 'tidy/*.test.ts'], { cwd: repository })
  .sort()
  .filter(path => words.length === 0 || words.some(word => path.includes(word)))

if (files.length === 0) {
  console.error(`No test file has ${words.join(' or ')} in its path.`)
  process.exitCode = 1
} else {
  run({
    files: files.map(path => repository + path),
    concurrency: Math.min(4, availableParallelism()),
    timeout: fileTimeoutMs,
  })
    .on('test:fail', ({ todo }) => {
      if (todo === undefined || todo === false) process.exitCode = 1
    })
    .compose(spec)
    .pipe(process.stdout)
}
