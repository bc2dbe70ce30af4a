import { Cell } from '@ton/core'
import { MoneyError } from '../error.ts'
import { oversized } from './failure.ts'

/** Largest bag of cells that a source may answer with, bytes: reading one takes time on the only thread. */
export const maxBagBytes = 1024 * 1024

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
  // Four characters of base64 are three bytes.
  const sizeBytes = typeof bag === 'string' ? (bag.length >> 2) * 3 : bag.length
  if (sizeBytes > maxBagBytes) {
    throw new MoneyError('chain-answer', `A bag of cells has more than ${maxBagBytes} bytes`, {
      cause: oversized,
    })
  }
  const cells = Cell.fromBoc(typeof bag === 'string' ? Buffer.from(bag, 'base64') : Buffer.from(bag))
  if (cells.length > most) throw new MoneyError('chain-answer', `A bag has ${cells.length} roots`)
  return cells
}
