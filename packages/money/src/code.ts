import { Cell } from '@ton/core'
import { cellHash, CellWriter, type CellHash } from './cell.ts'
import { MoneyError } from './error.ts'

declare const codeBrand: unique symbol

/** Code of a contract. Its hash and depth are enough for addresses; to deploy it takes the cell. */
export interface Code extends CellHash {
  readonly [codeBrand]: true
}

const maxCodeBytes = 1 << 16

/** The cell without bits and references, which stands for code that a pseudo configuration leaves out. */
export const emptyCode = codeFromCell(new CellWriter().build())

/** `hash` is 64 hex digits, `depth` at most 1024. Throws `MoneyError('config')`. */
export function codeFromHash(hash: string, depth: number): Code {
  if (!/^[0-9a-fA-F]{64}$/.test(hash) || !Number.isInteger(depth) || depth < 0 || depth > 1024) {
    throw new MoneyError('config', 'Contract code needs a hash of 64 hex digits and a depth from 0 to 1024')
  }
  return code({ hash: Buffer.from(hash, 'hex'), depth })
}

/** Reads a bag of cells with one root, as hex; "" is the empty cell. Throws `MoneyError('config')`. */
export function codeFromHex(hex: string): Code {
  if (hex === '') return emptyCode
  if (hex.length > maxCodeBytes * 2 || !/^(?:[0-9a-fA-F]{2})+$/.test(hex)) {
    throw new MoneyError('config', `Contract code must be hex of at most ${maxCodeBytes} bytes`)
  }
  try {
    const [root, ...more] = Cell.fromBoc(Buffer.from(hex, 'hex'))
    if (root === undefined || more.length > 0)
      throw new MoneyError('config', 'Contract code must have one root cell')
    return codeFromCell(root)
  } catch (cause) {
    if (cause instanceof MoneyError) throw cause
    throw new MoneyError('config', 'Contract code is not a bag of cells', { cause })
  }
}

export function codeFromCell(cell: Cell): Code {
  return code(cellHash(cell))
}

function code({ hash, depth, cell }: CellHash): Code {
  return Object.freeze({ hash, depth, cell }) as Code
}
