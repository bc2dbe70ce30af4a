import { existsSync } from 'node:fs'
import { configfsTsmDirectory } from '@cocoon/trust/node'
import type { AttestationFlags } from '../attest/flags.ts'
import { type Context, stateDirectoryOf } from '../context.ts'
import type { Report } from '../event.ts'
import {
  type Attestation,
  type EvidenceChoice,
  openAttestation,
  routerAttestation,
} from '../roles/attestation.ts'
import type { RoleName } from '../roles/role.ts'

export interface RoleAttestationOptions {
  readonly context: Pick<Context, 'environment' | 'world'>
  readonly role: RoleName
  readonly flags: AttestationFlags & { state?: string; router?: true }
  /** Networks that are there to be tried out ask for nothing unless told to. */
  readonly isTest: boolean
  readonly report: Report
}

/** What the flags of a role say about evidence, with the defaults where they say nothing. Rejects with a CliError. */
export function roleAttestation(options: RoleAttestationOptions): Promise<Attestation> {
  const { context, role, flags, isTest, report } = options
  const { environment, world } = context
  if (flags.router) return Promise.resolve(routerAttestation(world, isTest))
  return openAttestation({
    world,
    role,
    report,
    stateDirectory: stateDirectoryOf(environment, flags.state),
    policy: flags.policy ?? (isTest ? 'any' : 'tdx'),
    clientsPolicy: flags.clientsPolicy,
    evidence: flags.evidence ?? defaultEvidence(role, isTest),
    collateral: flags.collateral,
  })
}

function defaultEvidence(role: RoleName, isTest: boolean): EvidenceChoice {
  if (isTest) return { kind: 'fake_tdx' }
  // Nobody asks a client what it runs on. Others fail where there is no TEE, rather than run without one.
  return { kind: role === 'client' && !existsSync(configfsTsmDirectory) ? 'none' : 'tsm' }
}
