import { sameBytes } from '@cocoon/wire'
import type { Bytes } from '../bytes.ts'
import { coordinateBytes } from '../crypto/backend.ts'
import type { Curve } from '../crypto/backend.ts'
import { contextTag, decodeTime, type DerElement, DerReader, malformed, tag } from '../der.ts'
import { signatureAlgorithm } from './algorithm.ts'
import { parseExtensions } from './extensions.ts'
import { booleanOrFalse, maxSerialBytes, plainSignature, smallNumber, unsigned, wholeBits } from './values.ts'

/** Room for some twenty thousand revoked certificates. */
export const maxCrlBytes = 1_048_576

/** A list of revoked certificates. Nothing is verified yet; byte arrays are views of what was parsed. */
export interface Crl {
  readonly issuer: Bytes
  /** Milliseconds since the Unix epoch. */
  readonly thisUpdateMs: number
  readonly nextUpdateMs: number
  /** Serial numbers without the octet for the sign. */
  readonly revoked: readonly Bytes[]
  readonly signedBytes: Bytes
  readonly signatureCurve: Curve
  readonly signature: Bytes
}

/** Nothing critical is understood: a list for some purposes alone, or one of changes, is no complete list. */
const understood: ReadonlySet<string> = new Set()

/** Reads a complete version 2 list that says when the next one comes. Throws `certificate-malformed`. */
export function parseCrl(der: Bytes): Crl {
  if (der.length > maxCrlBytes) throw malformed(`the revocation list has ${der.length} bytes`)
  const outer = new DerReader(der)
  const list = outer.enter(tag.sequence)
  outer.end()
  const body = list.next(tag.sequence)
  const signatureCurve = signatureAlgorithm(list)
  const signature = plainSignature(wholeBits(list.next(tag.bitString)), coordinateBytes[signatureCurve])
  list.end()

  const fields = new DerReader(body.content)
  if (smallNumber(fields.next(tag.integer), 1) !== 1)
    throw malformed('the revocation list is not of version 2')
  if (signatureAlgorithm(fields) !== signatureCurve) throw malformed('it names two signature algorithms')
  const issuer = fields.next(tag.sequence).whole
  const thisUpdateMs = decodeTime(fields.next())
  const nextUpdateMs = decodeTime(fields.next())
  const entries = fields.optional(tag.sequence)
  const extensions = fields.optional(contextTag(0, true))
  fields.end()
  if (extensions) parseExtensions(extensions.content, understood)
  return {
    issuer,
    thisUpdateMs,
    nextUpdateMs,
    revoked: entries ? parseEntries(entries) : [],
    signedBytes: body.whole,
    signatureCurve,
    signature,
  }
}

export function isRevoked(crl: Crl, serial: Bytes): boolean {
  return crl.revoked.some(revoked => sameBytes(revoked, serial))
}

function parseEntries(element: DerElement): Bytes[] {
  const entries = new DerReader(element.content)
  const serials: Bytes[] = []
  if (!entries.more) throw malformed('an empty list of revoked certificates')
  while (entries.more) {
    const entry = entries.enter(tag.sequence)
    serials.push(unsigned(entry.next(tag.integer), maxSerialBytes))
    decodeTime(entry.next())
    const extensions = entry.optional(tag.sequence)
    entry.end()
    if (extensions) passOverExtensions(new DerReader(extensions.content))
  }
  return serials
}

/** Why and since when: nothing depends on it. What is critical could say that another authority is meant. */
function passOverExtensions(list: DerReader): void {
  if (!list.more) throw malformed('an empty list of extensions')
  while (list.more) {
    const extension = list.enter(tag.sequence)
    extension.next(tag.objectIdentifier)
    if (booleanOrFalse(extension)) throw malformed('an entry with a critical extension')
    extension.next(tag.octetString)
    extension.end()
  }
}
