import { MoneyError } from '../../src/index.ts'
import type { Disk, SqlRow, SqlValue, Write } from '../../src/database/disk.ts'

export const diskFaults = ['fails', 'fails, but persisted'] as const
export type DiskFault = (typeof diskFaults)[number]

/** A real file whose next write is not done, or is done and said not to be. */
export class FaultyDisk implements Disk {
  readonly #disk: Disk
  #fault: DiskFault | undefined
  #failure: MoneyError | undefined

  constructor(disk: Disk, fault?: DiskFault) {
    this.#disk = disk
    this.#fault = fault
  }

  set fault(fault: DiskFault) {
    this.#fault = fault
  }

  async read(statement: number, parameters?: readonly SqlValue[]): Promise<SqlRow[]> {
    if (this.#failure !== undefined) throw this.#failure
    return this.#disk.read(statement, parameters)
  }

  async write(writes: readonly Write[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#fault !== 'fails') await this.#disk.write(writes)
    if (this.#fault === undefined) return
    throw (this.#failure = new MoneyError('storage', 'The disk is full'))
  }

  hold(): Disposable {
    return this.#disk.hold()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#disk[Symbol.asyncDispose]()
  }
}
