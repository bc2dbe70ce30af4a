import { sameBytes, type World } from '@cocoon/wire'
import type { Bytes } from '../bytes.ts'
import { type CollateralKey, collateralKeyOf } from '../collateral/collateral-key.ts'
import type { Collateral } from '../collateral/collateral.ts'
import type { CryptoBackend } from '../crypto/backend.ts'
import { TrustError } from '../error.ts'
import { reportData } from '../evidence.ts'
import { judgeQuote } from '../policy/judge-quote.ts'
import type { QuotePolicy } from '../policy/quote-policy.ts'
import { parseQuote } from '../quote/parse-quote.ts'
import { readChain } from '../verify/chain.ts'
import type { QuoteReport } from '../verify/report.ts'
import { intelRoot, type TrustedRoot } from '../verify/trusted-root.ts'
import { verifyQuote } from '../verify/verify-quote.ts'
import { decodeStaple } from './staple.ts'

/** What a peer shows of its machine. */
export interface PeerEvidence {
  readonly publicKey: Bytes
  readonly quote: Bytes
  readonly staple?: Bytes | undefined
}

export interface ExamineOptions {
  readonly world: Pick<World, 'after'>
  readonly policy: QuotePolicy
  readonly crypto: CryptoBackend
  /** Counts beside Intel's where quotes lead to it. What it vouches for is refused unless the policy allows it. */
  readonly simulatedRoot?: TrustedRoot | undefined
  /** Collateral of one's own, which goes before what peers staple. Rejects where there is none. */
  readonly collateral?: ((key: CollateralKey) => Promise<Collateral>) | undefined
}

/** How long a service is waited for where the peer has brought collateral along: handshakes have a deadline. */
const patienceMs = 2000

/** What was found, and the collateral that it was found with. */
export interface Examination {
  readonly report: QuoteReport
  readonly collateral: Collateral
  /** Why there is no collateral of one's own, where there should be. */
  readonly cause?: unknown
}

/** Verifies a peer's quote, for its key and under a policy. Rejects with `evidence-invalid` if the staple is unreadable. */
export async function examine(
  evidence: PeerEvidence,
  options: ExamineOptions,
  nowMs: number,
): Promise<Examination> {
  const { publicKey, quote, staple } = evidence
  return examineQuote({ quote, staple, reportData: await reportData(publicKey) }, options, nowMs)
}

/** A quote, and what it has to have been made for. */
export interface BoundQuote extends Pick<PeerEvidence, 'quote' | 'staple'> {
  /** 64 bytes. */
  readonly reportData: Bytes
}

/** Verifies a quote that was made for these report data, as `examine` does. */
export async function examineQuote(
  evidence: BoundQuote,
  options: ExamineOptions,
  nowMs: number,
): Promise<Examination> {
  const { quote, reportData: due } = evidence
  const { policy, crypto } = options
  const root = rootOf(quote, options.simulatedRoot)
  const { collateral, cause } = await collateralFor(evidence, root, options)
  const verified = await verifyQuote(quote, collateral, { nowMs, root, crypto, ignoreTrailing: true })
  return { report: judgeQuote(verified, policy, { reportData: due }), collateral, cause }
}

/** Collateral of one's own for this quote; undefined where there is no source of it, or nothing to ask it for. */
export async function ownCollateral(
  quote: Bytes,
  { simulatedRoot, collateral }: ExamineOptions,
): Promise<Collateral | undefined> {
  // The maker of simulated machines runs no service.
  if (!collateral || rootOf(quote, simulatedRoot).simulated) return undefined
  return collateral(collateralKeyOf(quote))
}

async function collateralFor(
  { quote, staple }: BoundQuote,
  root: TrustedRoot,
  options: ExamineOptions,
): Promise<{ collateral: Collateral; cause?: unknown }> {
  // What a peer staples may hold still and be older than what everybody else knows.
  try {
    const asked = ownCollateral(quote, options)
    const own = await (staple ? withinPatience(asked, options.world) : asked)
    if (own) return { collateral: own }
  } catch (cause) {
    return { collateral: staple ? decodeStaple(staple) : {}, cause }
  }
  return { collateral: staple ? decodeStaple(staple) : {} }
}

function withinPatience<Value>(asked: Promise<Value>, world: Pick<World, 'after'>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = world.after(patienceMs, () =>
      reject(new TrustError('fetch-failed', 'The collateral service takes too long to answer.')),
    )
    asked.then(resolve, reject).finally(() => timer.cancel())
  })
}

/** Intel's, unless the quote itself leads to the simulated one. Whether that is so is verified with all the rest. */
function rootOf(quote: Bytes, simulatedRoot: TrustedRoot | undefined): TrustedRoot {
  if (!simulatedRoot) return intelRoot
  try {
    const { pckChain } = parseQuote(quote, { ignoreTrailing: true })
    const publicKey = readChain(pckChain, 3)[2]?.publicKey
    return publicKey && sameBytes(publicKey.point, simulatedRoot.publicKey) ? simulatedRoot : intelRoot
  } catch {
    // The verifier says what is wrong with it.
    return intelRoot
  }
}
