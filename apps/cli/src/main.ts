#!/usr/bin/env node
import { fstatSync } from 'node:fs'
import { isatty } from 'node:tty'
import { systemWorld } from '@cocoon/wire/node'
import type { StopRequest } from './context.ts'
import { run } from './program.ts'

/** Signals that come so shortly after one another are the same one. */
const sameSignalMs = 300

// Whoever reads the output may stop reading, as `head` does: what is said after that is said to nobody.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

process.exitCode = await run(
  {
    environment: process.env,
    stdin: process.stdin,
    stdinIsPiped: isPiped(0),
    stdout: process.stdout,
    stderr: process.stderr,
    world: systemWorld,
    awaitStop,
    onReload,
  },
  process.argv.slice(2),
)

function isPiped(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor)
    return stat.isFIFO() || stat.isFile() || stat.isSocket()
  } catch {
    return false
  }
}

/**
 * The first signal asks to stop, the second ends the process as if nobody listened. The listener stays until
 * then: a library that also listens ends the process as soon as it finds itself alone.
 */
function awaitStop(): StopRequest {
  const asked = new AbortController()
  const signals = ['SIGINT', 'SIGTERM'] as const
  const forget = (): void => {
    for (const name of signals) process.off(name, stop)
  }
  let askedAt = 0
  const stop = (name: NodeJS.Signals): void => {
    if (!asked.signal.aborted) {
      askedAt = systemWorld.monotonic()
      return asked.abort()
    }
    // A terminal, npm and the launcher may each deliver the same signal.
    if (systemWorld.monotonic() - askedAt < sameSignalMs) return
    forget()
    process.kill(process.pid, name)
  }
  for (const name of signals) process.on(name, stop)
  // The timers of roles do not keep a process alive, and a role may have no socket at the moment.
  const alive = setInterval(() => {}, 2 ** 30)
  return {
    signal: asked.signal,
    [Symbol.dispose]: () => {
      clearInterval(alive)
      forget()
    },
  }
}

/** SIGHUP asks to read files again, unless it comes because the terminal is gone: then it ends the process. */
function onReload(reload: () => void): Disposable {
  const hadTerminal = isatty(0)
  const hear = (): void => {
    if (!hadTerminal || isatty(0)) return reload()
    process.off('SIGHUP', hear)
    process.kill(process.pid, 'SIGHUP')
  }
  process.on('SIGHUP', hear)
  return { [Symbol.dispose]: () => void process.off('SIGHUP', hear) }
}
