import type { Bytes } from '../bytes.ts'
import { coordinateBytes } from '../crypto/backend.ts'
import type { Curve } from '../crypto/backend.ts'
import { type DerReader, malformed, tag } from '../der.ts'
import { oidOf, wholeBits } from './values.ts'

const signatureCurves: ReadonlyMap<string, Curve> = new Map([
  ['1.2.840.10045.4.3.2', 'P-256'],
  ['1.2.840.10045.4.3.3', 'P-384'],
])
const keyCurves: ReadonlyMap<string, Curve> = new Map([
  ['1.2.840.10045.3.1.7', 'P-256'],
  ['1.3.132.0.34', 'P-384'],
])
const ecPublicKey = '1.2.840.10045.2.1'

/** A public key on a curve: x and y, each of the curve's full size. */
export interface PublicKey {
  readonly curve: Curve
  readonly point: Bytes
}

/** AlgorithmIdentifier of an ECDSA signature, which has no parameters, not even NULL. */
export function signatureAlgorithm(reader: DerReader): Curve {
  const algorithm = reader.enter(tag.sequence)
  const oid = oidOf(algorithm)
  algorithm.end()
  const curve = signatureCurves.get(oid)
  if (!curve) throw malformed(`it is signed by algorithm ${oid}, which is none of those allowed`)
  return curve
}

/** SubjectPublicKeyInfo of a named curve, with the point uncompressed. */
export function subjectPublicKey(reader: DerReader): PublicKey {
  const info = reader.enter(tag.sequence)
  const algorithm = info.enter(tag.sequence)
  const type = oidOf(algorithm)
  const curve = type === ecPublicKey ? keyCurves.get(oidOf(algorithm)) : undefined
  if (!curve) throw malformed(`its key is of type ${type}, or on a curve that is not allowed`)
  algorithm.end()
  const bits = wholeBits(info.next(tag.bitString))
  info.end()
  if (bits[0] !== 4 || bits.length !== 1 + 2 * coordinateBytes[curve]) {
    throw malformed('a key that is no uncompressed point of its curve')
  }
  return { curve, point: bits.subarray(1) }
}
