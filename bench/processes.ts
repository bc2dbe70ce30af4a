import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'

const stopMs = 5_000
const lastWordsBytes = 4_000

/** A process of the benchmark. Whatever happens, it ends with `stop`. */
export class Program implements AsyncDisposable {
  readonly name: string
  readonly child: ChildProcess
  #errors = ''

  private constructor(name: string, child: ChildProcess) {
    this.name = name
    this.child = child
    child.stderr?.on('data', (bytes: Buffer) => {
      this.#errors = (this.#errors + bytes).slice(-lastWordsBytes)
    })
    // Whichever way this process ends, no other stays behind.
    const end = (): void => void child.kill('SIGKILL')
    process.once('exit', end)
    child.once('exit', () => process.off('exit', end))
  }

  /** `quiet`: what it prints is thrown away. */
  static start(name: string, args: string[], quiet?: 'quiet'): Program {
    const stdout = quiet === undefined ? 'pipe' : 'ignore'
    return new Program(
      name,
      spawn(process.execPath, args, { stdio: ['ignore', stdout, 'pipe'], env: environment() }),
    )
  }

  /** A program that talks to this one by messages. */
  static startWithMessages(name: string, file: string): Program {
    return new Program(name, fork(file, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env: environment() }))
  }

  get pid(): number {
    return this.child.pid!
  }

  /** The first line that it prints. */
  async firstLine(): Promise<string> {
    const [bytes] = await Promise.race([once(this.child.stdout!, 'data'), once(this.child, 'exit')])
    if (!Buffer.isBuffer(bytes)) throw new Error(`${this.name} ended by itself. ${this.#errors}`)
    return bytes.toString().trim()
  }

  /** All that it prints until it ends well. */
  async output(): Promise<string> {
    const [output, [code]] = await Promise.all([text(this.child.stdout!), once(this.child, 'exit')])
    if (code !== 0) throw new Error(`${this.name} ended with ${code}. ${this.#errors}`)
    return output
  }

  /** Throws if it has ended by itself. */
  check(): void {
    const { exitCode, signalCode } = this.child
    if (exitCode === null && signalCode === null) return
    throw new Error(`${this.name} ended by itself (${exitCode ?? signalCode}). ${this.#errors}`)
  }

  /** Asks the process to end, and ends it if it does not. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const gone = once(this.child, 'exit')
    this.child.kill('SIGTERM')
    const timer = setTimeout(() => this.child.kill('SIGKILL'), stopMs)
    await gone
    clearTimeout(timer)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/** Without variables that would change a role's configuration. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('COCOON_')))
}

/** A port of the loopback interface that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
