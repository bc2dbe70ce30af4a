import {
  anyPolicy,
  type CollateralKey,
  type Collateral,
  type CreateCertificateOptions,
  defaultPolicy,
  type Evidence,
  EvidencePolicy,
  fakeTdxEvidence,
  fakeTdxPolicy,
  peerCheck,
  type PeerPolicy,
  quoteMaker,
  reportData,
  rotatingIdentity,
  type RotatingIdentity,
  TrustError,
} from '@cocoon/trust'
import { configfsTsm, configfsTsmDirectory, nodeCrypto } from '@cocoon/trust/node'
import type { IdentityVerifierOptions } from '@cocoon/trust/seal'
import { simulatedQuotes, type SimulatedTee } from '@cocoon/trust/simulate'
import type { World } from '@cocoon/wire'
import type { PeerCheck } from '@cocoon/wire/node'
import { collateralSource } from '../attest/collateral-source.ts'
import { readPolicyFile } from '../attest/files.ts'
import { openLocalTee } from '../attest/local-tee.ts'
import { CliError } from '../error.ts'
import type { Report } from '../event.ts'
import type { RoleName } from './role.ts'

/** What a role shows of its machine. */
export interface EvidenceChoice {
  readonly kind: 'tsm' | 'simulated' | 'fake_tdx' | 'none'
  /** Of `tsm`, genuine quotes by way of the kernel: where it has its reports. */
  readonly directory?: string | undefined
}

/** What it is worth that a peer was accepted, at the least. `router`: somebody else has judged it. */
export type Protection = 'attested' | 'simulated' | 'none' | 'router'

/** How a role proves what it is, and what it asks of its peers. Fixed for the life of the role. */
export interface Attestation extends Disposable {
  /** What is asked of peers, and what is shown to them, in a word or two for people. */
  readonly asked: string
  readonly shown: string
  readonly protection: Protection
  /** No sealed hardware is behind this role, or behind those that it relies on. */
  readonly isSimulated: boolean
  /** Judges whom this role dials. */
  readonly checkServer: PeerCheck
  /** Judge who dials this role. */
  readonly checkWorker: PeerCheck
  readonly checkClient: PeerCheck
  /** A certificate that renews itself. Rejects with a CliError where its evidence cannot be had. */
  identity(report: Report): Promise<RotatingIdentity>
  /** A quote of this machine over 64 bytes, with its collateral; absent where none proves anything. */
  readonly quote: ((reportData: Uint8Array) => Promise<Evidence>) | undefined
  /** What machines are asked for that queries are sealed to; absent where nothing is asked of them. */
  readonly machines: MachineRules | undefined
}

/** By which identities of workers are judged. */
export interface MachineRules extends Pick<
  IdentityVerifierOptions,
  'policy' | 'crypto' | 'collateral' | 'simulatedRoot'
> {
  readonly world: World
}

export interface AttestationOptions {
  readonly world: World
  readonly role: RoleName
  readonly report: Report
  readonly stateDirectory: string
  /** `any`, `fake_tdx`, `tdx`, or the path of a policy. */
  readonly policy: string
  /** What a proxy asks of clients. */
  readonly clientsPolicy?: string | undefined
  readonly evidence: EvidenceChoice
  /** As `CollateralSourceOptions` has it. */
  readonly collateral?: string | undefined
}

/** Reads policies and makes the simulated TEE where it is needed. Rejects with a CliError. */
export async function openAttestation(options: AttestationOptions): Promise<Attestation> {
  const { world, role, report, stateDirectory, policy, clientsPolicy = 'any', evidence } = options
  const collateral = collateralSource({
    world,
    from: options.collateral,
    onFailure: why => report({ event: 'collateral-not-fetched', why }),
  })
  let tee: Promise<SimulatedTee> | undefined
  const localTee = (): Promise<SimulatedTee> => (tee ??= openLocalTee(world, stateDirectory))
  const open = async (name: string): Promise<PeerPolicy> => openPolicy(name, { world, collateral, localTee })
  const [ofPeers, ofClients] = [await open(policy), await open(clientsPolicy)]
  const means = { world, collateral, localTee }
  return attestationOf({
    world,
    role,
    ofPeers,
    ofClients,
    evidence,
    quote: await quotesOf(evidence, { ...means, report }),
    machines: await machinesOf(policy, means),
  })
}

/** A whole network in one process: the simulated TEE on every side, accepted on every side, and nothing fetched. */
export async function openLocalAttestation(world: World, stateDirectory: string): Promise<Attestation> {
  const tee = await openLocalTee(world, stateDirectory)
  const policy = { ...defaultPolicy, allowSimulated: true }
  const peers = (): PeerPolicy =>
    evidencePolicy('tdx', { world, policy, crypto: nodeCrypto, simulatedRoot: tee.root })
  return attestationOf({
    world,
    role: 'proxy',
    ofPeers: peers(),
    ofClients: peers(),
    evidence: { kind: 'simulated' },
    quote: simulatedQuotes(tee, world),
    machines: { world, policy, crypto: nodeCrypto, simulatedRoot: tee.root },
  })
}

/** Where a router of the reference shows evidence and judges that of peers. */
export function routerAttestation(world: World, isTest: boolean): Attestation {
  const everybody = anyPolicy()
  return {
    ...attestationOf({
      world,
      role: 'client',
      ofPeers: everybody,
      ofClients: everybody,
      evidence: { kind: 'none' },
    }),
    asked: 'by the router',
    shown: 'by the router',
    protection: 'router',
    isSimulated: isTest,
  }
}

