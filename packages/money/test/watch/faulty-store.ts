import { MoneyError, type Store } from '../../src/index.ts'

/** How a write goes wrong: nothing is written, or everything is although it says it is not. */
export type WriteFault = 'fails' | 'fails but persisted'

/** What lies on the disk, across processes. */
export class Disk {
  readonly records = new Map<string, string>()
  /** Counts all writes to it. */
  writes = 0

  /** A process opens it. Its write number `faultAt`, counted over all processes, goes wrong. */
  open(fault?: { at: number; how: WriteFault }): Store {
    return new FaultyStore(this, fault)
  }
}

class FaultyStore implements Store {
  readonly #disk: Disk
  readonly #fault: { at: number; how: WriteFault } | undefined
  #isBroken = false

  constructor(disk: Disk, fault: { at: number; how: WriteFault } | undefined) {
    this.#disk = disk
    this.#fault = fault
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
    const goesWrong = this.#fault?.at === this.#disk.writes++
    if (!goesWrong || this.#fault.how === 'fails but persisted') {
      for (const [key, value] of copy) {
        if (value === undefined) this.#disk.records.delete(key)
        else this.#disk.records.set(key, value)
      }
    }
    if (!goesWrong) return
    this.#isBroken = true
    throw new MoneyError('storage', 'the disk is full')
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #check(): void {
    if (this.#isBroken) throw new MoneyError('storage', 'the store is to be opened again')
  }
}
