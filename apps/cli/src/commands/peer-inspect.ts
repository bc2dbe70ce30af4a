import {
  anyPolicy,
  createCertificate,
  EvidencePolicy,
  fakeTdxEvidence,
  fakeTdxPolicy,
  inspectPeer,
  type PeerPolicy,
  type PeerReport,
} from '@cocoon/trust'
import { nodeCrypto } from '@cocoon/trust/node'
import { WireError } from '@cocoon/wire'
import { dial } from '@cocoon/wire/node'
import { collateralSource } from '../attest/collateral-source.ts'
import { readPolicyFile, readRootFile } from '../attest/files.ts'
import { findLocalTee } from '../attest/local-tee.ts'
import { peerText } from '../attest/report-text.ts'
import { configuredEndpoint } from '../config/address.ts'
import { type Context, foreign, print, printJson, stateDirectoryOf, tinted } from '../context.ts'
import { reasonOf } from '../error.ts'
import type { CommonFlags } from '../flags.ts'

export interface PeerInspectFlags extends CommonFlags {
  policy: string
  collateral?: string
  root?: string
  maxDifficulty: number
  state?: string
}

/** `cocoon peer inspect`. True if a role with this policy would accept the peer. */
export async function runPeerInspect(
  context: Context,
  address: string,
  flags: PeerInspectFlags,
): Promise<boolean> {
  const { stdout, world } = context
  const endpoint = configuredEndpoint('The address', address)
  const policy = await policyOf(context, flags)
  const met = await meet(context, endpoint, flags.maxDifficulty)
  if ('trouble' in met) {
    const { step, trouble } = met
    if (flags.json) printJson(stdout, { address, verdict: 'unreachable', step, reason: trouble })
    else {
      print(stdout, `${tinted('failed', '✗ Not met:', stdout)} ${foreign(trouble, 400)}`)
      print(stdout, `  ${advices[step]}`)
    }
    return false
  }
  const report = await inspectPeer(met.certificate, { policy, nowMs: world.now(), role: 'server' })
  if (flags.json) printJson(stdout, { address, ...report })
  else print(stdout, ...peerText(address, withConnection(report), stdout))
  return report.verdict === 'accept'
}

type Step = 'connection' | 'proof-of-work' | 'tls'

const advices: Readonly<Record<Step, string>> = {
  connection: 'Check the address, and whether the peer runs.',
  'proof-of-work':
    'Allow harder proofs of work with --max-difficulty, or check that this is no HTTP or router port.',
  tls: 'Check that this is a port for workers or clients, and that the peer shows an Ed25519 certificate.',
}

/** Goes as far as the peer's certificate, which nobody has to believe yet. */
async function meet(
  { world }: Context,
  { host, port }: { host: string; port: number },
  maxDifficulty: number,
): Promise<{ certificate: Uint8Array } | { step: Step; trouble: string }> {
  let certificate: Uint8Array | undefined
  try {
    const transport = await dial({
      host,
      port,
      mode: { kind: 'direct' },
      identity: await createCertificate({ world, evidence: fakeTdxEvidence }),
      checkPeer: async der => {
        certificate = der
        return { publicKey: new Uint8Array(32), imageHash: new Uint8Array(32) }
      },
      maxDifficulty,
      world,
    })
    transport.destroy()
  } catch (error) {
    // A peer that wants to see more than it is shown leaves, having shown itself all the same.
    if (!certificate) return { step: stepOf(error), trouble: reasonOf(error) }
  }
  return certificate ? { certificate } : { step: 'tls', trouble: 'The peer shows no certificate.' }
}

function stepOf(error: unknown): Step {
  const code = error instanceof WireError ? error.code : undefined
  const message = reasonOf(error)
  if (code === 'tls' || /\bTLS phase/.test(message)) return 'tls'
  return code === 'proof-of-work' || code === 'malformed' || /proof of work phase/.test(message)
    ? 'proof-of-work'
    : 'connection'
}

/** What came before the certificate, which has to have gone well to get that far. */
function withConnection(report: PeerReport): PeerReport {
  const steps = ['connection', 'proof-of-work', 'tls'] as const
  const before = steps.map(name => ({ name, outcome: 'passed', kind: 'invalid' }) as const)
  return { ...report, checks: [...before, ...report.checks] }
}

/** As a role has it, but simulated roots that are known here are recognised under every policy, to say so. */
async function policyOf(context: Context, flags: PeerInspectFlags): Promise<PeerPolicy> {
  const { world, environment } = context
  const { policy: name, collateral: from, root } = flags
  if (name === 'any') return anyPolicy()
  if (name === 'fake_tdx') return fakeTdxPolicy()
  const policy = await readPolicyFile(name === 'tdx' ? undefined : name)
  const tee = await findLocalTee(stateDirectoryOf(environment, flags.state))
  return new EvidencePolicy({
    name,
    world,
    crypto: nodeCrypto,
    // Who names a root of their own has said that simulated evidence will do, this once.
    policy: root === undefined ? policy : { ...policy, allowSimulated: true },
    simulatedRoot: root === undefined ? tee?.root : await readRootFile(root),
    collateral: collateralSource({ world, from, onFailure: () => {} }),
  })
}
