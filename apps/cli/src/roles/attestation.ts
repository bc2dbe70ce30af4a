import {
  anyPolicy,
  fakeTdxEvidence,
  fakeTdxPolicy,
  peerCheck,
  type PeerPolicy,
  rotatingIdentity,
  type RotatingIdentity,
} from '@cocoon/trust'
import type { World } from '@cocoon/wire'
import type { Report } from '../event.ts'
import type { PolicyName } from './role.ts'

export function policyOf(name: PolicyName): PeerPolicy {
  return name === 'any' ? anyPolicy() : fakeTdxPolicy()
}

/** Judges the certificates of peers that are `role` in the connection. */
export function checkPeersAs(
  role: 'server' | 'client',
  policy: PolicyName,
  world: World,
): ReturnType<typeof peerCheck> {
  return peerCheck(policyOf(policy), world, role)
}

/**
 * The certificate that this side shows. It carries the stand-in for evidence, which peers of policy `any` ignore
 * and which peers without a router in front of them may ask for.
 */
export function ownIdentity(world: World, report: Report): Promise<RotatingIdentity> {
  return rotatingIdentity({
    world,
    evidence: fakeTdxEvidence,
    onFailure: (cause, expiresAtMs) =>
      report({
        event: 'certificate-not-renewed',
        expires: new Date(expiresAtMs).toISOString(),
        why: cause instanceof Error ? cause.message : String(cause),
      }),
  })
}
