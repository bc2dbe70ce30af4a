import { createHash, type Hash } from 'node:crypto'

/** What happened in a simulation, as text, and a digest by which two runs are compared. */
export class EventLog {
  /** The last lines, oldest first. */
  readonly lines: string[] = []
  readonly #print: ((line: string) => void) | undefined
  readonly #keep: number
  readonly #hash: Hash = createHash('sha256')
  #count = 0

  constructor(options: { print?: ((line: string) => void) | undefined; keep?: number } = {}) {
    this.#print = options.print
    this.#keep = options.keep ?? 200
  }

  /** Lines so far, kept or not. */
  get count(): number {
    return this.#count
  }

  /** Covers every line and every detail so far. */
  get digest(): string {
    return this.#hash.copy().digest('hex')
  }

  write(atMs: number, who: string, what: string): void {
    const line = `${atMs.toFixed(3).padStart(12)} ${who.padEnd(10)} ${what}`
    this.#count++
    this.#hash.update(line)
    this.#print?.(line)
    this.lines.push(line)
    if (this.lines.length > 2 * this.#keep) this.lines.splice(0, this.#keep)
  }

  /** Part of the digest, never printed: too fine for eyes. */
  detail(...numbers: number[]): void {
    this.#hash.update(numbers.join())
  }
}
