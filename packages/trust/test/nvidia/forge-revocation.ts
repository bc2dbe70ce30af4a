import { createHash } from 'node:crypto'
import { contextTag, encode, encodeAscii, encodeOid, encodeUnsigned, tag } from '../../src/der.ts'
import { bigEndian, encodeName, extension, forge, nowMs, p384, signed } from './forge-certificates.ts'
import type { Issued, Keys } from './forge-certificates.ts'

type Bytes = Uint8Array<ArrayBuffer>

const hourMs = 3_600_000
export const ocspSigning = '1.3.6.1.5.5.7.3.9'

export interface AnswerForgery {
  readonly status?: 'good' | 'revoked' | 'unknown'
  readonly reason?: number
  readonly thisUpdateMs?: number
  /** Null leaves it out. */
  readonly nextUpdateMs?: number | null
  readonly hash?: 'sha1' | 'sha256' | 'sha384'
  /** Who answers: the issuer itself unless told. */
  readonly responder?: Issued
  readonly signer?: Keys
  readonly byKey?: boolean
  readonly nonce?: Uint8Array
  readonly serial?: number
}

const hashOids = { sha1: '1.3.14.3.2.26', sha256: '2.16.840.1.101.3.4.2.1', sha384: '2.16.840.1.101.3.4.2.2' }

/** An OCSP answer on a certificate of `issuer`. */
export function forgeAnswer(certificate: Issued, issuer: Issued, forgery: AnswerForgery = {}): Bytes {
  const { responder = issuer, signer = responder.keys, byKey = false, nonce } = forgery
  const name = byKey
    ? encode(contextTag(2, true), encode(tag.octetString, digest('sha1', keyBits(responder))))
    : encode(contextTag(1, true), encodeName(responder.name))
  const body = encode(
    tag.sequence,
    name,
    encodeGeneralized(nowMs - hourMs),
    encode(tag.sequence, encodeStatus(certificate, issuer, forgery)),
    ...(nonce
      ? [
          encode(
            contextTag(1, true),
            encode(tag.sequence, extension('1.3.6.1.5.5.7.48.1.2', false, encode(tag.octetString, nonce))),
          ),
        ]
      : []),
  )
  const sent = responder === issuer ? [] : [encode(contextTag(0, true), encode(tag.sequence, responder.der))]
  return wrapAnswer(signed(body, signer, ...sent))
}

export function wrapAnswer(basic: Uint8Array, status = 0): Bytes {
  return encode(
    tag.sequence,
    encode(0x0a, Uint8Array.of(status)),
    encode(
      contextTag(0, true),
      encode(tag.sequence, encodeOid('1.3.6.1.5.5.7.48.1.1'), encode(tag.octetString, basic)),
    ),
  )
}

/** A responder that `issuer` has made one. */
export function forgeResponder(issuer: Issued, changes: Partial<Parameters<typeof forge>[0]> = {}): Issued {
  return forge({ name: 'Responder', keys: p384(), purposes: [ocspSigning], ...changes }, issuer)
}

function encodeStatus(certificate: Issued, issuer: Issued, forgery: AnswerForgery): Bytes {
  const { status = 'good', reason, hash = 'sha256', serial = certificate.serial } = forgery
  const { thisUpdateMs = nowMs - hourMs, nextUpdateMs = nowMs + hourMs } = forgery
  const id = encode(
    tag.sequence,
    encode(tag.sequence, encodeOid(hashOids[hash]), encode(0x05)),
    encode(tag.octetString, digest(hash, encodeName(issuer.name))),
    encode(tag.octetString, digest(hash, keyBits(issuer))),
    encodeUnsigned(bigEndian(serial)),
  )
  const outcomes = {
    good: encode(contextTag(0, false)),
    unknown: encode(contextTag(2, false)),
    revoked: encode(
      contextTag(1, true),
      encodeGeneralized(nowMs - 2 * hourMs),
      ...(reason === undefined ? [] : [encode(contextTag(0, true), encode(0x0a, Uint8Array.of(reason)))]),
    ),
  }
  return encode(
    tag.sequence,
    id,
    outcomes[status],
    encodeGeneralized(thisUpdateMs),
    ...(nextUpdateMs === null ? [] : [encode(contextTag(0, true), encodeGeneralized(nextUpdateMs))]),
  )
}

function encodeGeneralized(timeMs: number): Bytes {
  const digits = new Date(timeMs)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:T]/g, '')
  return encode(tag.generalizedTime, encodeAscii(digits))
}

function keyBits({ keys }: Issued): Uint8Array {
  return keys.publicKey.export({ type: 'spki', format: 'der' }).subarray(-97)
}

function digest(hash: string, bytes: Uint8Array): Uint8Array {
  return createHash(hash).update(bytes).digest()
}
