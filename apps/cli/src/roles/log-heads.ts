import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogHeads } from '@cocoon/client/role'
import { z } from 'zod'
import { CliError } from '../error.ts'
import { saveText } from './save-text.ts'

const headsShape = z.record(z.string(), z.string())
/** Logs that are remembered: those that grew last. A local network has another one each time. */
const maxLogs = 1_000

/** The newest checkpoint that was seen of each log, in one file: a proxy that forks while a client is away is caught. */
export class LogHeadsFile implements LogHeads, AsyncDisposable {
  readonly #path: string
  readonly #heads: Map<string, string>
  readonly #failed: (error: unknown) => void
  #isDirty = false
  #writing: Promise<void> | undefined

  private constructor(path: string, heads: Map<string, string>, failed: (error: unknown) => void) {
    this.#path = path
    this.#heads = heads
    this.#failed = failed
  }

  /** `failed` hears why the newest could not be written. Rejects with a CliError where the file cannot be read. */
  static async open(directory: string, failed: (error: unknown) => void): Promise<LogHeadsFile> {
    const path = join(directory, 'log-heads.json')
    return new LogHeadsFile(path, await readHeads(path), failed)
  }

  find(origin: string): string | undefined {
    return this.#heads.get(origin)
  }

  keep(origin: string, checkpoint: string): void {
    if (this.#heads.get(origin) === checkpoint) return
    this.#heads.delete(origin)
    this.#heads.set(origin, checkpoint)
    if (this.#heads.size > maxLogs) this.#heads.delete(this.#heads.keys().next().value!)
    this.#isDirty = true
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing
  }

  async #write(): Promise<void> {
    while (this.#isDirty) {
      this.#isDirty = false
      const text = `${JSON.stringify(Object.fromEntries(this.#heads), undefined, 2)}\n`
      await saveText(this.#path, text).catch(this.#failed)
    }
  }
}

async function readHeads(path: string): Promise<Map<string, string>> {
  try {
    return new Map(Object.entries(headsShape.parse(JSON.parse(await readFile(path, 'utf8')))))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    throw new CliError('config', `${path} is no record of the logs of proxies.`, {
      cause,
      advice: 'Restore it, or delete it: what proxies showed before is forgotten then.',
    })
  }
}
