// Runs the tests of the repository: `npm test`, or `npm test -- wire money/test/rounding` for those files alone
// whose path contains one of the words.

import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

const repository = fileURLToPath(new URL('..', import.meta.url))
/** A file that takes longer hangs, and ends the run: the whole suite is meant to take less. */
const fileTimeoutMs = 600_000

const words = process.argv.slice(2)
const files = globSync(['{packages,apps}/*/test/**/*.test.ts', 'tidy/*.test.ts'], { cwd: repository })
  .sort()
  .filter(path => words.length === 0 || words.some(word => path.includes(word)))
  .map(path => join(repository, path))

if (files.length === 0) {
  console.error(`No test file has ${words.join(' or ')} in its path.`)
  process.exitCode = 1
} else {
  runFiles()
}

function runFiles(): void {
  const hung = new AbortController()
  const deadlines = new Map<string, NodeJS.Timeout>()
  const stopIfHung = (file: string): void =>
    hung.abort(new Error(`${file} still ran after ${fileTimeoutMs / 1000} s`))
  run({ files, concurrency: Math.min(4, availableParallelism()), signal: hung.signal })
    // A file is a test of its own, whose name is its path.
    .on('test:dequeue', ({ name }) => {
      if (files.includes(name)) deadlines.set(name, setTimeout(stopIfHung, fileTimeoutMs, name))
    })
    .on('test:complete', ({ name }) => clearTimeout(deadlines.get(name)))
    .on('test:fail', ({ todo }) => {
      if (todo === undefined || todo === false) process.exitCode = 1
    })
    .compose(spec)
    .pipe(process.stdout)
}
