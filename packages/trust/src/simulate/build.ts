import { sha256 } from '@noble/hashes/sha2.js'
import { type Bytes, fromHex, join } from '../bytes.ts'
import type { Collateral } from '../collateral/collateral.ts'
import { encodePem } from '../x509/pem.ts'
import { encodeCertificate, encodeCrl } from './certificates.ts'
import type { EvidencePlan, KeyName, SignedPart } from './plan.ts'
import { encodeBody, encodeEnclaveReport } from './quote-body.ts'
import { encodeSgxExtension } from './sgx-extension.ts'
import type { SigningKey } from './signing-key.ts'

export type Keys = Readonly<Record<KeyName, SigningKey>>

/** Who signs what, unless the plan says otherwise. */
const rightSigners: Readonly<Record<SignedPart, KeyName>> = {
  root: 'root',
  intermediate: 'root',
  pck: 'intermediate',
  signer: 'root',
  rootCrl: 'root',
  pckCrl: 'intermediate',
  tcbInfo: 'signer',
  qeIdentity: 'signer',
  qeReport: 'pck',
  quote: 'attestation',
}

/** DER of the certificates that a plan describes. */
export type BuiltCertificates = Readonly<Record<'root' | 'intermediate' | 'pck' | 'signer', Bytes>>

export function buildCertificates(plan: EvidencePlan, keys: Keys): BuiltCertificates {
  const { certificates } = plan
  const build = (name: keyof BuiltCertificates, further: readonly Bytes[] = []): Bytes => {
    const certificate = certificates[name]
    const extensions = [...further, ...certificate.extensions]
    return encodeCertificate({ ...certificate, extensions }, keys[name], signerOf(plan, keys, name))
  }
  return {
    root: build('root'),
    intermediate: build('intermediate'),
    pck: build('pck', [encodeSgxExtension(plan.platform)]),
    signer: build('signer'),
  }
}

export function buildCollateral(plan: EvidencePlan, keys: Keys, certificates: BuiltCertificates): Collateral {
  const { root, intermediate, signer } = certificates
  const tcbInfo = JSON.stringify(plan.tcbInfo)
  const qeIdentity = JSON.stringify(plan.qeIdentity)
  const sign = (part: SignedPart, text: string): Bytes =>
    signerOf(plan, keys, part).sign(new TextEncoder().encode(text))
  const signingChain = encodePem([signer, root])
  return {
    rootCaCrl: encodeCrl(plan.rootCrl, signerOf(plan, keys, 'rootCrl')),
    pckCrl: encodeCrl(plan.pckCrl, signerOf(plan, keys, 'pckCrl')),
    pckCrlIssuerChain: encodePem([intermediate, root]),
    tcbInfo,
    tcbInfoSignature: sign('tcbInfo', tcbInfo),
    tcbInfoIssuerChain: signingChain,
    qeIdentity,
    qeIdentitySignature: sign('qeIdentity', qeIdentity),
    qeIdentityIssuerChain: signingChain,
  }
}

/** A quote in the layout that `parseQuote` reads. */
export function buildQuote(plan: EvidencePlan, keys: Keys, certificates: BuiltCertificates): Bytes {
  const { version, body, authData } = plan.quote
  const { type, bytes } = encodeBody(body)
  const header = join(
    u16(version),
    u16(2),
    u32(body.kind === 'SGX' ? 0 : 0x81),
    new Uint8Array(4),
    fromHex('939a7233f79c4ca9940a0db3957f0607')!,
    new Uint8Array(20),
    version === 5 ? join(u16(type), u32(bytes.length)) : new Uint8Array(),
  )
  const signedBytes = join(header, bytes)
  const attestationKey = keys.attestation.publicKey
  const qeReport = encodeEnclaveReport({
    mrEnclave: new Uint8Array(32),
    mrSigner: plan.quote.qeMrSigner,
    attributes: plan.quote.qeAttributes,
    reportData: join(sha256(join(attestationKey, authData)), plan.quote.qeReportTail),
    isvProdId: 2,
    isvSvn: plan.quote.qeIsvSvn,
  })
  const { pck, intermediate, root } = certificates
  const chain = new TextEncoder().encode(encodePem([pck, intermediate, root]))
  const vouched = join(
    qeReport,
    signerOf(plan, keys, 'qeReport').sign(qeReport),
    u16(authData.length),
    authData,
    certificationData(5, chain),
  )
  const signatureData = join(
    signerOf(plan, keys, 'quote').sign(signedBytes),
    attestationKey,
    version === 3 ? vouched : certificationData(6, vouched),
  )
  return join(signedBytes, u32(signatureData.length), signatureData)
}

function signerOf({ signedBy }: EvidencePlan, keys: Keys, part: SignedPart): SigningKey {
  return keys[signedBy[part] ?? rightSigners[part]]
}

function certificationData(type: number, content: Uint8Array): Bytes {
  return join(u16(type), u32(content.length), content)
}

function u16(value: number): Bytes {
  return Uint8Array.of(value & 0xff, value >> 8)
}

function u32(value: number): Bytes {
  return join(u16(value & 0xffff), u16(value >>> 16))
}
