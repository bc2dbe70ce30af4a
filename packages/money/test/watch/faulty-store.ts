import { MoneyError, type Store } from '../../src/index.ts'

/** How a write goes wrong: nothing is written, or everything is although it says it is not. */
export type WriteFault = 'fails' | 'fails but persisted'

/** Which writes go wrong, counted from 0 over all processes. */
export type WriteFaults = (write: number) => WriteFault | undefined

export function faultAt(at: number, how: WriteFault): WriteFaults {
  return write => (write === at ? how : undefined)
}

/** What lies on the disk, across processes. */
export class Disk {
  readonly records = new Map<string, string>()
  /** Counts all writes to it. */
  writes = 0

  /** A process opens it. */
  open(faults: WriteFaults = () => undefined): Store {
    return new FaultyStore(this, faults)
  }
}

class FaultyStore implements Store {
  readonly #disk: Disk
  readonly #faults: WriteFaults
  #isBroken = false

  constructor(disk: Disk, faults: WriteFaults) {
    this.#disk = disk
    this.#faults = faults
  }

  get(key: string): string | undefined {
    this.#check()
    return this.#disk.records.get(key)
  }

  entries(prefix: string): Array<[key: string, value: string]> {
    this.#check()
    return [...this.#disk.records].filter(([key]) => key.startsWith(prefix)).sort()
  }

  async write(changes: ReadonlyMap<string, string | undefined>): Promise<void> {
    this.#check()
    const copy = new Map(changes)
    await undefined
    this.#check()
    const fault = this.#faults(this.#disk.writes++)
    if (fault !== 'fails') {
      for (const [key, value] of copy) {
        if (value === undefined) this.#disk.records.delete(key)
        else this.#disk.records.set(key, value)
      }
    }
    if (fault === undefined) return
    this.#isBroken = true
    throw new MoneyError('storage', 'the disk is full')
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #check(): void {
    if (this.#isBroken) throw new MoneyError('storage', 'the store is to be opened again')
  }
}
