import { comment, type Cell } from '@ton/core'
import { CellReader } from '../contracts/reader.ts'
import { MoneyError } from '../error.ts'

/** Longest comment of a transfer, UTF-8. */
export const maxCommentBytes = 960
/** Cells that a comment is read from. */
const maxCells = 16

/** `0:uint32 text`, the text going on in references. Throws `MoneyError('limit')`. */
export function commentBody(text: string): Cell {
  const sizeBytes = Buffer.byteLength(text)
  if (sizeBytes <= maxCommentBytes) return comment(text)
  throw new MoneyError('limit', `A comment has at most ${maxCommentBytes} bytes, not ${sizeBytes}`)
}

/** The comment of a message, cut off where it is too long; undefined where the body is something else. */
export function readComment(body: Cell): string | undefined {
  try {
    let reader = new CellReader(body, 'comment')
    if (reader.remainingBits < 40 || reader.uint(32) !== 0) return undefined
    const parts: Uint8Array[] = []
    for (let cells = 1; ; cells++) {
      parts.push(reader.bytes(Math.floor(reader.remainingBits / 8)))
      if (reader.remainingReferences === 0 || cells === maxCells) break
      reader = new CellReader(reader.reference(), 'comment')
    }
    return Buffer.concat(parts).toString('utf8')
  } catch (error) {
    if (error instanceof MoneyError) return undefined
    throw error
  }
}
