import { TrustError } from '../error.ts'
import { logLimits } from './limits.ts'
import { hashBytes } from './merkle.ts'

/** Hashes of a full tile, and entries of a full bundle. */
export const tileWidth = 256

/** What a log offers to read: C2SP tlog-tiles. */
export type LogResource =
  | { readonly kind: 'checkpoint' }
  | ({ readonly kind: 'tile' } & TileName)
  | ({ readonly kind: 'entries' } & BundleName)

/** A tile of hashes. */
export interface TileName {
  /** 0 holds leaf hashes; each above holds hashes of full tiles below. 0 to 63. */
  readonly level: number
  /** From 0, within its level. */
  readonly index: number
  /** Hashes in it: 1 to 256. */
  readonly width: number
}

/** A bundle of entries. */
export type BundleName = Omit<TileName, 'level'>

/** `checkpoint`, `tile/<level>/<index>[.p/<width>]` or `tile/entries/<index>[.p/<width>]`. */
export function resourcePath(resource: LogResource): string {
  if (resource.kind === 'checkpoint') return 'checkpoint'
  const { index, width } = resource
  const level = resource.kind === 'tile' ? resource.level : 'entries'
  return `tile/${level}/${indexPath(index)}${width === tileWidth ? '' : `.p/${width}`}`
}

/** The resource of a path; undefined for any text that is not the one path of a resource. */
export function parseResourcePath(path: string): LogResource | undefined {
  if (path === 'checkpoint') return { kind: 'checkpoint' }
  const form = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/(\d{1,3}))?$/
  const [, level, digits, partial] = form.exec(path) ?? []
  if (level === undefined || digits === undefined) return undefined
  const index = Number(digits.replaceAll(/[x/]/g, ''))
  const width = partial === undefined ? tileWidth : Number(partial)
  if (!Number.isSafeInteger(index) || width < 1 || width > tileWidth) return undefined
  const resource: LogResource =
    level === 'entries'
      ? { kind: 'entries', index, width }
      : { kind: 'tile', level: Number(level), index, width }
  if (resource.kind === 'tile' && resource.level > 63) return undefined
  return resourcePath(resource) === path ? resource : undefined
}

/** Hashes that a level of a tree has: those of whole subtrees of 256^level leaves. */
export function levelLength(size: number, level: number): number {
  return Math.floor(size / tileWidth ** level)
}

/** Hashes in a tile of a tree, or entries in a bundle at level 0: 0 where there is none. */
export function widthOf(size: number, level: number, index: number): number {
  return Math.max(0, Math.min(tileWidth, levelLength(size, level) - index * tileWidth))
}

/** Each entry with its length before it, as u16 big-endian. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(entries.reduce((total, entry) => total + 2 + entry.length, 0))
  let offset = 0
  for (const entry of entries) {
    if (entry.length > logLimits.entryBytes) {
      throw new TrustError('log-malformed', `An entry of ${entry.length} bytes does not fit a bundle.`)
    }
    bytes[offset] = entry.length >> 8
    bytes[offset + 1] = entry.length & 0xff
    bytes.set(entry, offset + 2)
    offset += 2 + entry.length
  }
  return bytes
}

/** The entries of a bundle, as views of it. Throws `log-malformed` unless it holds so many and nothing more. */
export function decodeBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  const entries: Uint8Array[] = []
  let offset = 0
  while (entries.length < width) {
    const start = offset + 2
    if (start > bytes.length) throw badBundle(width)
    const end = start + ((bytes[offset]! << 8) | bytes[offset + 1]!)
    if (end > bytes.length) throw badBundle(width)
    entries.push(bytes.subarray(start, end))
    offset = end
  }
  if (offset !== bytes.length) throw badBundle(width)
  return entries
}

/** The longest bundle of so many entries, bytes. */
export function maxBundleBytes(width: number): number {
  return width * (2 + logLimits.entryBytes)
}

/** A hash of a tile, as a view of it. */
export function hashIn(tile: Uint8Array, position: number): Uint8Array {
  return tile.subarray(position * hashBytes, (position + 1) * hashBytes)
}

/** `x001/x234/067` for 1 234 067. */
function indexPath(index: number): string {
  const digits = String(index)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g) ?? []
  return groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/')
}

function badBundle(width: number): TrustError {
  return new TrustError('log-malformed', `These bytes are no bundle of ${width} entries.`)
}
