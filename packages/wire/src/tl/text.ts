/** Strings up to this length are handled unit by unit, which is faster than a call into the engine. */
const shortLength = 24

/** What Node's Buffer offers for text; absent in a browser, where the Web's encoder does the same slower. */
interface NodeText {
  readonly byteLength: (text: string) => number
  readonly slice: (this: Uint8Array, start: number, end: number) => string
}

const nodeText = findNodeText()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()

function findNodeText(): NodeText | undefined {
  const { Buffer } = globalThis as {
    Buffer?: { byteLength?: NodeText['byteLength']; prototype?: { utf8Slice?: NodeText['slice'] } }
  }
  const byteLength = Buffer?.byteLength
  const slice = Buffer?.prototype?.utf8Slice
  return byteLength === undefined || slice === undefined ? undefined : { byteLength, slice }
}

/** The text of UTF-8 bytes; whatever is not UTF-8 becomes U+FFFD. */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  if (start === end) return ''
  return nodeText === undefined
    ? decoder.decode(bytes.subarray(start, end))
    : nodeText.slice.call(bytes, start, end)
}

/** Bytes of the text in UTF-8; a lone surrogate counts as the U+FFFD that is written for it. */
export function textSize(text: string): number {
  if (text.length <= shortLength && isAscii(text)) return text.length
  return nodeText === undefined ? countUtf8(text) : nodeText.byteLength(text)
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return false
  return true
}

function countUtf8(text: string): number {
  let size = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    if (unit < 0x800) {
      size += 1
      continue
    }
    size += 2
    const next = unit >= 0xd800 && unit < 0xdc00 ? text.charCodeAt(i + 1) : 0
    // A surrogate pair is two units and four bytes: two more than the units counted so far.
    if (next >= 0xdc00 && next < 0xe000) i++
  }
  return size
}

/**
 * Writes a short ASCII text, unit by unit. Returns false when the text is not one; what it has written by
 * then is to be written over.
 */
export function writeShortAscii(bytes: Uint8Array, at: number, text: string): boolean {
  if (text.length > shortLength) return false
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x80) return false
    bytes[at + i] = unit
  }
  return true
}

/** Writes the text in UTF-8 into the `size` bytes from `at`, where `size` is its `textSize`. */
export function writeText(bytes: Uint8Array, at: number, size: number, text: string): void {
  encoder.encodeInto(text, bytes.subarray(at, at + size))
}
