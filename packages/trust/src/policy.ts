import { type PeerProof, sameBytes, toHex } from '@cocoon/wire'
import type { Bytes } from './bytes.ts'
import { TrustError } from './error.ts'
import { maxQuoteBytes, reportData } from './evidence.ts'
import { imageHash, zeroMeasurements } from './image-hash.ts'
import { oid } from './oid.ts'
import { parseCertificate } from './parse-certificate.ts'
import type { Certificate } from './parse-certificate.ts'

/** What a policy found out about a peer that it accepts. */
export interface Verdict {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Bytes
  /** Which image the peer runs, 32 bytes; zeros where nothing was attested. */
  readonly imageHash: Bytes
  /** Evidence was shown and checked. */
  readonly attested: boolean
  /** The evidence comes from a stand-in and proves nothing. */
  readonly simulated: boolean
  /** Tells when the peer is no longer to be believed; absent where there is nothing that ends. */
  readonly proof?: PeerProof
}

export interface CheckContext {
  /** Wall clock, milliseconds since the Unix epoch. */
  readonly nowMs: number
  /** What the peer is in this connection. */
  readonly role: 'server' | 'client'
}

/** Decides whether a peer is believed. Throws `TrustError`; whatever is not accepted expressly is refused. */
export interface PeerPolicy {
  /** As it is called in configuration and status: `any`, `fake_tdx`. */
  readonly name: string
  check(certificate: Certificate, context: CheckContext): Promise<Verdict>
}

export interface PolicyOptions {
  /** Images that are acceptable, 32 bytes each. Absent or empty: every image. */
  readonly imageHashes?: readonly Uint8Array[]
}

/** Asks for a sound certificate and nothing more. With an allow-list it refuses everybody: nothing is attested. */
export function anyPolicy(options: PolicyOptions = {}): PeerPolicy {
  return {
    name: 'any',
    async check(certificate, context) {
      await checkCertificate(certificate, context)
      if (options.imageHashes && options.imageHashes.length > 0) {
        throw new TrustError(
          'policy-refused',
          "Policy 'any' attests no image, but only listed images are allowed.",
        )
      }
      const { publicKey } = certificate
      return { publicKey, imageHash: new Uint8Array(32), attested: false, simulated: false }
    },
  }
}

/** Asks for the stand-in quote of machines without a TEE: exactly the report data, with all measurements zero. */
export function fakeTdxPolicy(options: PolicyOptions = {}): PeerPolicy {
  return {
    name: 'fake_tdx',
    async check(certificate, context) {
      await checkCertificate(certificate, context)
      const { publicKey } = certificate
      const quote = requireQuote(certificate)
      if (!sameBytes(quote, await reportData(publicKey))) {
        throw new TrustError(
          'evidence-invalid',
          'The fake TDX quote is not the SHA-512 of the public key. A genuine quote needs another policy.',
        )
      }
      const hash = await imageHash(zeroMeasurements())
      requireAllowedImage(hash, options)
      return { publicKey, imageHash: hash, attested: true, simulated: true }
    },
  }
}

/** Binds a policy to a clock: from the DER that a peer showed to the verdict on it. */
export function peerCheck(
  policy: PeerPolicy,
  world: { now(): number },
  role: CheckContext['role'],
): (certificateDer: Uint8Array) => Promise<Verdict> {
  return async certificateDer => policy.check(parseCertificate(certificateDer), { nowMs: world.now(), role })
}

/**
 * The rules that hold under every policy: self-issued and self-signed, inside its dates without tolerance,
 * nothing critical that is not understood, fit for the role, and, for servers, named `127.0.0.1`.
 */
export async function checkCertificate(certificate: Certificate, context: CheckContext): Promise<void> {
  for (const { judge } of certificateRules) await judge(certificate, context)
}

