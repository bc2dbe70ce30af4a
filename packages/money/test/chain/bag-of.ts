import type { Cell } from '@ton/core'

/** A bag of cells with several roots, which `@ton/core` reads and does not write. */
export function bagOf(roots: readonly Cell[]): Buffer {
  const cells: Cell[] = []
  const places = new Map<string, number>()
  const place = (cell: Cell): void => {
    const key = cell.hash().toString('hex')
    if (places.has(key)) return
    for (const child of cell.refs.toReversed()) place(child)
    places.set(key, cells.length)
    cells.push(cell)
  }
  for (const root of roots.toReversed()) place(root)
  // Parents stand before their children.
  const last = cells.length - 1
  const at = (cell: Cell): Buffer => uint(last - places.get(cell.hash().toString('hex'))!, 4)
  const bodies = cells.toReversed().map(cell => Buffer.concat([bodyOf(cell), ...cell.refs.map(at)]))
  const data = Buffer.concat(bodies)
  return Buffer.concat([
    Buffer.from('b5ee9c72', 'hex'),
    Buffer.from([4, 4]),
    ...[cells.length, roots.length, 0, data.length].map(value => uint(value, 4)),
    ...roots.map(at),
    data,
  ])
}

/** Descriptors and data of a cell, from the bag that it is alone in. */
function bodyOf(cell: Cell): Buffer {
  const full = cell.bits.length >> 3
  const used = (cell.bits.length + 7) >> 3
  const data = Buffer.alloc(used)
  for (let bit = 0; bit < cell.bits.length; bit++) {
    if (cell.bits.at(bit)) data[bit >> 3]! |= 0x80 >> (bit & 7)
  }
  if (used > full) data[used - 1]! |= 0x80 >> (cell.bits.length & 7)
  const level = cell.mask.value
  return Buffer.concat([
    Buffer.from([cell.refs.length + (cell.isExotic ? 8 : 0) + 32 * level, full + used]),
    data,
  ])
}

function uint(value: number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes)
  bytes.writeUIntBE(value, 0, sizeBytes)
  return bytes
}
