import {
  authorityFault,
  dateFault,
  isoTime,
  nameFault,
  pckChainNames,
  rootFault,
  signatureFault,
} from './chain.ts'
import type { Material } from './material.ts'

/** Step 2: the platform's certificate leads to the pinned root. */
export async function checkPckChain({
  checks,
  pckChain,
  root,
  nowMs,
  crypto,
  verdicts,
}: Material): Promise<void> {
  if (!pckChain) return
  checks.judge('pck-chain-names', nameFault(pckChain, pckChainNames) ?? authorityFault(pckChain), {
    names: pckChain.map(({ commonName }) => commonName),
  })
  checks.judge('pck-chain-root', rootFault(pckChain, root), { root: root.name })
  checks.judge('pck-chain-dates', dateFault(pckChain, nowMs), {
    now: isoTime(nowMs),
    notAfter: pckChain.map(({ notAfterMs }) => isoTime(notAfterMs)),
  })
  checks.judge('pck-chain-signatures', await signatureFault(pckChain, crypto, verdicts))
}
