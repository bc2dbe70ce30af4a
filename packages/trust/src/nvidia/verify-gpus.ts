import { sameBytes, toHex } from '@cocoon/wire'
import { type NamedCheck, NamedChecks } from '../verify/named-checks.ts'
import { type QuoteReport, verdictOf } from '../verify/report.ts'
import { gpuEvidenceDigest, gpuNonce } from './binding.ts'
import type { GpuEvidence } from './evidence.ts'
import type { GpuReport } from './gpu-report.ts'
import { nvidiaLimits } from './limits.ts'
import { referenceIdsOf } from './reference-ids.ts'
import { verifyGpu } from './verify-gpu.ts'
import type { VerifyGpuOptions } from './verify-gpu.ts'

export interface VerifyGpusOptions extends Omit<VerifyGpuOptions, 'nonce' | 'references'> {
  /** What the nonce has to be made from: the keys of the machine, which its CPU quote commits to too. */
  readonly nonceParts: readonly Uint8Array[]
  /** The digest that the CPU quote's report data commits to, 32 bytes. */
  readonly committedDigest: Uint8Array
  /** Reference documents by their ids. */
  readonly references?: ReadonlyMap<string, Uint8Array>
}

/** What verification of all GPUs of a machine found. */
export interface GpusReport extends Pick<QuoteReport, 'verdict' | 'kind' | 'reason' | 'expiresAt'> {
  readonly checks: readonly NamedCheck[]
  readonly devices: readonly GpuReport[]
}

const checkNames = ['devices-present', 'devices-distinct', 'bound-to-quote', 'devices'] as const

/**
 * Verifies the GPUs of one machine, and that they are of the machine whose CPU quote commits to this evidence and
 * to the keys behind its nonce. Each device has to be accepted, and none may be shown twice. Rejects as `verifyGpu` does.
 *
 * The binding is as good as the quote: the caller has to have verified it, and that its report data commits to
 * `committedDigest` and to `nonceParts`.
 */
export async function verifyGpus(
  devices: readonly GpuEvidence[],
  options: VerifyGpusOptions,
): Promise<GpusReport> {
  const checks = new NamedChecks(checkNames)
  const count = devices.length
  const isCount = count > 0 && count <= nvidiaLimits.maxDevices
  checks.judge('devices-present', isCount ? undefined : `Evidence of ${count} devices cannot be.`, { count })
  const digest = gpuEvidenceDigest(devices.slice(0, nvidiaLimits.maxDevices))
  checks.judge(
    'bound-to-quote',
    sameBytes(digest, options.committedDigest)
      ? undefined
      : 'The quote was made for other evidence: these GPUs need not sit in its machine.',
    { due: toHex(options.committedDigest.subarray(0, 64)), found: toHex(digest) },
  )
  const reports = isCount ? await Promise.all(devices.map(device => verifyOne(device, options))) : []
  const ids = reports.map(({ device }) => device?.deviceId ?? '')
  const twice = ids.find((id, index) => ids.indexOf(id) < index)
  checks.judge('devices-distinct', twice === undefined ? undefined : `Device ${twice} is shown twice.`)
  const refused = reports.filter(({ verdict }) => verdict !== 'accept')
  const worst = refused.find(({ kind }) => kind === 'invalid') ?? refused[0]
  const why = `Device ${worst?.device?.deviceId ?? 'that cannot be read'}: ${worst?.reason ?? ''}`
  if (worst?.kind === 'policy') checks.refuse('devices', why)
  else checks.judge('devices', worst ? why : undefined)

  const list = checks.list()
  const [expiresAt] = reports.flatMap(({ expiresAt }) => expiresAt ?? []).sort()
  return { ...verdictOf(list), expiresAt: expiresAt ?? null, checks: list, devices: reports }
}

/** The report names its reference documents, so they can be looked up once it has been read. */
async function verifyOne(device: GpuEvidence, options: VerifyGpusOptions): Promise<GpuReport> {
  const { references = new Map<string, Uint8Array>(), nonceParts, committedDigest: _, ...rest } = options
  const ids = referenceIdsOf(device)
  const supplied = (id: string | undefined): { id: string; document: Uint8Array } | undefined => {
    const document = id === undefined ? undefined : references.get(id)
    return id !== undefined && document ? { id, document } : undefined
  }
  const driver = supplied(ids.driver)
  const vbios = supplied(ids.vbios)
  return verifyGpu(device, {
    ...rest,
    nonce: gpuNonce(nonceParts),
    references: { ...(driver && { driver }), ...(vbios && { vbios }) },
  })
}
