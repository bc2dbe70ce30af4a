import type { Collateral } from '../collateral/collateral.ts'
import type { CryptoBackend } from '../crypto/backend.ts'
import { portableCrypto } from '../crypto/portable.ts'
import { checkPlatformMatch, checkQeReport, checkQuotingEnclave, checkTdxModule } from './binding.ts'
import { Checks } from './checks.ts'
import { isoTime } from './chain.ts'
import { readMaterial } from './material.ts'
import { checkPckChain } from './pck-chain.ts'
import { type QuoteReport, verdictOf } from './report.ts'
import { checkRevocation } from './revocation.ts'
import { describeMaterial } from './sections.ts'
import { checkSignedCollateral } from './signed-collateral.ts'
import { checkTcb } from './tcb.ts'
import { intelRoot, type TrustedRoot } from './trusted-root.ts'

export interface VerifyQuoteOptions {
  /** The moment to verify at, milliseconds since the Unix epoch. */
  readonly nowMs: number
  /** Intel's unless told. A simulated one is told by nobody but tests and networks to try out. */
  readonly root?: TrustedRoot
  readonly crypto?: CryptoBackend
  /** Ignore what follows the quote in its buffer, which some platforms pad. */
  readonly ignoreTrailing?: boolean
}

/**
 * Verifies a quote of SGX or TDX as Intel's algorithm has it, step by step, and closes on failure: whatever is
 * missing, stale, unreadable or unverifiable makes the verdict `reject`, of kind `invalid`. All checks are carried
 * out even after one has failed, so that the report tells all of them. Never rejects.
 *
 * `accept` says that the quote is genuine; whether that is enough says a policy: see `judgeQuote`.
 */
export async function verifyQuote(
  quoteBytes: Uint8Array,
  collateral: Collateral,
  options: VerifyQuoteOptions,
): Promise<QuoteReport> {
  const { nowMs, root = intelRoot, crypto = portableCrypto, ignoreTrailing = false } = options
  const checks = new Checks()
  const material = readMaterial(checks, quoteBytes, collateral, { nowMs, root, crypto, ignoreTrailing }) // 1
  await Promise.all([
    checkPckChain(material), // 2
    checkRevocation(material), // 3
    checkSignedCollateral(material), // 4
    checkPlatformMatch(material), // 5
    checkTdxModule(material), // 6
    checkQeReport(material), // 7
    checkQuotingEnclave(material), // 8
  ])
  const tcb = checkTcb(material) // 9 to 12
  const list = checks.list()
  return {
    ...verdictOf(list),
    simulated: root.simulated,
    root: root.name,
    verifiedAt: isoTime(nowMs),
    ...(await describeMaterial(material, quoteBytes)),
    checks: list,
    tcb,
  }
}