/** The rules one by one, each of which throws where it is broken. */
export const certificateRules: ReadonlyArray<{
  readonly name: string
  readonly judge: (certificate: Certificate, context: CheckContext) => void | Promise<void>
}> = [
  { name: 'certificate-signature', judge: requireSelfSigned },
  { name: 'certificate-dates', judge: (certificate, { nowMs }) => requireDates(certificate, nowMs) },
  { name: 'certificate-extensions', judge: requireNothingUnknown },
  { name: 'certificate-purpose', judge: (certificate, { role }) => requirePurpose(certificate, role) },
  {
    name: 'certificate-name',
    judge: (certificate, { role }) => {
      if (role === 'server') requireServerName(certificate)
    },
  },
]

/** The quote that a policy is to judge. Throws `evidence-missing` and `evidence-invalid`. */
export function requireQuote(certificate: Certificate): Bytes {
  const { quote } = certificate
  if (!quote) throw new TrustError('evidence-missing', 'The certificate carries no quote.')
  if (quote.length > maxQuoteBytes) {
    throw new TrustError(
      'evidence-invalid',
      `The quote has ${quote.length} bytes; ${maxQuoteBytes} are allowed.`,
    )
  }
  return quote
}

/** Throws `policy-refused` where there is an allow-list without this image. */
export function requireAllowedImage(hash: Uint8Array, { imageHashes = [] }: PolicyOptions): void {
  if (imageHashes.length === 0 || imageHashes.some(allowed => sameBytes(allowed, hash))) return
  throw new TrustError('policy-refused', `Image ${toHex(hash)} is not on the list of allowed images.`)
}

async function requireSelfSigned(certificate: Certificate): Promise<void> {
  const { issuer, subject, publicKey, signature, signatureOid, signedBytes } = certificate
  if (!sameBytes(issuer, subject)) {
    throw new TrustError('certificate-not-self-signed', 'The certificate was issued by somebody else.')
  }
  const key = await crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']).catch(cause => {
    throw new TrustError('certificate-malformed', 'The certificate holds no usable Ed25519 key.', { cause })
  })
  if (signatureOid !== oid.ed25519 || !(await crypto.subtle.verify('Ed25519', key, signature, signedBytes))) {
    throw new TrustError('certificate-not-self-signed', 'The certificate is not signed by its own key.')
  }
}

/** Whole seconds are compared, and the last second is already too late, as OpenSSL has it. */
function requireDates({ notBeforeMs, notAfterMs }: Certificate, nowMs: number): void {
  const nowSecondMs = Math.floor(nowMs / 1000) * 1000
  if (nowSecondMs < notBeforeMs) {
    throw new TrustError(
      'certificate-not-yet-valid',
      `The certificate is valid from ${new Date(notBeforeMs).toISOString()} on. Compare the clocks.`,
    )
  }
  if (!(nowSecondMs < notAfterMs)) {
    throw new TrustError(
      'certificate-expired',
      `The certificate expired at ${new Date(notAfterMs).toISOString()}.`,
    )
  }
}

function requireNothingUnknown({ unknownCriticalOids }: Certificate): void {
  if (unknownCriticalOids.length === 0) return
  throw new TrustError(
    'certificate-unknown-extension',
    `The certificate has critical extensions that are not known here: ${unknownCriticalOids.slice(0, 4).join(', ')}.`,
  )
}

function requirePurpose(
  { digitalSignature, extendedKeyUsage }: Certificate,
  role: CheckContext['role'],
): void {
  const purpose = role === 'server' ? oid.serverAuth : oid.clientAuth
  if (digitalSignature === false || (extendedKeyUsage && !extendedKeyUsage.includes(purpose))) {
    throw new TrustError('certificate-wrong-purpose', `The certificate is not made for a TLS ${role}.`)
  }
}

/** Dialers know servers by this one name, whatever the address; a common name counts where no dNSName is. */
function requireServerName({ dnsNames, commonNames }: Certificate): void {
  if ((dnsNames.length > 0 ? dnsNames : commonNames).includes('127.0.0.1')) return
  throw new TrustError('certificate-wrong-name', "The server's certificate is not made out to 127.0.0.1.")
}
