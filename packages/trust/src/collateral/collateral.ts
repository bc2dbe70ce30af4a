import { toHex } from '@cocoon/wire'
import { type Bytes, fromHex } from '../bytes.ts'
import { TrustError } from '../error.ts'

/**
 * What it takes to judge a quote beside the quote itself. Each part is as its issuer serves it; nothing is verified
 * yet. A part that is missing makes verification fail, not succeed.
 */
export interface Collateral {
  /** DER. */
  readonly rootCaCrl?: Bytes
  readonly pckCrl?: Bytes
  /** The exact signed text. */
  readonly tcbInfo?: string
  /** r and s. */
  readonly tcbInfoSignature?: Bytes
  /** PEM: the signing certificate, then the root. */
  readonly tcbInfoIssuerChain?: string
  readonly qeIdentity?: string
  readonly qeIdentitySignature?: Bytes
  readonly qeIdentityIssuerChain?: string
  /** PEM. Not needed, as the list is verified with the chain of the quote; where it is there it has to be sound. */
  readonly pckCrlIssuerChain?: string
}

const byteFields = {
  root_ca_crl: 'rootCaCrl',
  pck_crl: 'pckCrl',
  tcb_info_signature: 'tcbInfoSignature',
  qe_identity_signature: 'qeIdentitySignature',
} as const
const textFields = {
  pck_crl_issuer_chain: 'pckCrlIssuerChain',
  tcb_info_issuer_chain: 'tcbInfoIssuerChain',
  tcb_info: 'tcbInfo',
  qe_identity_issuer_chain: 'qeIdentityIssuerChain',
  qe_identity: 'qeIdentity',
} as const

/** All parts together; what is longer is refused before it is looked at. */
export const maxCollateralBytes = 4_194_304

/**
 * Reads collateral in the JSON form in which it is kept in files and stapled to evidence: `tcb_info`,
 * `tcb_info_signature`, `root_ca_crl` and so on, with bytes in hexadecimal. Null and absent mean the same.
 * Throws `evidence-invalid`.
 */
export function readCollateral(json: unknown): Collateral {
  if (typeof json !== 'object' || json === null) throw invalid('it is no object')
  const given = new Map<string, unknown>(Object.entries(json))
  const collateral: Record<string, Bytes | string> = {}
  let sizeBytes = 0
  const take = (name: string): string | undefined => {
    const value = given.get(name)
    if (value === undefined || value === null) return undefined
    if (typeof value !== 'string') throw invalid(`${name} is no text`)
    sizeBytes += value.length
    if (sizeBytes > maxCollateralBytes) throw invalid('it is too large')
    return value
  }
  for (const [name, field] of Object.entries(byteFields)) {
    const text = take(name)
    const bytes = text === undefined ? undefined : fromHex(text)
    if (text !== undefined && !bytes) throw invalid(`${name} is not hexadecimal`)
    if (bytes) collateral[field] = bytes
  }
  for (const [name, field] of Object.entries(textFields)) {
    const text = take(name)
    if (text !== undefined) collateral[field] = text
  }
  return collateral as Collateral
}

/** The JSON form that `readCollateral` reads. */
export function writeCollateral(collateral: Collateral): Record<string, string> {
  const json: Record<string, string> = {}
  for (const [name, field] of Object.entries(byteFields)) {
    const bytes = collateral[field]
    if (bytes) json[name] = toHex(bytes)
  }
  for (const [name, field] of Object.entries(textFields)) {
    const text = collateral[field]
    if (text !== undefined) json[name] = text
  }
  return json
}

function invalid(what: string): TrustError {
  return new TrustError('evidence-invalid', `The collateral is malformed: ${what}.`)
}
