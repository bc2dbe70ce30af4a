import { join } from '../bytes.ts'
import { decode, encode, sameBytes, sealedWorkerIdentity, type SealedWorkerEvidence } from '@cocoon/wire'
import { TrustError } from '../error.ts'
import { labels } from './labels.ts'
import { type SealCrypto, type SealKey, sealSizes, type SigningKey } from './seal-crypto.ts'

/** What an identity document says. */
export interface WorkerIdentity {
  /** Ed25519, 32 bytes: signs receipts. */
  readonly signingKey: Uint8Array
  /** X-Wing, 1216 bytes: queries are sealed to it. */
  readonly sealKey: Uint8Array
  /** `name@commit:weights-hash`. */
  readonly model: string
  /** `gpuEvidenceDigest` of the machine's GPUs; 32 zero bytes where it has none. */
  readonly gpuDigest: Uint8Array
  /** The newest masterchain block that its maker knew; number and hash are zero where there is no chain. */
  readonly blockSeqno: number
  /** Root hash, 32 bytes. */
  readonly blockHash: Uint8Array
  /** Unix milliseconds. */
  readonly issuedAtMs: number
  /** Unix milliseconds. */
  readonly expiresAtMs: number
}

/** The private half of an identity, which never leaves the worker. */
export interface IdentityKeys {
  readonly signing: SigningKey
  readonly sealing: SealKey
}

/** Parts of evidence are no longer than this, bytes. */
export const evidenceLimits = {
  documentBytes: 4 << 10,
  quoteBytes: 32 << 10,
  collateralBytes: 64 << 10,
  gpuBytes: 4 << 20,
} as const

/** How long an identity may hold, milliseconds. */
export const longestIdentityMs = 75 * 60_000

/** Fresh keys, from 64 random bytes. */
export function makeIdentityKeys(
  crypto: SealCrypto,
  random: (sizeBytes: number) => Uint8Array,
): IdentityKeys {
  return { signing: crypto.signingKey(random(32)), sealing: crypto.sealKey(random(32)) }
}

/** The document: boxed `sealed.workerIdentity`. */
export function encodeIdentity(identity: WorkerIdentity): Uint8Array {
  const { signingKey, sealKey, model, gpuDigest, blockSeqno, blockHash, issuedAtMs, expiresAtMs } = identity
  return encode(sealedWorkerIdentity, {
    _: 'sealed.workerIdentity',
    signingKey,
    sealKey,
    model,
    gpuDigest,
    blockSeqno,
    blockHash,
    issuedAt: BigInt(issuedAtMs),
    expiresAt: BigInt(expiresAtMs),
  })
}

/** Reads a document, of which nothing is verified yet. Throws `identity-invalid`. */
export function decodeIdentity(document: Uint8Array): WorkerIdentity {
  if (document.length > evidenceLimits.documentBytes) throw invalid(`it has ${document.length} bytes`)
  const fields = attempt(() => decode(sealedWorkerIdentity, document))
  if (fields === undefined) throw invalid('it is no boxed sealed.workerIdentity')
  const { signingKey, sealKey, model, gpuDigest, blockSeqno, blockHash, issuedAt, expiresAt } = fields
  if (sealKey.length !== sealSizes.publicKey) throw invalid('its seal key is none of X-Wing')
  if (model.length === 0 || model.length > 512)
    throw invalid('its model has no name, or one that is too long')
  if (blockSeqno < 0) throw invalid('its block has a number below zero')
  const lastsMs = expiresAt - issuedAt
  if (issuedAt < 0n || lastsMs <= 0n || lastsMs > BigInt(longestIdentityMs) || expiresAt > 2n ** 52n) {
    throw invalid('it does not end within 75 minutes of its beginning')
  }
  const identity: WorkerIdentity = {
    signingKey,
    sealKey,
    model,
    gpuDigest,
    blockSeqno,
    blockHash,
    issuedAtMs: Number(issuedAt),
    expiresAtMs: Number(expiresAt),
  }
  if (!sameBytes(encodeIdentity(identity), document)) throw invalid('it is not in the one form that it has')
  return identity
}

/** What an identity is known by: 32 bytes. */
export function identityDigest(crypto: Pick<SealCrypto, 'sha256'>, document: Uint8Array): Uint8Array {
  return crypto.sha256(labels.identity, document)
}

/** What the report data of the quote behind an identity are: 64 bytes. */
export function identityReportData(crypto: Pick<SealCrypto, 'sha512'>, document: Uint8Array): Uint8Array {
  return crypto.sha512(labels.identityQuote, document)
}

/** To whom an identity is announced, 32 bytes each. */
export interface AnnouncedTo {
  /** Of the proxy's contract. */
  readonly proxyKey: Uint8Array
  /** What the proxy showed in TLS; zeros where the connection has none. */
  readonly tlsKey: Uint8Array
}

/** By which a worker tells a proxy that the identity is its own: 64 bytes. */
export function signAnnouncement(keys: IdentityKeys, digest: Uint8Array, to: AnnouncedTo): Uint8Array {
  return keys.signing.sign(announcement(digest, to))
}

/** Whether the holder of the identity's signing key announced it to this proxy. */
export function verifyAnnouncement(
  crypto: Pick<SealCrypto, 'verify'>,
  { signingKey }: WorkerIdentity,
  digest: Uint8Array,
  to: AnnouncedTo,
  signature: Uint8Array,
): boolean {
  return crypto.verify(signingKey, announcement(digest, to), signature)
}

/** Whether evidence from a peer is within its bounds. */
export function isEvidenceBounded({ document, quote, collateral, gpu }: SealedWorkerEvidence): boolean {
  return (
    document.length <= evidenceLimits.documentBytes &&
    quote.length <= evidenceLimits.quoteBytes &&
    collateral.length <= evidenceLimits.collateralBytes &&
    gpu.length <= evidenceLimits.gpuBytes
  )
}

function announcement(digest: Uint8Array, { proxyKey, tlsKey }: AnnouncedTo): Uint8Array {
  return join(labels.announcement, digest, proxyKey, tlsKey)
}

function invalid(why: string): TrustError {
  return new TrustError('identity-invalid', `The worker's identity is malformed: ${why}.`)
}

function attempt<Value>(run: () => Value): Value | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}
