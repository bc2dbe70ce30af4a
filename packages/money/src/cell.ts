import { hash } from 'node:crypto'
import { BitString, Cell as TonCell } from '@ton/core'
import type { ContractAddress } from './address.ts'
import { MoneyError } from './error.ts'

/** What a parent needs to know of a cell: enough to derive addresses without the cell's content. */
export interface CellHash {
  /** Representation hash, 32 bytes. */
  readonly hash: Uint8Array
  /** Longest way down to a cell without references, in references. */
  readonly depth: number
  /** The cell itself; absent where only its hash is known. */
  readonly cell?: TonCell | undefined
}

/** A finished ordinary cell. */
export interface Cell extends CellHash {
  /** The two descriptor bytes and the data, completed to whole bytes: a cell of a bag of cells without its references. */
  readonly body: Uint8Array
  readonly references: readonly CellHash[]
}

const maxDataBytes = 128

/** Fills one ordinary cell, most significant bit first. A value that does not fit is a RangeError of the caller. */
export class CellWriter {
  readonly #data = new Uint8Array(maxDataBytes)
  readonly #references: CellHash[] = []
  #bits = 0

  bit(value: boolean): this {
    return this.#put(value ? 1 : 0, 1)
  }

  /** Unsigned, `bits` bits. */
  uint(value: number | bigint, bits: number): this {
    const big = BigInt(value)
    if (big < 0n || big >> BigInt(bits) !== 0n) throw new RangeError(`${value} does not fit ${bits} bits`)
    const head = bits % 8
    if (head > 0) this.#put(Number(big >> BigInt(bits - head)), head)
    for (let shift = bits - head - 8; shift >= 0; shift -= 8)
      this.#put(Number((big >> BigInt(shift)) & 0xffn), 8)
    return this
  }

  bytes(bytes: Uint8Array): this {
    for (const byte of bytes) this.#put(byte, 8)
    return this
  }

  /** Nanotons: a 4-bit length and that many bytes, as few as possible. */
  coins(nano: bigint): this {
    const lengthBytes = nano === 0n ? 0 : (nano.toString(16).length + 1) >> 1
    return this.uint(lengthBytes, 4).uint(nano, lengthBytes * 8)
  }

  /** `addr_std` without anycast, 267 bits. */
  address(address: ContractAddress): this {
    return this.uint(0b100, 3)
      .uint(address.workchain & 0xff, 8)
      .bytes(Buffer.from(address.hash, 'hex'))
  }

  reference(cell: CellHash | TonCell): this {
    if (this.#references.length === 4) throw new RangeError('A cell has at most 4 references')
    this.#references.push(cell instanceof TonCell ? cellHash(cell) : cell)
    return this
  }

  /** One bit, and the reference if there is one. */
  maybeReference(cell: CellHash | TonCell | undefined): this {
    this.bit(cell !== undefined)
    return cell === undefined ? this : this.reference(cell)
  }

  finish(): Cell {
    const fullBytes = this.#bits >> 3
    const usedBytes = (this.#bits + 7) >> 3
    const body = new Uint8Array(2 + usedBytes)
    body[0] = this.#references.length
    body[1] = fullBytes + usedBytes
    body.set(this.#data.subarray(0, usedBytes), 2)
    // A last byte that is not full carries a one after the data.
    if (usedBytes > fullBytes) body[1 + usedBytes]! |= 0x80 >> (this.#bits & 7)
    return { body, references: this.#references, ...representation(body, this.#references) }
  }

  /** The finished cell as `@ton/core` has it. */
  build(): TonCell {
    return tonCell(this.finish())
  }

  /** At most 8 bits. */
  #put(value: number, bits: number): this {
    if (this.#bits + bits > 1023) throw new RangeError('A cell has at most 1023 bits')
    const at = this.#bits >> 3
    const shifted = value << (16 - bits - (this.#bits & 7))
    this.#data[at]! |= shifted >> 8
    if (at + 1 < maxDataBytes) this.#data[at + 1]! |= shifted & 0xff
    this.#bits += bits
    return this
  }
}

export function cellHash(cell: TonCell): CellHash {
  return { hash: cell.hash(), depth: cell.depth(), cell }
}

/**
 * The cell as `@ton/core` has it. Throws `MoneyError('config')` where one below it is known by its hash alone:
 * enough for an address, not to deploy.
 */
export function tonCell(cell: CellHash): TonCell {
  if (cell.cell !== undefined) return cell.cell
  if (!isWritten(cell)) {
    throw new MoneyError(
      'config',
      `The content of cell ${Buffer.from(cell.hash).toString('hex')} is not known. Read it from the chain first`,
    )
  }
  const usedBits = cell.body[1]! * 4
  const partial = cell.body[1]! % 2 === 1
  // A data byte that is not full ends with a one and zeros, which are not data.
  const bits = partial ? usedBits + 3 - trailingZeros(cell.body.at(-1)!) : usedBits
  return new TonCell({
    bits: new BitString(Buffer.from(cell.body.subarray(2)), 0, bits),
    refs: cell.references.map(tonCell),
  })
}

function isWritten(cell: CellHash): cell is Cell {
  return 'body' in cell
}

function trailingZeros(byte: number): number {
  return 31 - Math.clz32(byte & -byte)
}

/**
 * `representation = descriptors data depth:uint16* hash:bits256*`; the cell's hash is its SHA-256.
 */
function representation(body: Uint8Array, references: readonly CellHash[]): CellHash {
  const bytes = Buffer.alloc(body.length + references.length * 34)
  bytes.set(body)
  let at = body.length
  for (const reference of references) at = bytes.writeUInt16BE(reference.depth, at)
  for (const reference of references) {
    bytes.set(reference.hash, at)
    at += 32
  }
  const depth = references.reduce((deepest, reference) => Math.max(deepest, reference.depth + 1), 0)
  return { hash: hash('sha256', bytes, 'buffer'), depth }
}
