import { join } from './bytes.ts'
import type { Bytes } from './bytes.ts'
import { TrustError } from './error.ts'

/** The tag octets that certificates use. `context(n)` gives the context-specific ones. */
export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** The octet of context-specific tag `number`, constructed or primitive. */
export function contextTag(number: number, constructed: boolean): number {
  return (constructed ? 0xa0 : 0x80) | number
}

/** One element. Both arrays are views into the bytes that were read. */
export interface DerElement {
  readonly tag: number
  readonly content: Bytes
  /** Tag and length included: what a signature covers. */
  readonly whole: Bytes
}

/**
 * Reads DER elements one after the other. Accepts single-octet tags and definite, minimal lengths only, and
 * never allocates in proportion to a stated length. Throws `certificate-malformed`.
 */
export class DerReader {
  readonly #bytes: Bytes
  #offset = 0

  constructor(bytes: Bytes) {
    this.#bytes = bytes
  }

  get more(): boolean {
    return this.#offset < this.#bytes.length
  }

  /** The next element, which must have this tag where one is given. */
  next(expectedTag?: number): DerElement {
    const start = this.#offset
    const elementTag = this.#octet()
    if ((elementTag & 0x1f) === 0x1f) throw malformed('a multi-octet tag')
    if (expectedTag !== undefined && elementTag !== expectedTag) {
      throw malformed(`tag ${elementTag} where ${expectedTag} belongs`)
    }
    const length = this.#length()
    const contentStart = this.#offset
    const end = contentStart + length
    if (end > this.#bytes.length) throw malformed('an element reaches past the end')
    this.#offset = end
    return {
      tag: elementTag,
      content: this.#bytes.subarray(contentStart, end),
      whole: this.#bytes.subarray(start, end),
    }
  }

  /** The next element if it has this tag. */
  optional(expectedTag: number): DerElement | undefined {
    return this.#bytes[this.#offset] === expectedTag ? this.next(expectedTag) : undefined
  }

  /** A reader of the content of the next element. */
  enter(expectedTag: number): DerReader {
    return new DerReader(this.next(expectedTag).content)
  }

  /** Throws where bytes are left. */
  end(): void {
    if (this.more) throw malformed('trailing bytes')
  }

  #octet(): number {
    const octet = this.#bytes[this.#offset]
    if (octet === undefined) throw malformed('an element is cut off')
    this.#offset += 1
    return octet
  }

  #length(): number {
    const first = this.#octet()
    if (first < 0x80) return first
    const octets = first & 0x7f
    if (octets === 0 || octets > 3) throw malformed('an indefinite or oversized length')
    let length = 0
    for (let index = 0; index < octets; index += 1) length = length * 0x100 + this.#octet()
    if (length < 0x80 || length < 0x100 ** (octets - 1)) throw malformed('a length that is not minimal')
    return length
  }
}

/** Encodes one element around already encoded parts. */
export function encode(elementTag: number, ...parts: readonly Uint8Array[]): Bytes {
  const content = join(...parts)
  const { length } = content
  if (length < 0x80) return join(Uint8Array.of(elementTag, length), content)
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 0x100)) octets.unshift(rest % 0x100)
  return join(Uint8Array.of(elementTag, 0x80 | octets.length, ...octets), content)
}

/** A non-negative INTEGER from big-endian bytes. */
export function encodeUnsigned(bigEndian: Uint8Array): Bytes {
  let start = 0
  while (start < bigEndian.length - 1 && bigEndian[start] === 0) start += 1
  const digits = bigEndian.subarray(start)
  const sign = (digits[0] ?? 0) >= 0x80 || digits.length === 0 ? Uint8Array.of(0) : new Uint8Array()
  return encode(tag.integer, sign, digits)
}

export function encodeOid(dotted: string): Bytes {
  const [first = 0, second = 0, ...arcs] = dotted.split('.').map(Number)
  const octets: number[] = []
  for (const arc of [first * 40 + second, ...arcs]) {
    const base128 = [arc % 0x80]
    for (let rest = Math.floor(arc / 0x80); rest > 0; rest = Math.floor(rest / 0x80)) {
      base128.unshift(0x80 | (rest % 0x80))
    }
    octets.push(...base128)
  }
  return encode(tag.objectIdentifier, Uint8Array.from(octets))
}

/** OBJECT IDENTIFIER content to dotted text. Arcs may be of any size (UUID arcs have 128 bits). */
export function decodeOid(content: Uint8Array): string {
  if (content.length === 0 || content.length > 64)
    throw malformed('an object identifier of impossible length')
  const arcs: bigint[] = []
  let arc = 0n
  for (const octet of content) {
    if (arc === 0n && octet === 0x80) throw malformed('an object identifier that is not minimal')
    arc = (arc << 7n) | BigInt(octet & 0x7f)
    if (octet < 0x80) {
      arcs.push(arc)
      arc = 0n
    }
  }
  if ((content.at(-1) ?? 0x80) >= 0x80) throw malformed('an object identifier is cut off')
  const [head = 0n, ...tail] = arcs
  const first = head < 80n ? head / 40n : 2n
  return [first, head - first * 40n, ...tail].join('.')
}

/** A time as X.509 wants it: UTCTime up to 2049, GeneralizedTime after. Whole seconds. */
export function encodeTime(timeMs: number): Bytes {
  const digits = new Date(timeMs)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:T]/g, '')
  const short = Number(digits.slice(0, 4)) < 2050
  return encode(short ? tag.utcTime : tag.generalizedTime, encodeAscii(short ? digits.slice(2) : digits))
}

/** UTCTime or GeneralizedTime with seconds and `Z`, in milliseconds since the Unix epoch. */
export function decodeTime(element: DerElement): number {
  const text = String.fromCharCode(...element.content.subarray(0, 16))
  const digits =
    element.tag === tag.utcTime && /^\d{12}Z$/.test(text)
      ? (text < '50' ? '20' : '19') + text
      : element.tag === tag.generalizedTime && /^\d{14}Z$/.test(text)
        ? text
        : undefined
  if (digits === undefined || element.content.length !== text.length) throw malformed('an unreadable time')
  const iso = digits.replace(/^(....)(..)(..)(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6.000Z')
  const timeMs = Date.parse(iso)
  // Date.parse rolls 30 February over to March; a time that does not come back as it was is no time.
  if (Number.isNaN(timeMs) || new Date(timeMs).toISOString() !== iso) throw malformed('an impossible time')
  return timeMs
}

export function encodeAscii(text: string): Bytes {
  return Uint8Array.from(text, letter => letter.charCodeAt(0))
}

export function malformed(what: string): TrustError {
  return new TrustError('certificate-malformed', `The certificate is malformed: ${what}.`)
}
