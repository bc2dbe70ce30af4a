import { sameBytes, toHex } from '@cocoon/wire'
import type { Bytes } from '../bytes.ts'
import { join } from '../bytes.ts'
import type { ModuleIdentity, TcbInfo } from '../collateral/tcb-info.ts'
import type { TdReport } from '../quote/bodies.ts'
import { findModule } from './tcb-levels.ts'
import type { Material } from './material.ts'

/** Step 5: the TCB info is for this kind of TEE and for this platform. */
export function checkPlatformMatch({ checks, quote, platform, tcbInfo }: Material): void {
  if (!quote || !tcbInfo) return
  const { tee } = quote.body
  checks.judge('tcb-info-tee', tcbInfo.tee === tee ? undefined : 'The TCB info is for another kind of TEE.', {
    quote: tee,
    tcbInfo: tcbInfo.tee,
  })
  if (!platform) return
  const pairs = [
    ['fmspc', platform.fmspc, tcbInfo.fmspc],
    ['pce-id', platform.pceId, tcbInfo.pceId],
  ] as const
  for (const [name, certificate, info] of pairs) {
    checks.judge(name, sameBytes(certificate, info) ? undefined : 'The TCB info is for another platform.', {
      certificate: toHex(certificate),
      tcbInfo: toHex(info),
    })
  }
}

/** Step 6: the TDX module is the one that Intel signs. */
export function checkTdxModule({ checks, quote, tcbInfo }: Material): void {
  if (!quote) return
  const { body } = quote
  if (body.tee === 'sgx') {
    for (const name of ['tdx-module-identity', 'tdx-module-signer', 'tdx-module-attributes'] as const) {
      checks.skip(name, 'An SGX enclave runs without a TDX module.')
    }
    return
  }
  if (!tcbInfo) return
  const { id, module } = expectedModule(body, tcbInfo)
  if (!module)
    return checks.fail('tdx-module-identity', `The TCB info knows no module ${id}.`, { module: id })
  checks.pass('tdx-module-identity', { module: id })
  const isSigner = sameBytes(body.mrSignerSeam, module.mrSigner)
  checks.judge('tdx-module-signer', isSigner ? undefined : 'The TDX module is signed by somebody else.', {
    quote: toHex(body.mrSignerSeam),
    tcbInfo: toHex(module.mrSigner),
  })
  const isAlike =
    body.seamAttributes.every(octet => octet === 0) &&
    isEqualUnderMask(body.seamAttributes, module.attributes, module.attributesMask)
  checks.judge('tdx-module-attributes', isAlike ? undefined : 'The TDX module has other attributes.', {
    quote: toHex(body.seamAttributes),
    tcbInfo: toHex(module.attributes),
  })
}

/** Modules of a version above 0 have identities of their own. */
function expectedModule(
  { teeTcbSvn }: TdReport,
  tcbInfo: TcbInfo,
): { id: string; module: ModuleIdentity | undefined } {
  const version = teeTcbSvn[1] ?? 0
  if (version === 0) return { id: 'tdxModule', module: tcbInfo.module }
  const module = findModule(tcbInfo, version)
  return { id: `TDX_${toHex(Uint8Array.of(version)).toUpperCase()}`, module }
}

/** Step 7: the platform's key vouches for the quoting enclave, and the enclave for the attestation key. */
export async function checkQeReport({ checks, quote, pckChain, crypto }: Material): Promise<void> {
  if (!quote || !pckChain) return
  const { qeReport, qeReportBytes, qeReportSignature, attestationKey, authData } = quote
  const { curve, point } = pckChain[0]!.publicKey
  const isSigned = await crypto.verify({
    curve,
    publicKey: point,
    signature: qeReportSignature,
    message: qeReportBytes,
  })
  checks.judge('qe-report-signature', isSigned ? undefined : 'The PCK has not signed the QE report.')
  const digest = await crypto.digest('SHA-256', join(attestationKey, authData))
  const due = join(digest, new Uint8Array(32))
  const isBound = sameBytes(qeReport.reportData, due)
  checks.judge('qe-report-data', isBound ? undefined : 'The QE report is for another attestation key.', {
    quote: toHex(qeReport.reportData),
    due: toHex(due),
  })
}

/** Step 8: the quoting enclave is Intel's, and its attestation key has signed the quote. */
export async function checkQuotingEnclave({ checks, quote, qeIdentity, crypto }: Material): Promise<void> {
  if (!quote) return
  const { qeReport, body, attestationKey, signature, signedBytes } = quote
  if (qeIdentity) {
    const isFor = qeIdentity.tee === body.tee
    checks.judge('qe-identity-tee', isFor ? undefined : 'The QE identity is for another kind of TEE.', {
      quote: body.tee,
      qeIdentity: qeIdentity.tee,
    })
    const differing = [
      !isEqualUnderMask(qeReport.miscSelect, qeIdentity.miscSelect, qeIdentity.miscSelectMask) &&
        'MISCSELECT',
      !isEqualUnderMask(qeReport.attributes, qeIdentity.attributes, qeIdentity.attributesMask) &&
        'attributes',
      !sameBytes(qeReport.mrSigner, qeIdentity.mrSigner) && 'MRSIGNER',
      qeReport.isvProdId !== qeIdentity.isvProdId && 'ISVPRODID',
    ].filter(name => name !== false)
    const fault =
      differing.length > 0 ? `The quoting enclave has another ${differing.join(', ')}.` : undefined
    checks.judge('qe-identity-match', fault, {
      miscSelect: toHex(qeReport.miscSelect),
      attributes: toHex(qeReport.attributes),
      mrSigner: toHex(qeReport.mrSigner),
      isvProdId: qeReport.isvProdId,
    })
  }
  const isSigned = await crypto.verify({
    curve: 'P-256',
    publicKey: attestationKey,
    signature,
    message: signedBytes,
  })
  checks.judge('quote-signature', isSigned ? undefined : 'The attestation key has not signed the quote.')
}

/** Values under the mask are those expected, which has no bits outside of it. */
function isEqualUnderMask(actual: Bytes, expected: Bytes, mask: Bytes): boolean {
  return actual.every((octet, index) => (octet & mask[index]!) === expected[index])
}
