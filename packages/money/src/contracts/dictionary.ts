import type { Cell } from '@ton/core'
import { CellReader } from './reader.ts'

interface Node {
  readonly cell: Cell
  /** The bits of the key above this node. */
  readonly prefix: bigint
  /** The bits of the key from this node on. */
  readonly keyBits: number
}

/**
 * Reads a `HashmapE` of at most `most` entries, in the order of its keys: one bit, and the root in a reference.
 * `readValue` gets what stands behind the key. Cells that are no dictionary, a key of another length and more
 * entries are `MoneyError('contract-data')`.
 */
export function readDictionary<T>(
  from: CellReader,
  options: {
    what: string
    keyBits: number
    most: number
    readValue: (value: CellReader, key: bigint) => T
  },
): T[] {
  const { what, keyBits, most, readValue } = options
  const root = from.maybeReference()
  const values: T[] = []
  const open: Node[] = root === undefined ? [] : [{ cell: root, prefix: 0n, keyBits }]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const reader = new CellReader(node.cell, what)
    const label = readLabel(reader, node.keyBits)
    const prefix = (node.prefix << BigInt(label.length)) | label.bits
    const left = node.keyBits - label.length
    if (left > 0) {
      // Every fork leads to entries, so the bound on these bounds the walk, even if cells occur more than once.
      const [zero, one] = [reader.reference(), reader.reference()]
      reader.end()
      open.push({ cell: one, prefix: (prefix << 1n) | 1n, keyBits: left - 1 })
      open.push({ cell: zero, prefix: prefix << 1n, keyBits: left - 1 })
    } else {
      if (values.length === most) throw reader.malformed(`it has more than ${most} entries`)
      values.push(readValue(reader, prefix))
    }
  }
  return values
}

/**
 * The part of the key that all entries below share, at most `longest` bits:
 *
 *     short: 0 length:unary bits    long: 10 length bits    same: 11 bit length
 */
export function readLabel(reader: CellReader, longest: number): { length: number; bits: bigint } {
  const lengthBits = 32 - Math.clz32(longest)
  const checked = (length: number) => {
    if (length > longest) throw reader.malformed('a key is too long')
    return length
  }
  if (!reader.bit()) {
    let length = 0
    while (reader.bit()) length = checked(length + 1)
    return { length, bits: reader.big(length) }
  }
  if (!reader.bit()) {
    const length = checked(reader.uint(lengthBits))
    return { length, bits: reader.big(length) }
  }
  const ones = reader.bit()
  const length = checked(reader.uint(lengthBits))
  return { length, bits: ones ? (1n << BigInt(length)) - 1n : 0n }
}
