import { bytesKey, sameBytes } from '@cocoon/wire'
import type { Bytes } from '../bytes.ts'
import type { CryptoBackend } from '../crypto/backend.ts'
import { type ChainCertificate, keyUsage, parseChainCertificate } from '../x509/certificate.ts'
import { malformed } from '../der.ts'
import { TrustError } from '../error.ts'
import { parsePem } from '../x509/pem.ts'
import type { TrustedRoot } from './trusted-root.ts'

/** Leaf first, root last. */
export type Chain = readonly ChainCertificate[]

/** Common names that each place of a chain may have, leaf first. */
export type ChainNames = ReadonlyArray<readonly string[]>

export const pckChainNames: ChainNames = [
  ['Intel SGX PCK Certificate'],
  ['Intel SGX PCK Platform CA', 'Intel SGX PCK Processor CA'],
  ['Intel SGX Root CA'],
]
export const signingChainNames: ChainNames = [['Intel SGX TCB Signing'], ['Intel SGX Root CA']]

/** Reads a chain of exactly `length` certificates. Throws `certificate-malformed`. */
export function readChain(pem: string | undefined, length: number): Chain {
  if (pem === undefined) throw new TrustError('evidence-missing', 'The chain of certificates is missing.')
  const certificates = parsePem(pem)
  if (certificates.length !== length) {
    throw malformed(`a chain of ${certificates.length} certificates where ${length} belong`)
  }
  return certificates.map(parseChainCertificate)
}

/** Each of these says what is wrong with a chain, or nothing. */

export function nameFault(chain: Chain, names: ChainNames): string | undefined {
  for (const [index, certificate] of chain.entries()) {
    const allowed = names[index] ?? []
    if (!allowed.includes(certificate.commonName)) {
      return `Certificate ${index + 1} is named "${certificate.commonName}", not "${allowed.join('" or "')}".`
    }
    const issuer = chain[index + 1] ?? certificate
    if (!sameBytes(certificate.issuer, issuer.subject)) {
      return `"${certificate.commonName}" names another issuer than the certificate above it.`
    }
  }
  return undefined
}

export function rootFault(chain: Chain, root: TrustedRoot): string | undefined {
  const { curve, point } = chain.at(-1)!.publicKey
  return curve === 'P-256' && sameBytes(point, root.publicKey)
    ? undefined
    : `The chain leads to another root than ${root.name}.`
}

/** Who may sign what: all but the leaf are authorities, and none has more below it than it allows. */
export function authorityFault(chain: Chain): string | undefined {
  for (const [index, certificate] of chain.entries()) {
    const usage = certificate.keyUsage ?? 0
    const needed = index === 0 ? keyUsage.digitalSignature : keyUsage.certificateSign
    if (certificate.isAuthority !== index > 0 || (usage & needed) === 0) {
      return `"${certificate.commonName}" is not made for its place in the chain.`
    }
    if ((certificate.pathLength ?? Infinity) < index - 1) {
      return `"${certificate.commonName}" allows fewer certificates below it.`
    }
  }
  return undefined
}

/** Verdicts on certificates, so that one that stands in several chains is verified once. */
export type CertificateVerdicts = Map<string, Promise<boolean>>

export async function signatureFault(
  chain: Chain,
  crypto: CryptoBackend,
  verdicts: CertificateVerdicts,
): Promise<string | undefined> {
  const sound = await Promise.all(
    chain.map((certificate, index) => {
      const issuer = chain[index + 1] ?? certificate
      const name = `${bytesKey(certificate.der)} ${bytesKey(issuer.publicKey.point)}`
      const verdict = verdicts.get(name) ?? isSignedBy(certificate, issuer, crypto)
      verdicts.set(name, verdict)
      return verdict
    }),
  )
  const wrong = chain[sound.indexOf(false)]
  return wrong && `"${wrong.commonName}" is not signed by the key above it.`
}

export function dateFault(chain: Chain, nowMs: number): string | undefined {
  for (const { commonName, notBeforeMs, notAfterMs } of chain) {
    if (nowMs < notBeforeMs) return `"${commonName}" is valid from ${isoTime(notBeforeMs)} on.`
    if (!(nowMs <= notAfterMs)) return `"${commonName}" expired at ${isoTime(notAfterMs)}.`
  }
  return undefined
}

/** What an authority's key has to vouch for: a certificate or a revocation list. */
interface Signed {
  readonly signedBytes: Bytes
  readonly signature: Bytes
  readonly signatureCurve: ChainCertificate['signatureCurve']
}

export async function isSignedBy(
  { signedBytes, signature, signatureCurve }: Signed,
  { publicKey }: ChainCertificate,
  crypto: CryptoBackend,
): Promise<boolean> {
  if (signatureCurve !== publicKey.curve) return false
  return crypto.verify({
    curve: publicKey.curve,
    publicKey: publicKey.point,
    signature,
    message: signedBytes,
  })
}

/** For people, and for reports: a moment that no calendar has must not keep either from being made. */
export function isoTime(timeMs: number): string {
  if (!(Math.abs(timeMs) <= 8.64e15)) return 'no time'
  return new Date(timeMs).toISOString().replace('.000Z', 'Z')
}
