import { PassThrough, Readable, Writable } from 'node:stream'
import { systemWorld } from '@cocoon/wire/node'
import type { Context } from '../../src/context.ts'
import type { Environment } from '../../src/config/runner-config.ts'
import { run } from '../../src/program.ts'

/** A command that runs in this process, with everything that it wrote. */
export interface Running {
  readonly exitCode: Promise<number>
  readonly stdout: Text
  readonly stderr: Text
  /** What Ctrl-C does. */
  stop(): void
  /** What SIGHUP does. */
  reload(): void
}

/** Starts a command line in this process. */
export function start(
  argv: readonly string[],
  options: { environment?: Environment; stdin?: string } = {},
): Running {
  const stdout = new Text()
  const stderr = new Text()
  const asked = new AbortController()
  const reloads = new Set<() => void>()
  const { environment = {}, stdin } = options
  const context: Context = {
    environment,
    stdin: stdin === undefined ? new PassThrough() : Readable.from([Buffer.from(stdin)]),
    stdinIsPiped: stdin !== undefined,
    stdout,
    stderr,
    world: systemWorld,
    awaitStop: () => {
      const alive = setInterval(() => {}, 2 ** 30)
      return { signal: asked.signal, [Symbol.dispose]: () => clearInterval(alive) }
    },
    onReload: reload => {
      reloads.add(reload)
      return { [Symbol.dispose]: () => void reloads.delete(reload) }
    },
  }
  const reload = (): void => {
    for (const run of reloads) run()
  }
  return { exitCode: run(context, argv), stdout, stderr, stop: () => asked.abort(), reload }
}

/** Runs a command line to its end. */
export async function runToEnd(
  argv: readonly string[],
  options: { environment?: Environment; stdin?: string } = {},
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const { exitCode, stdout, stderr } = start(argv, options)
  return { exitCode: await exitCode, stdout: stdout.text, stderr: stderr.text }
}

/** A stream that keeps what was written to it. */
export class Text extends Writable {
  text = ''
  readonly #waiting = new Set<() => void>()

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8')
    for (const look of this.#waiting) look()
    done()
  }

  /** Resolves with the first line that `wanted` accepts. */
  line(wanted: (line: string) => boolean): Promise<string> {
    return new Promise(resolve => {
      const look = (): void => {
        const found = this.text.split('\n').slice(0, -1).find(wanted)
        if (found === undefined) return
        this.#waiting.delete(look)
        resolve(found)
      }
      this.#waiting.add(look)
      look()
    })
  }
}
