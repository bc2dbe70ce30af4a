#!/usr/bin/env node
import { systemWorld } from '@cocoon/wire/node'
import type { StopRequest } from './context.ts'
import { run } from './program.ts'

process.exitCode = await run(
  {
    environment: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    world: systemWorld,
    awaitStop,
  },
  process.argv.slice(2),
)

/** The first signal asks to stop. After it the defaults hold again, so that a second one ends the process. */
function awaitStop(): StopRequest {
  const asked = new AbortController()
  const signals = ['SIGINT', 'SIGTERM'] as const
  const forget = (): void => {
    for (const name of signals) process.off(name, stop)
  }
  const stop = (): void => {
    forget()
    asked.abort()
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
