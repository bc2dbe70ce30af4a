import { sameBytes, toHex } from '@cocoon/wire'
import type { Bytes } from '../bytes.ts'
import type { CryptoBackend } from '../crypto/backend.ts'
import { contextTag, DerReader, tag } from '../der.ts'
import { oid } from '../oid.ts'
import { authorityFault, type Chain, dateFault, isoTime, signatureFault } from '../verify/chain.ts'
import { type ChainCertificate, parseUnderstanding } from '../x509/certificate.ts'
import { oidOf } from '../x509/values.ts'
import { nvidiaLimits } from './limits.ts'
import type { Judge } from '../verify/named-checks.ts'

/** What certificates of devices and of OCSP responders may call critical. Names of devices are not gone by. */
const understood: ReadonlySet<string> = new Set([
  oid.basicConstraints,
  oid.keyUsage,
  oid.extendedKeyUsage,
  oid.subjectAltName,
  '2.23.133.5.4.1',
  '2.23.133.5.4.1.1',
])

/** Reads a certificate of a device, of a signer of reference documents or of a responder. Throws `certificate-malformed`. */
export function parseVendorCertificate(der: Bytes): ChainCertificate {
  return parseUnderstanding(der, understood)
}

/** A public key that chains may end in. P-384, x and y. */
export interface Anchor {
  readonly name: string
  readonly point: Uint8Array
}

/** What a report shows of a certificate. Dates are ISO 8601, the serial number is hexadecimal. */
export interface CertificateSummary {
  readonly name: string
  readonly serial: string
  readonly notBefore: string
  readonly notAfter: string
}

export interface ChainRules {
  readonly anchors: readonly Anchor[]
  /** How many certificates there have to be, root included; absent: 2 or more. */
  readonly length?: number
  readonly nowMs: number
  readonly crypto: CryptoBackend
}

/**
 * Checks a chain, leaf first and root last: `<of>-chain-issuers`, that each certificate was issued by the next
 * and may issue; `-root`, that it ends in a pinned key; `-signatures`, the root's own included; and `-dates`.
 */
export async function checkChain<Of extends string>(
  checks: Judge<`${NoInfer<Of>}-chain-${'issuers' | 'root' | 'signatures' | 'dates'}`>,
  of: Of,
  chain: Chain,
  { anchors, length, nowMs, crypto }: ChainRules,
): Promise<void> {
  const names = chain.map(({ commonName }) => commonName)
  checks.judge(
    `${of}-chain-issuers`,
    lengthFault(chain, length) ?? issuerFault(chain) ?? authorityFault(chain),
    {
      chain: names,
    },
  )
  const anchor = anchorOf(chain, anchors)
  const pinned = anchors.map(({ name }) => name).join(' or ')
  checks.judge(`${of}-chain-root`, anchor ? undefined : `The chain leads to another root than ${pinned}.`, {
    root: anchor?.name ?? names.at(-1) ?? 'none',
  })
  checks.judge(`${of}-chain-signatures`, await signatureFault(chain, crypto, new Map()))
  checks.judge(`${of}-chain-dates`, dateFault(chain, nowMs), datesOf(chain, nowMs))
}

/** The caller's clock is no evidence: without a time nothing is verified. Throws `RangeError`. */
export function requireMoment(nowMs: number): void {
  if (!(Math.abs(nowMs) <= 8.64e15)) throw new RangeError(`${nowMs} is no moment to verify at.`)
}

function lengthFault(chain: Chain, length: number | undefined): string | undefined {
  if (length !== undefined && chain.length !== length) {
    return `The chain has ${chain.length} certificates, not ${length}.`
  }
  return chain.length < 2 || chain.length > nvidiaLimits.maxChainLength
    ? `A chain of ${chain.length} certificates cannot be.`
    : undefined
}

function issuerFault(chain: Chain): string | undefined {
  const stray = chain.find(({ issuer }, index) => {
    const above = chain[index + 1] ?? chain[index]!
    return !sameBytes(issuer, above.subject)
  })
  return stray && `"${stray.commonName}" names another issuer than the certificate above it.`
}

function anchorOf(chain: Chain, anchors: readonly Anchor[]): Anchor | undefined {
  const key = chain.at(-1)?.publicKey
  return key?.curve === 'P-384' ? anchors.find(({ point }) => sameBytes(point, key.point)) : undefined
}

/** The time that all certificates share. */
function datesOf(chain: Chain, nowMs: number): Record<string, string> {
  if (chain.length === 0) return {}
  return {
    from: isoTime(Math.max(...chain.map(({ notBeforeMs }) => notBeforeMs))),
    to: isoTime(earliestEndMs(chain)),
    now: isoTime(nowMs),
  }
}

/** When the first certificate ends, milliseconds since the Unix epoch. */
export function earliestEndMs(chain: Chain): number {
  return Math.min(...chain.map(({ notAfterMs }) => notAfterMs))
}

export function summaryOf(certificate: ChainCertificate): CertificateSummary {
  return {
    name: certificate.commonName,
    serial: toHex(certificate.serial),
    notBefore: isoTime(certificate.notBeforeMs),
    notAfter: isoTime(certificate.notAfterMs),
  }
}

const ocsp = '1.3.6.1.5.5.7.48.1'

/** Addresses of the OCSP responders that a certificate names. Throws `certificate-malformed`. */
export function respondersOf({ extensions }: ChainCertificate): string[] {
  const content = extensions.get('1.3.6.1.5.5.7.1.1')?.content
  if (!content) return []
  const outer = new DerReader(content)
  const descriptions = outer.enter(tag.sequence)
  outer.end()
  const found: string[] = []
  while (descriptions.more) {
    const description = descriptions.enter(tag.sequence)
    const method = oidOf(description)
    const location = description.next()
    description.end()
    if (method === ocsp && location.tag === contextTag(6, false)) {
      found.push(new TextDecoder().decode(location.content))
    }
  }
  return found
}

/** Purposes of the extended key usage. Throws `certificate-malformed`. */
export function purposesOf({ extensions }: ChainCertificate): string[] {
  const content = extensions.get(oid.extendedKeyUsage)?.content
  if (!content) return []
  const outer = new DerReader(content)
  const purposes = outer.enter(tag.sequence)
  outer.end()
  const found: string[] = []
  while (purposes.more) found.push(oidOf(purposes))
  return found
}
