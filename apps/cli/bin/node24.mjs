#!/usr/bin/env node
// Runs its arguments with Node 24: `node node24.mjs FILE ARGUMENTS`. The machine's own Node may be older.
import { spawn } from 'node:child_process'
import { runtimePath } from './runtime.mjs'

/** Becomes the other process as far as anybody can tell: same terminal, same signals, same exit status. */
export function become(args) {
  let path
  try {
    path = runtimePath()
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
    return
  }
  // Newer Nodes can become the other program in earnest.
  if (process.execve !== undefined && process.platform !== 'win32')
    process.execve(path, [path, ...args], process.env)
  const child = spawn(path, args, { stdio: 'inherit' })
  // A terminal sends its signals to both; other senders may know this process alone.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', error => {
    process.stderr.write(`Node 24 did not start: ${error.message}\n`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal === 'SIGKILL' ? 9 : 15)
  })
}

if (process.argv[1]?.endsWith('node24.mjs')) become(process.argv.slice(2))
