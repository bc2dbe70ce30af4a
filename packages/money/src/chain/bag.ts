import { Cell } from '@ton/core'
import { MoneyError } from '../error.ts'
import { oversized } from './failure.ts'

/** Largest bag of cells that a source may answer with, bytes: reading one takes time on the only thread. */
export const maxBagBytes = 1024 * 1024
/** Most cells of one: each of them is hashed. A message has at most 8192. */
export const maxBagCells = 16_384

/**
 * Reads a bag of cells of a source, base64 or bytes, with exactly `roots` roots. Hashes are computed from the
 * content, never taken over. Throws; the caller says whose answer it is.
 */
export function readBag(bag: Uint8Array | string, roots = 1): [Cell, ...Cell[]] {
  const cells = readRoots(bag)
  const [first, ...more] = cells
  if (first === undefined || cells.length !== roots) {
    throw new MoneyError('chain-answer', `A bag has ${cells.length} roots instead of ${roots}`)
  }
  return [first, ...more]
}

/** The same with any number of roots up to `most`. */
export function readRoots(bag: Uint8Array | string, most = 256): Cell[] {
  const cells = Cell.fromBoc(bounded([bag])[0]!)
  if (cells.length > most) throw new MoneyError('chain-answer', `A bag has ${cells.length} roots`)
  return cells
}

/** Several bags of one root each, which are together no larger than one. */
export function readBags(bags: ReadonlyArray<Uint8Array | string>): Cell[] {
  return bounded(bags).map(bytes => {
    const [root, ...more] = Cell.fromBoc(bytes)
    if (root === undefined || more.length > 0) throw new MoneyError('chain-answer', 'A bag has not one root')
    return root
  })
}

/** Their bytes; throws for what would take long to read, with a cause that asks for less. */
function bounded(bags: ReadonlyArray<Uint8Array | string>): Buffer[] {
  // Four characters of base64 are three bytes.
  const sizesBytes = bags.map(bag => (typeof bag === 'string' ? (bag.length >> 2) * 3 : bag.length))
  if (sum(sizesBytes) > maxBagBytes) throw tooLarge(`more than ${maxBagBytes} bytes`)
  const bytes = bags.map(bag => (typeof bag === 'string' ? Buffer.from(bag, 'base64') : Buffer.from(bag)))
  if (sum(bytes.map(cellCount)) > maxBagCells) throw tooLarge(`more than ${maxBagCells} cells`)
  return bytes
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/** `magic:uint32 flags:bits5 size:uint3 offset_size:uint8 cells:(size bytes) ...`; older forms differ in the flags. */
function cellCount(bytes: Buffer): number {
  const countBytes = (bytes[4] ?? 0) & 0b111
  if (countBytes < 1 || countBytes > 4 || bytes.length < 6 + countBytes) {
    throw new MoneyError('chain-answer', 'A bag of cells ends in its head')
  }
  return bytes.readUIntBE(6, countBytes)
}

function tooLarge(what: string): MoneyError {
  return new MoneyError('chain-answer', `A bag of cells has ${what}`, { cause: oversized })
}
