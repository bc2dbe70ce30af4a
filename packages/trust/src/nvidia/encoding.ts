import { fromBase64 } from '../bytes.ts'
import type { Bytes } from '../bytes.ts'

/** The bytes of base64 in lines of 64 characters, each but the last ended by a line feed. */
export function fromBase64Lines(text: string): Bytes | undefined {
  const lines = text.replace(/\n$/, '').split('\n')
  const isWhole = lines.every(({ length }, index) =>
    index < lines.length - 1 ? length === 64 : length > 0 && length <= 64,
  )
  return isWhole ? fromBase64(lines.join('')) : undefined
}

/** Text of printable ASCII up to the first zero byte, behind which only zeros may stand; at most 256 bytes. */
export function fromPaddedAscii(bytes: Uint8Array): string | undefined {
  if (bytes.length > 256) return undefined
  const end = bytes.indexOf(0)
  const text = String.fromCharCode(...bytes.subarray(0, end < 0 ? bytes.length : end))
  const isPadded = end < 0 || bytes.subarray(end).every(byte => byte === 0)
  return isPadded && /^[\x20-\x7e]*$/.test(text) ? text : undefined
}
