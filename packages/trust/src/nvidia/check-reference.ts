import { type Anchor, checkChain, earliestEndMs } from './chain.ts'
import { checkRevocation } from './check-revocation.ts'
import type { Architecture } from './device.ts'
import type { GpuPolicy } from './gpu-policy.ts'
import type { GpuCheckName } from './gpu-report.ts'
import type { NamedChecks } from '../verify/named-checks.ts'
import { isReferenceSigned, parseReference } from './reference.ts'
import type { ReferenceDocument } from './reference.ts'
import type { RevocationRules } from './revocation.ts'
import type { RevocationAnswer } from './revocation-answer.ts'

/** A reference document as it was fetched or read. */
export interface SuppliedReference {
  /** The id that it was asked for by, or is filed under; absent where nothing says it. */
  readonly id?: string
  readonly document: Uint8Array
}

/** Which document a device needs. */
export interface NeededReference {
  readonly source: 'driver' | 'vbios'
  readonly architecture: Architecture | undefined
  readonly version: string | undefined
  readonly id: string | undefined
}

export interface ReferenceRules extends RevocationRules {
  readonly anchors: readonly Anchor[]
  readonly policy: GpuPolicy
  readonly answers: readonly RevocationAnswer[]
}

export interface CheckedReference {
  readonly document: ReferenceDocument
  /** When the first of the proofs behind it ends. */
  readonly untilMs: number
}

/** Checks a reference document: that it is there, is what its signer signed, and belongs to the device. */
export async function checkReference(
  checks: NamedChecks<GpuCheckName>,
  needed: NeededReference,
  supplied: SuppliedReference | undefined,
  rules: ReferenceRules,
): Promise<CheckedReference | undefined> {
  const { source } = needed
  if (!supplied) {
    const why = `The reference document ${needed.id ?? `of its ${source}`} is missing.`
    if (rules.policy.references === 'required') {
      checks.refuse(`${source}-reference-present`, `${why} Fetch it, or allow to do without by policy.`)
    } else checks.skip(`${source}-reference-present`, why)
    skipReference(checks, source, 'There is no document.', true)
    return undefined
  }
  checks.pass(`${source}-reference-present`)
  const document = checks.attempt(`${source}-reference-format`, () => parseReference(supplied.document))
  if (!document) return undefined
  const isSigned = await isReferenceSigned(document, rules.crypto)
  checks.judge(
    `${source}-reference-signature`,
    isSigned ? undefined : 'The document is not as it was signed, or signed by another key.',
  )
  await checkChain(checks, `${source}-reference`, document.chain, rules)
  checks.judge(`${source}-reference-id`, idFault(needed, supplied.id, document), {
    needed: needed.id ?? 'unknown',
    version: document.version,
    product: document.product,
    ...(supplied.id !== undefined && { id: supplied.id }),
  })
  const { policy, answers } = rules
  const untilMs = await checkRevocation(
    checks,
    `${source}-reference-revocation`,
    document.chain,
    answers,
    policy,
    rules,
  )
  return { document, untilMs: Math.min(untilMs, earliestEndMs(document.chain)) }
}

/** Passes over the checks of a document that the device has none of, or that is not there. */
export function skipReference(
  checks: NamedChecks<GpuCheckName>,
  source: 'driver' | 'vbios',
  why: string,
  isNeeded = false,
): void {
  if (!isNeeded) checks.skip(`${source}-reference-present`, why)
  checks.skip(`${source}-reference-format`, why)
  checks.skip(`${source}-reference-signature`, why)
  for (const check of ['issuers', 'root', 'signatures', 'dates'] as const) {
    checks.skip(`${source}-reference-chain-${check}`, why)
  }
  checks.skip(`${source}-reference-id`, why)
  checks.skip(`${source}-reference-revocation`, why)
}

/** The id is no part of the document; its version is, and so is the product. */
function idFault(
  { source, id, version, architecture }: NeededReference,
  suppliedId: string | undefined,
  document: ReferenceDocument,
): string | undefined {
  if (id === undefined || version === undefined) return `The report does not say which ${source} runs.`
  if (document.version.toUpperCase() !== version.toUpperCase()) {
    return `The document is for version ${document.version}, and ${version} runs.`
  }
  if (architecture === 'HOPPER' && document.product !== 'GH100') {
    return `The document is for ${document.product}, and the device is a GH100.`
  }
  return suppliedId !== undefined && suppliedId !== id
    ? `The document is ${suppliedId}, and ${id} belongs to the device.`
    : undefined
}
