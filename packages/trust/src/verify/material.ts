import type { Bytes } from '../bytes.ts'
import type { Collateral } from '../collateral/collateral.ts'
import { parseQeIdentity, type QeIdentity } from '../collateral/qe-identity.ts'
import { parseTcbInfo, type TcbInfo } from '../collateral/tcb-info.ts'
import type { CryptoBackend } from '../crypto/backend.ts'
import { TrustError } from '../error.ts'
import { parseQuote, type Quote } from '../quote/parse-quote.ts'
import { type Crl, parseCrl } from '../x509/crl.ts'
import { platformIdentity, type PlatformIdentity } from '../x509/sgx-extension.ts'
import { type CertificateVerdicts, type Chain, readChain } from './chain.ts'
import type { Checks, VerificationCheckName } from './checks.ts'
import type { TrustedRoot } from './trusted-root.ts'

/** What the steps work with. A part that could not be read is absent, and its check has failed. */
export interface Material {
  readonly checks: Checks
  readonly collateral: Collateral
  readonly nowMs: number
  readonly root: TrustedRoot
  readonly crypto: CryptoBackend
  readonly verdicts: CertificateVerdicts
  readonly quote?: Quote
  readonly pckChain?: Chain
  readonly platform?: PlatformIdentity
  readonly rootCrl?: Crl
  readonly pckCrl?: Crl
  readonly tcbInfo?: TcbInfo
  readonly tcbInfoChain?: Chain
  readonly qeIdentity?: QeIdentity
  readonly qeIdentityChain?: Chain
}

export interface Setting {
  readonly nowMs: number
  readonly root: TrustedRoot
  readonly crypto: CryptoBackend
  readonly ignoreTrailing: boolean
}

/** Reads everything, each part for itself, so that a report can say of all that is wrong what it is. */
export function readMaterial(
  checks: Checks,
  quoteBytes: Uint8Array,
  collateral: Collateral,
  { nowMs, root, crypto, ignoreTrailing }: Setting,
): Material {
  const quote = checks.attempt('quote-format', () => parseQuote(quoteBytes, { ignoreTrailing }))
  const pckChain = quote && checks.attempt('pck-chain-format', () => readChain(quote.pckChain, 3))
  const { tcbInfoIssuerChain, qeIdentityIssuerChain } = collateral
  const tcbInfoChain = checks.attempt('tcb-info-issuer-chain', () => readChain(tcbInfoIssuerChain, 2))
  const parts = {
    quote,
    pckChain,
    platform: pckChain && checks.attempt('pck-platform', () => platformIdentity(pckChain[0]!)),
    rootCrl: readCrl(checks, 'root-crl-format', collateral.rootCaCrl),
    pckCrl: readCrl(checks, 'pck-crl-format', collateral.pckCrl),
    tcbInfo: readJson(checks, 'tcb-info-format', collateral.tcbInfo, parseTcbInfo),
    tcbInfoChain,
    qeIdentity: readJson(checks, 'qe-identity-format', collateral.qeIdentity, parseQeIdentity),
    // Services hand out the same chain for both, which is read once.
    qeIdentityChain: checks.attempt('qe-identity-issuer-chain', () =>
      tcbInfoChain && qeIdentityIssuerChain === tcbInfoIssuerChain
        ? tcbInfoChain
        : readChain(qeIdentityIssuerChain, 2),
    ),
  }
  const verdicts: CertificateVerdicts = new Map()
  return { checks, collateral, nowMs, root, crypto, verdicts, ...definedParts(parts) }
}

function readCrl(checks: Checks, name: VerificationCheckName, der: Bytes | undefined): Crl | undefined {
  return checks.attempt(name, () => {
    if (!der) throw missing('revocation list')
    return parseCrl(der)
  })
}

function readJson<Value>(
  checks: Checks,
  name: VerificationCheckName,
  text: string | undefined,
  parse: (text: string) => Value,
): Value | undefined {
  return checks.attempt(name, () => {
    if (text === undefined) throw missing('signed JSON')
    return parse(text)
  })
}

function missing(what: string): TrustError {
  return new TrustError('evidence-missing', `The ${what} is missing, and nothing is believed without it.`)
}

/** The same object without its undefined members, as its type says. */
function definedParts<Parts extends object>(
  parts: Parts,
): { [Name in keyof Parts]?: Exclude<Parts[Name], undefined> } {
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined)) as {
    [Name in keyof Parts]?: Exclude<Parts[Name], undefined>
  }
}
