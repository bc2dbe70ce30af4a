/** Bytes as a key of a map, one character each: the cheapest exact form. For short arrays. */
export function bytesKey(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[])
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

const hexDigits = Uint8Array.from('0123456789abcdef', digit => digit.charCodeAt(0))
const decoder = new TextDecoder()

/** One piece of text: put together from parts it would take ten times the memory for as long as it is kept. */
export function toHex(bytes: Uint8Array): string {
  const digits = new Uint8Array(2 * bytes.length)
  for (let at = 0; at < bytes.length; at++) {
    digits[2 * at] = hexDigits[bytes[at]! >> 4]!
    digits[2 * at + 1] = hexDigits[bytes[at]! & 15]!
  }
  return decoder.decode(digits)
}
