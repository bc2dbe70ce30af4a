import { mkdir, rename, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { KeySpent } from '@cocoon/client/role'
import { z } from 'zod'
import { readJsonFile } from '../config/json-file.ts'
import { CliError, reasonOf } from '../error.ts'
import type { Report } from '../event.ts'

const shape = z.object({
  spent: z.array(
    z.object({
      id: z.string(),
      day: z.int().nonnegative(),
      spentNano: z
        .string()
        .regex(/^\d{1,30}$/)
        .transform(BigInt),
    }),
  ),
})

/** What keys spent before; nothing where there is no file. Throws `config`. */
export async function readSpent(path: string): Promise<KeySpent[]> {
  if (!existsSync(path)) return []
  const parsed = shape.safeParse(await readJsonFile(path, 'The file of what keys spent'))
  if (parsed.success) return parsed.data.spent
  throw new CliError('config', `${path} does not say what keys spent.`, {
    advice: "Remove it: then today's budgets begin anew.",
  })
}

/** Keeps on disk what keys spent, so that a restart gives nobody a budget twice. */
export class SpentFile implements AsyncDisposable {
  readonly #path: string
  readonly #report: Report
  #next: KeySpent[] | undefined
  #writing: Promise<void> | undefined

  constructor(path: string, report: Report) {
    this.#path = path
    this.#report = report
  }

  /** Writes it soon. Where it cannot be written, the log says so and requests are served on. */
  save(spent: KeySpent[]): void {
    this.#next = spent
    this.#writing ??= this.#writeAll()
  }

  /** Resolves once everything is written. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing
  }

  async #writeAll(): Promise<void> {
    while (this.#next !== undefined) {
      const spent = this.#next.map(({ id, day, spentNano }) => ({ id, day, spentNano: String(spentNano) }))
      this.#next = undefined
      try {
        await replace(this.#path, `${JSON.stringify({ spent })}\n`)
      } catch (error) {
        this.#report({ event: 'spent-not-saved', file: this.#path, why: reasonOf(error) })
      }
    }
    this.#writing = undefined
  }
}

/** Only its owner reads it, and a crash leaves the old text or the new one. */
async function replace(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.new`
  await writeFile(draft, text, { mode: 0o600, flush: true })
  await rename(draft, path)
}
