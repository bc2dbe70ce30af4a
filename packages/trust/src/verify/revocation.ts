import { sameBytes, toHex } from '@cocoon/wire'
import { type ChainCertificate, keyUsage, parseChainCertificate } from '../x509/certificate.ts'
import { type Crl, isRevoked } from '../x509/crl.ts'
import { parsePem } from '../x509/pem.ts'
import {
  type ChainNames,
  dateFault,
  isoTime,
  isSignedBy,
  nameFault,
  pckChainNames,
  rootFault,
  signatureFault,
  signingChainNames,
} from './chain.ts'
import type { VerificationCheckName } from './checks.ts'
import type { Material } from './material.ts'

/** Step 3: both revocation lists are whole, signed by the right authority and in date, and name nobody here. */
export async function checkRevocation(material: Material): Promise<void> {
  const { checks, pckChain, rootCrl, pckCrl, tcbInfoChain, qeIdentityChain } = material
  const [leaf, intermediate, root] = pckChain ?? []
  await Promise.all([
    checkCrl(material, rootCrl, root, 'root-crl-signature', 'root-crl-dates'),
    checkCrl(material, pckCrl, intermediate, 'pck-crl-signature', 'pck-crl-dates'),
    checkIssuerChain(material),
  ])
  if (rootCrl && intermediate) {
    checks.judge('intermediate-revocation', revocationFault(rootCrl, [intermediate]), serials([intermediate]))
  }
  if (pckCrl && leaf) checks.judge('pck-revocation', revocationFault(pckCrl, [leaf]), serials([leaf]))
  if (rootCrl && tcbInfoChain && qeIdentityChain) {
    const signers = [tcbInfoChain[0]!, qeIdentityChain[0]!]
    checks.judge('signing-revocation', revocationFault(rootCrl, signers), serials(signers))
  }
}

async function checkCrl(
  { checks, nowMs, crypto }: Material,
  crl: Crl | undefined,
  issuer: ChainCertificate | undefined,
  signature: VerificationCheckName,
  dates: VerificationCheckName,
): Promise<void> {
  if (!crl) return
  checks.judge(dates, periodFault(crl.thisUpdateMs, crl.nextUpdateMs, nowMs), {
    now: isoTime(nowMs),
    thisUpdate: isoTime(crl.thisUpdateMs),
    nextUpdate: isoTime(crl.nextUpdateMs),
  })
  if (!issuer) return
  const values = { issuer: issuer.commonName }
  if (!sameBytes(crl.issuer, issuer.subject)) {
    checks.fail(signature, `The revocation list is not that of "${issuer.commonName}".`, values)
  } else if (((issuer.keyUsage ?? 0) & keyUsage.crlSign) === 0) {
    checks.fail(signature, `"${issuer.commonName}" may not sign revocation lists.`, values)
  } else {
    const isSigned = await isSignedBy(crl, issuer, crypto)
    const fault = isSigned ? undefined : `The revocation list is not signed by "${issuer.commonName}".`
    checks.judge(signature, fault, values)
  }
}

/** Inside of the time from `fromMs` to `toMs`, both of which belong to it. */
export function periodFault(fromMs: number, toMs: number, nowMs: number): string | undefined {
  if (nowMs < fromMs) return `It is of ${isoTime(fromMs)}, which has not come yet. Compare the clocks.`
  if (!(nowMs <= toMs)) return `It is stale: the next one was due at ${isoTime(toMs)}.`
  return undefined
}

/** Chains that come with the list: that of its own issuer, with or without its ends, or that of other collateral. */
const handedOut: readonly ChainNames[] = [
  pckChainNames.slice(1),
  pckChainNames,
  pckChainNames.slice(2),
  signingChainNames,
]

/**
 * The list is verified with the intermediate of the quote's own chain, so nothing depends on the chain that came
 * with it. But a chain that is there and does not hold shows that somebody meddled with the collateral.
 */
async function checkIssuerChain({
  checks,
  collateral,
  root,
  nowMs,
  crypto,
  verdicts,
}: Material): Promise<void> {
  const { pckCrlIssuerChain } = collateral
  const name = 'pck-crl-issuer-chain'
  if (pckCrlIssuerChain === undefined || pckCrlIssuerChain === '') {
    checks.skip(name, 'None came with the list, and none is needed.')
    return
  }
  const chain = checks.attempt(name, () => parsePem(pckCrlIssuerChain).map(parseChainCertificate))
  if (!chain) return
  const names = handedOut.filter(({ length }) => length === chain.length)
  if (names.length === 0) return checks.fail(name, `${chain.length} certificates are no chain of the list.`)
  const faults = names.map(known => nameFault(chain, known))
  const fault = faults.includes(undefined) ? undefined : faults[0]
  const otherFault = fault ?? rootFault(chain, root) ?? dateFault(chain, nowMs)
  checks.judge(name, otherFault ?? (await signatureFault(chain, crypto, verdicts)))
}

function revocationFault(crl: Crl, certificates: readonly ChainCertificate[]): string | undefined {
  const revoked = certificates.find(({ serial }) => isRevoked(crl, serial))
  return revoked && `"${revoked.commonName}" with serial ${toHex(revoked.serial)} is revoked.`
}

function serials(certificates: readonly ChainCertificate[]): { serials: string[] } {
  return { serials: [...new Set(certificates.map(({ serial }) => toHex(serial)))] }
}
