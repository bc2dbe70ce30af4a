import type { Bytes } from '../bytes.ts'
import type { Dated } from '../collateral/tcb-info.ts'
import {
  authorityFault,
  type Chain,
  dateFault,
  isoTime,
  nameFault,
  rootFault,
  signatureFault,
  signingChainNames,
} from './chain.ts'
import type { Material } from './material.ts'
import { periodFault } from './revocation.ts'

/** Step 4: TCB info and QE identity are signed, byte for byte, under the pinned root, and in date. */
export async function checkSignedCollateral(material: Material): Promise<void> {
  const { collateral, tcbInfo, tcbInfoChain, qeIdentity, qeIdentityChain } = material
  const { tcbInfoIssuerChain, qeIdentityIssuerChain } = collateral
  checkDates(material, 'tcb-info', tcbInfo)
  checkDates(material, 'qe-identity', qeIdentity)
  const tcbFault = tcbInfoChain && chainFault(material, tcbInfoChain)
  // Services hand out the same chain for both.
  const isSame = tcbInfoIssuerChain === qeIdentityIssuerChain
  const qeFault = isSame ? tcbFault : qeIdentityChain && chainFault(material, qeIdentityChain)
  await Promise.all([
    checkSigned(material, 'tcb-info', tcbInfoChain, tcbFault, [
      collateral.tcbInfo,
      collateral.tcbInfoSignature,
    ]),
    checkSigned(material, 'qe-identity', qeIdentityChain, qeFault, [
      collateral.qeIdentity,
      collateral.qeIdentitySignature,
    ]),
  ])
}

type Item = 'tcb-info' | 'qe-identity'

function checkDates({ checks, nowMs }: Material, item: Item, dated: Dated | undefined): void {
  if (!dated) return
  checks.judge(`${item}-dates`, periodFault(dated.issueDateMs, dated.nextUpdateMs, nowMs), {
    now: isoTime(nowMs),
    issueDate: isoTime(dated.issueDateMs),
    nextUpdate: isoTime(dated.nextUpdateMs),
  })
}

async function chainFault(
  { root, nowMs, crypto, verdicts }: Material,
  chain: Chain,
): Promise<string | undefined> {
  return (
    nameFault(chain, signingChainNames) ??
    authorityFault(chain) ??
    rootFault(chain, root) ??
    dateFault(chain, nowMs) ??
    signatureFault(chain, crypto, verdicts)
  )
}

async function checkSigned(
  { checks, crypto }: Material,
  item: Item,
  chain: Chain | undefined,
  fault: Promise<string | undefined> | undefined,
  [text, signature]: readonly [text: string | undefined, signature: Bytes | undefined],
): Promise<void> {
  if (!chain || !fault) return
  checks.judge(`${item}-issuer-chain`, await fault, { names: chain.map(({ commonName }) => commonName) })
  if (text === undefined || !signature) return checks.fail(`${item}-signature`, 'There is no signature.')
  const { curve, point } = chain[0]!.publicKey
  const message = new TextEncoder().encode(text)
  const isSigned = await crypto.verify({ curve, publicKey: point, signature, message })
  checks.judge(
    `${item}-signature`,
    isSigned ? undefined : 'It is not signed by the certificate that came with it, or was changed.',
  )
}
