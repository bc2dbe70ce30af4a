import { allocate } from '@cocoon/wire'

/** Bytes over a plain ArrayBuffer, which is what WebCrypto takes. */
export type Bytes = Uint8Array<ArrayBuffer>

/** A new array that holds all parts in order. */
export function join(...parts: readonly Uint8Array[]): Bytes {
  const joined = new Uint8Array(sizeOf(parts))
  write(parts, joined)
  return joined
}

/** `join` for what is read once and not kept: if it is short, its memory is a piece of what others share. */
export function joinBriefly(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = allocate(sizeOf(parts))
  write(parts, joined)
  return joined
}

export function sizeOf(parts: readonly Uint8Array[]): number {
  let sizeBytes = 0
  for (const part of parts) sizeBytes += part.length
  return sizeBytes
}

/** Writes all parts in order, from `offset` on. */
export function write(parts: readonly Uint8Array[], target: Uint8Array, offset = 0): void {
  let at = offset
  for (const part of parts) {
    target.set(part, at)
    at += part.length
  }
}

export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

const hexValues = new Int8Array(128).fill(-1)
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  hexValues[digit.charCodeAt(0)] = value
  hexValues[digit.toUpperCase().charCodeAt(0)] = value
}

/** Whole bytes in hexadecimal digits of either case, and nothing else; undefined for any other text. */
export function fromHex(text: string): Bytes | undefined {
  if (text.length % 2 !== 0) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let index = 0; index < bytes.length; index += 1) {
    const high = hexValues[text.charCodeAt(2 * index)] ?? -1
    const low = hexValues[text.charCodeAt(2 * index + 1)] ?? -1
    if (high < 0 || low < 0) return undefined
    bytes[index] = (high << 4) | low
  }
  return bytes
}

const base64Digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const base64Values = new Int8Array(128).fill(-1)
for (const [value, digit] of [...base64Digits].entries()) base64Values[digit.charCodeAt(0)] = value

/** Padded base64 without white space, in its one canonical form; undefined for any other text. */
export function fromBase64(text: string): Bytes | undefined {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const digits = text.length - padding
  if (text.length % 4 !== 0) return undefined
  const bytes = new Uint8Array((text.length / 4) * 3 - padding)
  let bits = 0
  let written = 0
  for (let index = 0; index < digits; index += 1) {
    const value = base64Values[text.charCodeAt(index)] ?? -1
    if (value < 0) return undefined
    bits = (bits << 6) | value
    if (index % 4 > 0) bytes[written++] = (bits >> (2 * (3 - (index % 4)))) & 0xff
  }
  // Bits behind the last byte that are not zero would make a second spelling of the same bytes.
  return (bits & ((1 << (2 * padding)) - 1)) === 0 ? bytes : undefined
}