/** Judges the certificates of peers that are `role` in the connection. */
export function checkPeersAs(
  role: 'server' | 'client',
  policy: PeerPolicy | 'any',
  world: World,
): ReturnType<typeof peerCheck> {
  return peerCheck(policy === 'any' ? anyPolicy() : policy, world, role)
}

/** A certificate with the stand-in for evidence, which peers of policy `any` ignore. */
export function ownIdentity(world: World, report: Report): Promise<RotatingIdentity> {
  return identityWith(fakeTdxEvidence, world, report)
}

function identityWith(evidence: EvidenceFunction, world: World, report: Report): Promise<RotatingIdentity> {
  return rotatingIdentity({
    world,
    ...(evidence !== undefined && { evidence }),
    onFailure: (cause, expiresAtMs) =>
      report({
        event: 'certificate-not-renewed',
        expires: new Date(expiresAtMs).toISOString(),
        why: cause instanceof Error ? cause.message : String(cause),
      }),
  })
}

type EvidenceFunction = CreateCertificateOptions['evidence']

interface Parts {
  readonly world: World
  readonly role: RoleName
  readonly ofPeers: PeerPolicy
  readonly ofClients: PeerPolicy
  readonly evidence: EvidenceChoice
  readonly quote?: Attestation['quote']
  readonly machines?: MachineRules | undefined
}

function attestationOf({ world, role, ofPeers, ofClients, evidence, quote, machines }: Parts): Attestation {
  const protection = protectionOf(ofPeers)
  // A client is no machine of the network: it is as good as what it asks of proxies.
  const isSealed = role === 'client' || evidence.kind === 'tsm'
  return {
    asked: ofPeers.name,
    shown: evidence.kind,
    protection,
    isSimulated: protection !== 'attested' || !isSealed,
    checkServer: checkPeersAs('server', ofPeers, world),
    checkWorker: checkPeersAs('client', ofPeers, world),
    checkClient: checkPeersAs('client', ofClients, world),
    identity: report => identityWith(evidenceFor(evidence, quote), world, report).catch(unavailable),
    quote,
    machines,
    [Symbol.dispose]: () => {
      for (const policy of [ofPeers, ofClients]) {
        if (policy instanceof EvidencePolicy) policy[Symbol.dispose]()
      }
    },
  }
}

/** A policy that takes simulated evidence is worth no more than that, whatever the peer shows. */
function protectionOf(policy: PeerPolicy): Protection {
  if (policy instanceof EvidencePolicy) return policy.allowsSimulated ? 'simulated' : 'attested'
  return policy.name === 'any' ? 'none' : 'simulated'
}

interface Means {
  readonly world: World
  readonly collateral: ((key: CollateralKey) => Promise<Collateral>) | undefined
  readonly localTee: () => Promise<SimulatedTee>
}

async function openPolicy(name: string, means: Means): Promise<PeerPolicy> {
  if (name === 'any') return anyPolicy()
  if (name === 'fake_tdx') return fakeTdxPolicy()
  const rules = await rulesOf(name, means)
  return evidencePolicy(name, rules)
}

function evidencePolicy(name: string, rules: MachineRules): EvidencePolicy {
  return new EvidencePolicy({ ...rules, name: rules.policy.allowSimulated ? `${name}, simulated too` : name })
}

/** What machines are asked for, by the same policy as peers: nothing where that asks for nothing. */
async function machinesOf(name: string, means: Means): Promise<MachineRules | undefined> {
  return name === 'any' || name === 'fake_tdx' ? undefined : rulesOf(name, means)
}

async function rulesOf(name: string, { world, collateral, localTee }: Means): Promise<MachineRules> {
  const policy = name === 'tdx' ? defaultPolicy : await readPolicyFile(name)
  // A production policy does not even know of the simulated root.
  const tee = policy.allowSimulated ? await localTee() : undefined
  return { world, policy, crypto: nodeCrypto, collateral, simulatedRoot: tee?.root }
}

async function quotesOf(
  evidence: EvidenceChoice,
  { world, report, collateral, localTee }: Means & { report: Report },
): Promise<Attestation['quote']> {
  if (evidence.kind === 'none' || evidence.kind === 'fake_tdx') return undefined
  if (evidence.kind === 'simulated') return simulatedQuotes(await localTee(), world)
  const { directory = configfsTsmDirectory } = evidence
  return quoteMaker({
    producer: configfsTsm({ world, directory }),
    ...(collateral && { collateral }),
    onFailure: cause => {
      const why = cause instanceof Error ? cause.message : String(cause)
      report({ event: 'collateral-not-fetched', why })
    },
  })
}

/** What a certificate carries: a quote over its key, or what stands for one. */
function evidenceFor({ kind }: EvidenceChoice, quote: Attestation['quote']): EvidenceFunction {
  if (kind === 'fake_tdx') return fakeTdxEvidence
  return quote && (async publicKey => quote(await reportData(publicKey)))
}

function unavailable(cause: unknown): never {
  if (!(cause instanceof TrustError)) throw cause
  throw new CliError('config', cause.message, {
    cause,
    advice: 'Run this role in a TDX guest, or choose what it shows with --evidence.',
  })
}
