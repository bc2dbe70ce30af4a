import type { Bytes } from '../bytes.ts'
import type { Collateral } from '../collateral/collateral.ts'
import { contextTag, DerReader, encode, tag } from '../der.ts'
import { TrustError } from '../error.ts'

/** The parts in the order in which they stand. The number of a part is its tag. */
const parts = [
  { field: 'rootCaCrl', isText: false },
  { field: 'pckCrl', isText: false },
  { field: 'tcbInfo', isText: true },
  { field: 'tcbInfoSignature', isText: false },
  { field: 'tcbInfoIssuerChain', isText: true },
  { field: 'qeIdentity', isText: true },
  { field: 'qeIdentitySignature', isText: false },
  { field: 'qeIdentityIssuerChain', isText: true },
] as const satisfies ReadonlyArray<{ field: keyof Collateral; isText: boolean }>

/**
 * Collateral as it is stapled to a quote in a certificate:
 *
 *     Collateral ::= SEQUENCE {
 *       rootCaCrl             [0] IMPLICIT OCTET STRING OPTIONAL,   -- DER
 *       pckCrl                [1] IMPLICIT OCTET STRING OPTIONAL,   -- DER
 *       tcbInfo               [2] IMPLICIT UTF8String OPTIONAL,     -- the exact signed text
 *       tcbInfoSignature      [3] IMPLICIT OCTET STRING OPTIONAL,
 *       tcbInfoIssuerChain    [4] IMPLICIT UTF8String OPTIONAL,     -- PEM
 *       qeIdentity            [5] IMPLICIT UTF8String OPTIONAL,
 *       qeIdentitySignature   [6] IMPLICIT OCTET STRING OPTIONAL,
 *       qeIdentityIssuerChain [7] IMPLICIT UTF8String OPTIONAL }    -- absent where it is that of TCB info
 */
export function encodeStaple(collateral: Collateral): Bytes {
  const isSameChain = collateral.qeIdentityIssuerChain === collateral.tcbInfoIssuerChain
  return encode(
    tag.sequence,
    ...parts.flatMap(({ field }, number) => {
      const value = collateral[field]
      if (value === undefined || (field === 'qeIdentityIssuerChain' && isSameChain)) return []
      const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value
      return [encode(contextTag(number, false), bytes)]
    }),
  )
}

/** Nothing of it is verified: parts that are missing or wrong are for the verifier to refuse. Throws `evidence-invalid`. */
export function decodeStaple(content: Bytes): Collateral {
  const collateral: Record<string, Bytes | string> = {}
  try {
    const outer = new DerReader(content)
    const reader = outer.enter(tag.sequence)
    outer.end()
    for (const [number, { field, isText }] of parts.entries()) {
      const element = reader.optional(contextTag(number, false))
      if (element) collateral[field] = isText ? decodeText(element.content) : element.content
    }
    reader.end()
  } catch (cause) {
    throw new TrustError('evidence-invalid', 'The stapled collateral cannot be read.', { cause })
  }
  const { tcbInfoIssuerChain } = collateral
  if (tcbInfoIssuerChain !== undefined) collateral['qeIdentityIssuerChain'] ??= tcbInfoIssuerChain
  return collateral as Collateral
}

function decodeText(content: Bytes): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
}
