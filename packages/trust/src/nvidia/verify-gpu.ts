import { sameBytes, toHex } from '@cocoon/wire'
import type { CryptoBackend } from '../crypto/backend.ts'
import { portableCrypto } from '../crypto/portable.ts'
import { TrustError } from '../error.ts'
import { type Chain, isoTime } from '../verify/chain.ts'
import { verdictOf } from '../verify/report.ts'
import { nvidiaAnchors } from './anchors.ts'
import type { NvidiaAnchors } from './anchors.ts'
import { checkChain, earliestEndMs, parseVendorCertificate, requireMoment, summaryOf } from './chain.ts'
import { checkMeasurements } from './check-measurements.ts'
import {
  type CheckedReference,
  checkReference,
  type ReferenceRules,
  skipReference,
  type SuppliedReference,
} from './check-reference.ts'
import { checkRevocation } from './check-revocation.ts'
import { architectureOf, firmwareIdsOf, identityOf } from './device.ts'
import type { Architecture, DeviceIdentity } from './device.ts'
import type { GpuEvidence } from './evidence.ts'
import { defaultGpuPolicy } from './gpu-policy.ts'
import type { GpuPolicy } from './gpu-policy.ts'
import { gpuCheckNames } from './gpu-report.ts'
import type { DeviceSection, GpuCheckName, GpuReport, ReferenceSection } from './gpu-report.ts'
import { nvidiaLimits } from './limits.ts'
import { NamedChecks } from '../verify/named-checks.ts'
import { describeOpaqueData, opaqueType } from './opaque.ts'
import { parseRevocationAnswer } from './revocation-answer.ts'
import { parseAttestationReport } from './spdm.ts'
import type { AttestationReport } from './spdm.ts'

export interface VerifyGpuOptions {
  /** The moment to verify at, milliseconds since the Unix epoch. */
  readonly nowMs: number
  /** What the report had to be asked for with, 32 bytes. */
  readonly nonce: Uint8Array
  /** Reference documents of its driver and its VBIOS. */
  readonly references?: { readonly driver?: SuppliedReference; readonly vbios?: SuppliedReference }
  /** DER of OCSP answers on any of the certificates. */
  readonly revocation?: readonly Uint8Array[]
  /** The strict one unless told. */
  readonly policy?: GpuPolicy
  /** NVIDIA's unless told. */
  readonly anchors?: NvidiaAnchors
  readonly crypto?: CryptoBackend
}

const chainLength = 5

type Checks = NamedChecks<GpuCheckName>

/**
 * Verifies what one GPU or switch shows of itself against NVIDIA's roots, offline, and closes on failure: what is
 * unreadable, stale or unverifiable is invalid; what is missing, and no policy does without, is refused. All
 * checks are carried out even after one has failed. Rejects over no evidence; a time that is none is a `RangeError`.
 *
 * `accept` says that the device is genuine, runs what its vendor vouches for and answered this nonce. It does not
 * say in which machine it sits: see `checkGpuBinding`.
 */
export async function verifyGpu(evidence: GpuEvidence, options: VerifyGpuOptions): Promise<GpuReport> {
  const { nowMs, anchors = nvidiaAnchors, crypto = portableCrypto, policy = defaultGpuPolicy } = options
  requireMoment(nowMs)
  const checks: Checks = new NamedChecks(gpuCheckNames)
  const report = checks.attempt('report-format', () => parseAttestationReport(evidence.report))
  const chain = checks.attempt('device-chain-format', () => readChain(evidence))
  const architecture = chain && checkArchitecture(checks, chain, evidence.architecture)
  const identity = report && architecture ? identityOf(architecture, report.opaque) : {}
  const answers = readAnswers(checks, options.revocation ?? [])
  const rules: ReferenceRules = {
    nowMs,
    crypto,
    policy,
    answers,
    anchors: anchors.reference,
    acceptsHold: policy.acceptsHold,
  }

  let untilMs = Infinity
  if (chain) {
    await checkChain(checks, 'device', chain, { anchors: anchors.device, length: chainLength, nowMs, crypto })
    const wordUntilMs = await checkRevocation(checks, 'device-revocation', chain, answers, policy, rules)
    untilMs = Math.min(wordUntilMs, earliestEndMs(chain))
  }
  if (report) checkNonce(checks, report, options.nonce)
  if (report && chain) await checkOrigin(checks, report, chain, crypto)
  const references = await checkReferences(checks, architecture, identity, options.references ?? {}, rules)
  const measurements = report ? checkMeasurements(checks, report, documentsOf(references)) : []
  checkAllowed(checks, policy, identity, chain)

  const list = checks.list()
  const ends = [untilMs, ...Object.values(references).map(({ untilMs }) => untilMs)]
  return {
    ...verdictOf(list),
    simulated: anchors.simulated,
    root: anchors.device.map(({ name }) => name).join(' or '),
    verifiedAt: isoTime(nowMs),
    expiresAt: Number.isFinite(Math.min(...ends)) ? isoTime(Math.min(...ends)) : null,
    checks: list,
    device: report && chain ? describeDevice(report, chain, architecture, identity) : null,
    measurements,
    references: describeReferences(references),
    certificates: (chain ?? []).map(summaryOf),
  }
}

function readChain({ certificates }: GpuEvidence): Chain {
  return certificates.slice(0, nvidiaLimits.maxChainLength + 1).map(parseVendorCertificate)
}

