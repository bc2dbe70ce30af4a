const blockSize = 16_384
const shareLimit = 2048

let block = new ArrayBuffer(0)
let used = 0

/**
 * Zeroed bytes. Small ones are pieces of a shared block, because an ArrayBuffer of its own costs more than
 * writing a message into it; a block lives as long as any piece of it.
 */
export function allocate(size: number): Uint8Array {
  if (size > shareLimit) return new Uint8Array(size)
  if (used + size > block.byteLength) {
    block = new ArrayBuffer(blockSize)
    used = 0
  }
  const piece = new Uint8Array(block, used, size)
  used = (used + size + 7) & ~7
  return piece
}
