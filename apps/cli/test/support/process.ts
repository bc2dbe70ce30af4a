import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Text } from './console.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** The command line as a process of its own. */
export interface Spawned extends AsyncDisposable {
  readonly stdout: Text
  readonly stderr: Text
  readonly exitCode: Promise<number | null>
  kill(signal: NodeJS.Signals): void
}

/** Starts the command line as a process. It is ended with the test if it has not ended itself. */
export function spawnCli(argv: readonly string[], environment: Record<string, string> = {}): Spawned {
  const child: ChildProcess = spawn(process.execPath, [main, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
  })
  const stdout = new Text()
  const stderr = new Text()
  child.stdout?.pipe(stdout)
  child.stderr?.pipe(stderr)
  const exitCode = new Promise<number | null>(resolve => child.once('close', code => resolve(code)))
  return {
    stdout,
    stderr,
    exitCode,
    kill: signal => void child.kill(signal),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await exitCode
    },
  }
}

/** A line of JSON, or what the process said instead when it ends before. */
export async function jsonLine(
  cli: Spawned,
  wanted: (value: Record<string, unknown>) => boolean,
): Promise<Record<string, unknown>> {
  const found = cli.stdout.line(
    line => line.startsWith('{') && wanted(JSON.parse(line) as Record<string, unknown>),
  )
  const ended = cli.exitCode.then(code => {
    throw new Error(`The process ended with ${code}: ${cli.stdout.text}${cli.stderr.text}`)
  })
  return JSON.parse(await Promise.race([found, ended])) as Record<string, unknown>
}