/** An answer that cannot be read is as good as a forged one: whoever supplied it did not supply another. */
function readAnswers(
  checks: Checks,
  revocation: readonly Uint8Array[],
): ReturnType<typeof parseRevocationAnswer>[] {
  if (revocation.length > nvidiaLimits.maxRevocationAnswers) {
    checks.fail('device-revocation', `There are ${revocation.length} answers on revocation.`)
    return []
  }
  return revocation.flatMap(bytes => {
    try {
      return parseRevocationAnswer(bytes)
    } catch (error) {
      if (!(error instanceof TrustError)) throw error
      checks.fail('device-revocation', error.message)
      return []
    }
  })
}

function checkArchitecture(
  checks: Checks,
  chain: Chain,
  stated: Architecture | undefined,
): Architecture | undefined {
  const certified = architectureOf(chain)
  const isSame = stated === undefined || stated === certified
  checks.judge(
    'architecture',
    certified === undefined
      ? 'The certificates are not made out to one kind of device that is known here.'
      : isSame
        ? undefined
        : `The certificates are made out to a device of another kind than the ${stated} that is claimed.`,
    { ...(certified && { certified }), ...(stated && { stated }) },
  )
  return certified
}

function checkNonce(checks: Checks, { nonce }: AttestationReport, due: Uint8Array): void {
  checks.judge(
    'nonce',
    sameBytes(nonce, due) ? undefined : 'The report answers another question than ours.',
    {
      due: toHex(due.subarray(0, 64)),
      found: toHex(nonce),
    },
  )
}

/** That the report is of the device, and the device of the firmware that its certificate was made for. */
async function checkOrigin(
  checks: Checks,
  report: AttestationReport,
  chain: Chain,
  crypto: CryptoBackend,
): Promise<void> {
  const key = chain[0]?.publicKey
  const isSigned =
    key?.curve === 'P-384' &&
    (await crypto.verify({
      curve: 'P-384',
      publicKey: key.point,
      signature: report.signature,
      message: report.signedBytes,
    }))
  checks.judge(
    'report-signature',
    isSigned ? undefined : 'The report is not signed by the key of its device.',
  )
  checks.attempt('firmware-id', () => {
    const certified = chain[0] ? firmwareIdsOf(chain[0]) : []
    const reported = report.opaque.get(opaqueType.fwid)
    if (certified.length === 0) {
      checks.fail('firmware-id', 'The certificate does not say which firmware it was made for.')
    } else if (reported && !certified.some(firmware => sameBytes(firmware, reported))) {
      checks.fail('firmware-id', 'The report is of other firmware than the certificate.', {
        certified: certified.map(toHex),
        reported: toHex(reported.subarray(0, 64)),
      })
    }
  })
}

interface CheckedReferences {
  readonly driver?: CheckedReference
  readonly vbios?: CheckedReference
}

async function checkReferences(
  checks: Checks,
  architecture: Architecture | undefined,
  identity: DeviceIdentity,
  supplied: NonNullable<VerifyGpuOptions['references']>,
  rules: ReferenceRules,
): Promise<CheckedReferences> {
  const needed = {
    driver: { version: identity.driverVersion, id: identity.driverReference },
    vbios: { version: identity.vbiosVersion, id: identity.vbiosReference },
  }
  const found: { driver?: CheckedReference; vbios?: CheckedReference } = {}
  for (const source of ['driver', 'vbios'] as const) {
    if (source === 'driver' && architecture === 'LS10') {
      skipReference(checks, source, 'A switch has no driver of its own.')
      continue
    }
    const checked = await checkReference(
      checks,
      { source, architecture, ...needed[source] },
      supplied[source],
      rules,
    )
    if (checked) found[source] = checked
  }
  return found
}

function documentsOf({ driver, vbios }: CheckedReferences): Parameters<typeof checkMeasurements>[2] {
  return { driver: driver?.document, vbios: vbios?.document }
}

function checkAllowed(
  checks: Checks,
  policy: GpuPolicy,
  { driverVersion, vbiosVersion }: DeviceIdentity,
  chain: Chain | undefined,
): void {
  const deviceId = chain && deviceIdOf(chain)
  allow('driver-allowed', policy.driverVersions, driverVersion)
  allow('vbios-allowed', policy.vbiosVersions, vbiosVersion)
  allow('device-allowed', policy.deviceIds, deviceId)

  function allow(
    name: GpuCheckName,
    allowed: readonly string[] | undefined,
    found: string | undefined,
  ): void {
    if (!allowed) checks.skip(name, 'The policy allows every one.')
    else if (found !== undefined && allowed.includes(found)) checks.pass(name, { found })
    else checks.refuse(name, `${found ?? 'An unknown one'} is not among those that the policy allows.`)
  }
}

/** Serial number of the certificate that the device was made with, which stands above that of its firmware. */
function deviceIdOf(chain: Chain): string {
  return chain[1] ? toHex(chain[1].serial) : ''
}

function describeDevice(
  report: AttestationReport,
  chain: Chain,
  architecture: Architecture | undefined,
  identity: DeviceIdentity,
): DeviceSection {
  return {
    architecture: architecture ?? null,
    model: chain[0]?.commonName ?? '',
    deviceId: deviceIdOf(chain),
    nonce: toHex(report.nonce),
    driverVersion: identity.driverVersion ?? null,
    vbiosVersion: identity.vbiosVersion ?? null,
    driverReference: identity.driverReference ?? null,
    vbiosReference: identity.vbiosReference ?? null,
    opaque: describeOpaqueData(report.opaque),
  }
}

function describeReferences({ driver, vbios }: CheckedReferences): ReferenceSection[] {
  const found = [
    ...(driver ? [{ source: 'driver' as const, ...driver }] : []),
    ...(vbios ? [{ source: 'vbios' as const, ...vbios }] : []),
  ]
  return found.map(({ source, document: { version, product, tagId, chain } }) => ({
    source,
    version,
    product,
    tagId,
    certificates: chain.map(summaryOf),
  }))
}
