import type { Bytes } from '../bytes.ts'

/** Each curve is used with the hash of its size: P-256 with SHA-256, P-384 with SHA-384. */
export type Curve = 'P-256' | 'P-384'

export type Hash = 'SHA-256' | 'SHA-384' | 'SHA-512'

/** An ECDSA signature with all that it takes to judge it. */
export interface SignatureClaim {
  readonly curve: Curve
  /** x and y, big-endian and of the curve's full size each: 64 or 96 bytes. */
  readonly publicKey: Bytes
  /** r and s in the same form. Large s are as good as small ones. */
  readonly signature: Bytes
  readonly message: Bytes
}

/**
 * The primitives that verification stands on. Answers may come at once or later. A key that is no point of its
 * curve, or a signature of another length, verifies nothing: the answer is false, and nothing is thrown.
 */
export interface CryptoBackend {
  readonly name: string
  digest(hash: Hash, bytes: Bytes): Bytes | Promise<Bytes>
  verify(claim: SignatureClaim): boolean | Promise<boolean>
}

/** Bytes of a coordinate, and of r and of s. */
export const coordinateBytes: Readonly<Record<Curve, number>> = { 'P-256': 32, 'P-384': 48 }

export const hashOf: Readonly<Record<Curve, Hash>> = { 'P-256': 'SHA-256', 'P-384': 'SHA-384' }

/** Whether the lengths fit the curve, which every backend asks before anything else. */
export function hasLengths({ curve, publicKey, signature }: SignatureClaim): boolean {
  const due = 2 * coordinateBytes[curve]
  return publicKey.length === due && signature.length === due
}
