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
  // Arcs that are UUIDs do not fit into a number.
  const [first = 0n, second = 0n, ...arcs] = dotted.split('.').map(BigInt)
  const octets: number[] = []
  for (const arc of [first * 40n + second, ...arcs]) {
    const base128 = [Number(arc & 0x7fn)]
    for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) base128.unshift(0x80 | Number(rest & 0x7fn))
    octets.push(...base128)
  }
  return encode(tag.objectIdentifier, Uint8Array.from(octets))
}

/** OBJECT IDENTIFIER content to dotted text. Arcs may be of any size (UUID arcs have 128 bits). */
export function decodeOid(content: Uint8Array): string {
  if (content.length === 0 || content.length > 64)
    throw malformed('an object identifier of impossible length')
  const arcs: string[] = []
  let arc: number | bigint = 0
  for (const octet of content) {
    if (arc === 0 && octet === 0x80) throw malformed('an object identifier that is not minimal')
    // Above 2^45 another seven bits would no longer be exact in a number.
    if (typeof arc === 'number' && arc >= 2 ** 45) arc = BigInt(arc)
    arc = typeof arc === 'number' ? arc * 0x80 + (octet & 0x7f) : (arc << 7n) | BigInt(octet & 0x7f)
    if (octet >= 0x80) continue
    if (arcs.length > 0) arcs.push(String(arc))
    else if (arc < 80) arcs.push(String(arc < 40 ? 0 : 1), String(arc < 40 ? arc : Number(arc) - 40))
    else arcs.push('2', String(BigInt(arc) - 80n))
    arc = 0
  }
  if ((content.at(-1) ?? 0x80) >= 0x80) throw malformed('an object identifier is cut off')
  return arcs.join('.')
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
export function decodeTime({ tag: elementTag, content }: DerElement): number {
  const yearDigits = elementTag === tag.utcTime ? 2 : elementTag === tag.generalizedTime ? 4 : 0
  if (yearDigits === 0 || content.length !== yearDigits + 11 || content.at(-1) !== 0x5a) {
    throw malformed('an unreadable time')
  }
  let offset = 0
  const digits = (count: number): number => {
    let number = 0
    for (const end = offset + count; offset < end; offset += 1) {
      const digit = content[offset]! - 0x30
      if (digit < 0 || digit > 9) throw malformed('an unreadable time')
      number = number * 10 + digit
    }
    return number
  }
  const shortOrFullYear = digits(yearDigits)
  const year = yearDigits === 4 ? shortOrFullYear : shortOrFullYear + (shortOrFullYear < 50 ? 2000 : 1900)
  const month = digits(2)
  const day = digits(2)
  const [hour, minute, second] = [digits(2), digits(2), digits(2)]
  // Day 0 of the next month is the last of this one.
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate()
  const isDay = year >= 100 && month >= 1 && month <= 12 && day >= 1 && day <= days
  if (!isDay || hour > 23 || minute > 59 || second > 59) throw malformed('an impossible time')
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

export function encodeAscii(text: string): Bytes {
  return Uint8Array.from(text, letter => letter.charCodeAt(0))
}

export function malformed(what: string): TrustError {
  return new TrustError('certificate-malformed', `Malformed certificate data: ${what}.`)
}
