import type { Cell, Slice } from '@ton/core'
import { contractAddress, type ContractAddress } from '../address.ts'
import { MoneyError } from '../error.ts'

/**
 * Reads one ordinary cell from its first bit and reference on. Whatever the cell holds, the worst is
 * `MoneyError('contract-data')`, which names `what` was read. What is left unread is no error.
 */
export class CellReader {
  readonly #slice: Slice
  readonly #what: string

  constructor(cell: Cell, what: string) {
    this.#what = what
    if (cell.isExotic) throw this.malformed('it is not an ordinary cell')
    this.#slice = cell.beginParse()
  }

  get remainingBits(): number {
    return this.#slice.remainingBits
  }

  get remainingReferences(): number {
    return this.#slice.remainingRefs
  }

  bit(): boolean {
    return this.#having(1).loadBit()
  }

  /** Unsigned, at most 48 bits. */
  uint(bits: number): number {
    return this.#having(bits).loadUint(bits)
  }

  /** Signed, at most 48 bits. */
  int(bits: number): number {
    return this.#having(bits).loadInt(bits)
  }

  /** Unsigned. */
  big(bits: number): bigint {
    return bits === 0 ? 0n : this.#having(bits).loadUintBig(bits)
  }

  bytes(length: number): Uint8Array {
    return new Uint8Array(this.#having(length * 8).loadBuffer(length))
  }

  /** Hex digits, two for each byte. */
  hex(length: number): string {
    return this.#having(length * 8)
      .loadBuffer(length)
      .toString('hex')
  }

  /** Nanotons, also where they take more bytes than they need. */
  coins(): bigint {
    return this.big(this.uint(4) * 8)
  }

  /** `addr_std` without anycast; no other form names an account of the network. */
  address(): ContractAddress {
    if (this.uint(3) !== 0b100) throw this.malformed('an address in it is not that of an account')
    return contractAddress(this.int(8), this.hex(32))
  }

  reference(): Cell {
    if (this.#slice.remainingRefs === 0) throw this.malformed('it ends too early')
    return this.#slice.loadRef()
  }

  /** One bit, and the reference if it is set. */
  maybeReference(): Cell | undefined {
    return this.bit() ? this.reference() : undefined
  }

  /** All that is left, as a cell of its own. */
  rest(): Cell {
    return this.#slice.asCell()
  }

  /** Refuses bits or references after what was read. */
  end(): void {
    if (this.#slice.remainingBits > 0 || this.#slice.remainingRefs > 0) {
      throw this.malformed('something follows after its end')
    }
  }

  /** The error for a value that cannot be there. */
  malformed(why: string): MoneyError {
    return new MoneyError('contract-data', `The ${this.#what} cannot be read: ${why}`)
  }

  #having(bits: number): Slice {
    if (this.#slice.remainingBits < bits) throw this.malformed('it ends too early')
    return this.#slice
  }
}
