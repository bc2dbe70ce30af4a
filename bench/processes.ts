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
  }

  static start(name: string, args: string[], nodeOptions: string[] = []): Program {
    return new Program(
      name,
      spawn(process.execPath, [...nodeOptions, ...args], { stdio: ['ignore', 'pipe', 'pipe'] }),
    )
  }

  /** A program that talks to this one by messages. */
  static startWithMessages(name: string, file: string): Program {
    return new Program(name, fork(file, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] }))
  }

  get pid(): number {
    return this.child.pid!
  }

  /** The first line that it prints. */
  async firstLine(): Promise<string> {
    for await (const bytes of this.child.stdout!) return String(bytes).trim()
    throw new Error(`${this.name} said nothing. ${this.#errors}`)
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

/** A port of the loopback interface that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
