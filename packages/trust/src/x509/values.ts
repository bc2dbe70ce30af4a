import type { Bytes } from '../bytes.ts'
import { DerReader, decodeOid, malformed, tag } from '../der.ts'
import type { DerElement } from '../der.ts'

/** Serial numbers of certificates. */
export const maxSerialBytes = 20

/** Digits of an INTEGER that is not negative, in its one minimal form, without the octet for the sign. */
export function unsigned(element: DerElement, mostBytes: number): Bytes {
  const { content } = element
  const [first, second = 0] = content
  if (element.tag !== tag.integer || first === undefined) throw malformed('an integer without digits')
  if (first >= 0x80) throw malformed('a negative integer')
  if (first === 0 && content.length > 1 && second < 0x80) throw malformed('an integer that is not minimal')
  const digits = first === 0 && content.length > 1 ? content.subarray(1) : content
  if (digits.length > mostBytes) throw malformed(`an integer of more than ${mostBytes} bytes`)
  return digits
}

/** An INTEGER from 0 to `most`, which is below 2^31. */
export function smallNumber(element: DerElement, most: number): number {
  const value = unsigned(element, 4).reduce((value, digit) => value * 0x100 + digit, 0)
  if (value > most) throw malformed(`an integer above ${most}`)
  return value
}

/** A BOOLEAN in the two forms that DER has. */
export function boolean(element: DerElement): boolean {
  const [octet] = element.content
  if (element.content.length !== 1 || (octet !== 0 && octet !== 0xff)) throw malformed('an unclear boolean')
  return octet === 0xff
}

/** BOOLEAN DEFAULT FALSE: false is written by leaving it out, and in no other way. */
export function booleanOrFalse(reader: DerReader): boolean {
  const element = reader.optional(tag.boolean)
  if (element && !boolean(element)) throw malformed('a default that is written out')
  return element !== undefined
}

/** The bytes of a BIT STRING that is whole bytes long. */
export function wholeBits(element: DerElement): Bytes {
  if (element.content[0] !== 0) throw malformed('a bit string that is not whole bytes')
  return element.content.subarray(1)
}

/** A BIT STRING of named bits, of which the first 8 count: bit 0 is 0x80. */
export function namedBits(element: DerElement): number {
  const [unused = 8, ...octets] = element.content.subarray(0, 4)
  const last = octets.at(-1) ?? 0
  if (element.content.length > 3 || unused > 7 || octets.length === 0) throw malformed('odd named bits')
  if ((last & ((1 << unused) - 1)) !== 0) throw malformed('a bit string with bits behind its end')
  return octets[0] ?? 0
}

export function oidOf(reader: DerReader): string {
  return decodeOid(reader.next(tag.objectIdentifier).content)
}

/**
 * SEQUENCE { r INTEGER, s INTEGER } to r and s of `sizeBytes` each, which is the form that signatures have
 * everywhere but in X.509.
 */
export function plainSignature(der: Bytes, sizeBytes: number): Bytes {
  const outer = new DerReader(der)
  const pair = outer.enter(tag.sequence)
  outer.end()
  const plain = new Uint8Array(2 * sizeBytes)
  for (const end of [sizeBytes, 2 * sizeBytes]) {
    const digits = unsigned(pair.next(tag.integer), sizeBytes)
    plain.set(digits, end - digits.length)
  }
  pair.end()
  return plain
}
