import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  compiledCode,
  contractAddress,
  createPaymentKey,
  formatAddress,
  MoneyError,
  nodeWalletAddress,
  openSqliteStore,
} from '@cocoon/money'
import { imageHash, zeroMeasurements } from '@cocoon/trust'
import { fromJson, toHex, type World } from '@cocoon/wire'
import type { Backend } from '@cocoon/worker'
import type { RoleReport } from '../event.ts'
import { type Attestation, openLocalAttestation } from './attestation.ts'
import type { ChainSetup } from './chain-side.ts'
import { type Callers, type ProtectionChoice, startClient, type RunningClient } from './client.ts'
import { type LocalChain, localInterval, startLocalChain } from './local-chain.ts'
import { listenError } from './port.ts'
import { startProxy, type RunningProxy } from './proxy.ts'
import { closeOnce } from './role.ts'
import { startWorker, type RunningWorker } from './worker.ts'

/** The ports of a local network; 0 takes a free one where a role does not have to be dialled. */
export interface LocalPorts {
  readonly client: number
  readonly proxy: number
  readonly proxyWorkers: number
  readonly proxyClients: number
  readonly worker: number
  /** HTTP interface of the chain. */
  readonly chain: number
}

/** What the ports are called where a person chooses them. */
export const localPortFlags: Record<keyof LocalPorts, string> = {
  client: '--port',
  proxy: '--proxy-port',
  proxyWorkers: '--proxy-workers-port',
  proxyClients: '--proxy-clients-port',
  worker: '--worker-port',
  chain: '--chain-port',
}

export interface LocalNetworkSetup {
  readonly world: World
  readonly ports: LocalPorts
  readonly stateDirectory: string
  readonly report: RoleReport
  /** Who may call the client; all else is on loopback. */
  readonly callers: Callers
  readonly protection?: ProtectionChoice | undefined
  /** Proof of work between the roles, in bits. */
  readonly difficulty: number
  /** Opens the backend that runs the model, and says how the model is called. */
  readonly openBackend: () => Promise<{ backend: Backend; model: string; backendModel?: string }>
  /** Hears how far it is, in words. */
  readonly progress: (step: string) => void
}

export interface LocalNetwork {
  readonly chain: LocalChain
  /** What requests call the model. */
  readonly model: string
  readonly client: RunningClient
  readonly proxy: RunningProxy
  readonly worker: RunningWorker
  /** What keeps it from serving, in words; empty while it serves. */
  problems(): string[]
  close(graceMs: number): Promise<void>
}

const host = '127.0.0.1'
const maxDifficulty = 28
const openPollMs = 20
const openTimeoutMs = 30_000

/** Enough for the deposits of years at a local network's prices. */
const fundedNano = 50_000_000_000n

const localLogIntervalMs = 500

/** Everything is looked at often and settled at once: nothing of it costs anything. */
const localPolicies = {
  proxy: {
    chargeAtNano: 1n,
    payoutAtNano: 1n,
    anchorAtNano: 1n,
    anchorSoonestMs: 1_000,
    anchorLatestMs: 2_000,
    anchorWorthNano: 1n,
    tickMs: 300,
  },
  client: { tickMs: 300, topUpNano: 5_000_000_000n },
  worker: { tickMs: 1_000 },
} as const

/**
 * Starts a TON chain, one proxy, one worker and one client in this process. The roles talk over TCP with proof of
 * work and TLS, and pay each other on that chain. Keys and contracts are made for this run. Rejects with a CliError
 * and leaves nothing open.
 */
export async function startLocalNetwork(setup: LocalNetworkSetup): Promise<LocalNetwork> {
  const { world, progress } = setup
  await using stack = new AsyncDisposableStack()
  const ground = await prepare(setup, stack)
  const proxy = await startLocalProxy(setup, ground)
  stack.defer(() => proxy.close(0))
  progress('Deploying the proxy contract')
  await untilOpen(proxy, world)
  const client = await startLocalClient(setup, ground)
  stack.defer(() => client.close(0))
  const worker = await startLocalWorker(setup, ground)
  stack.defer(() => worker.close(0))

  const closing = stack.move()
  return {
    chain: ground.localChain,
    model: ground.loaded.model,
    client,
    proxy,
    worker,
    problems: () => [...worker.problems(), ...proxy.problems(), ...client.problems(), ...unpaid(proxy)],
    close: closeOnce(world, async leftMs => {
      // In this order the answers that are under way can still arrive.
      for (const role of [client, worker, proxy]) await role.close(leftMs())
      await closing.disposeAsync()
    }),
  }
}

/** What the roles stand on. */
interface Ground {
  readonly localChain: LocalChain
  readonly loaded: { backend: Backend; model: string; backendModel?: string }
  readonly places: Record<'client' | 'proxy' | 'worker', ChainSetup>
  readonly file: Awaited<ReturnType<typeof configurationsFor>>
  readonly attestation: Attestation
}

/** The chain is made while the model loads. */
async function prepare(setup: LocalNetworkSetup, stack: AsyncDisposableStack): Promise<Ground> {
  const { world, ports, progress } = setup
  progress('Starting the chain and loading the model')
  const starting = startLocalChain({
    world,
    port: ports.chain,
    proxy: {
      workerEndpoint: { host, port: ports.proxyWorkers },
      clientEndpoint: { host, port: ports.proxyClients },
    },
    imageHash: toHex(await imageHash(zeroMeasurements())),
  })
  const loading = setup.openBackend()
  // Who fails first tells why; the other one is closed once it has begun. A backend may be closed twice.
  stack.defer(() => starting.then(chain => chain[Symbol.asyncDispose]()).catch(() => {}))
  stack.defer(() => loading.then(({ backend }) => backend.close()).catch(() => {}))
  const attesting = openLocalAttestation(world, setup.stateDirectory)
  const [localChain, loaded, attestation] = await Promise.all([starting, loading, attesting]).catch(
    (error: unknown) => {
      if (!(error instanceof MoneyError && error.code === 'port-in-use')) throw error
      throw listenError(error.cause, host, ports.chain, localPortFlags.chain)
    },
  )
  stack.use(attestation)
  await localChain.listModel(fullModelOf(loaded.model))
  const places = await openPlaces(setup, localChain, stack)
  return { localChain, loaded, places, attestation, file: await configurationsFor(world, localChain) }
}

function startLocalProxy(
  setup: LocalNetworkSetup,
  { places, file, attestation }: Ground,
): Promise<RunningProxy> {
  const { world, stateDirectory, ports, report, progress } = setup
  progress('Starting the proxy')
  return startProxy({
    world,
    stateDirectory,
    network: { chain: places.proxy },
    policies: localPolicies.proxy,
    logIntervalMs: localLogIntervalMs,
    runner: fromJson('proxyRunner.config', file.proxy),
    report: event => report('proxy', event),
    host,
    httpPort: ports.proxy,
    httpPortSetting: localPortFlags.proxy,
    workersPort: ports.proxyWorkers,
    clientsPort: ports.proxyClients,
    portSettings: { workers: localPortFlags.proxyWorkers, clients: localPortFlags.proxyClients },
    difficulty: setup.difficulty,
    attestation,
    isBehindRouter: false,
  })
}

function startLocalClient(
  setup: LocalNetworkSetup,
  { places, file, attestation }: Ground,
): Promise<RunningClient> {
  const { world, stateDirectory, ports, report, progress, callers, protection } = setup
  progress('Starting the client')
  return startClient({
    world,
    stateDirectory,
    network: { chain: places.client },
    policies: localPolicies.client,
    runner: fromJson('clientRunner.config', file.client),
    report: event => report('client', event),
    httpPort: ports.client,
    httpPortSetting: localPortFlags.client,
    reach: { attestation, maxDifficulty },
    callers,
    protection,
  })
}

function startLocalWorker(
  setup: LocalNetworkSetup,
  { places, file, loaded, attestation }: Ground,
): Promise<RunningWorker> {
  const { world, stateDirectory, ports, report, progress } = setup
  const { backend, model, backendModel } = loaded
  progress('Starting the worker')
  return startWorker({
    world,
    stateDirectory,
    network: { chain: places.worker },
    policies: localPolicies.worker,
    runner: fromJson('workerRunner.config', {
      ...file.worker,
      model_name: fullModelOf(model),
    }),
    report: event => report('worker', event),
    httpPort: ports.worker,
    httpPortSetting: localPortFlags.worker,
    reach: { attestation, maxDifficulty },
    backend,
    backendModel,
  })
}

/** Nobody has vouched for the weights: the zeros say so. */
function fullModelOf(model: string): string {
  return `${model}@local:${'0'.repeat(64)}`
}

/** The client sees its deposit before the proxy does, which refuses requests until then. */
function unpaid({ proxy }: RunningProxy): string[] {
  const isPaid = proxy.ledger.clients().some(({ available }) => available > 0n)
  return isPaid ? [] : ['the proxy has not seen the deposit of a client']
}

/** A client that comes before that is sent away, and would come again later. */
async function untilOpen({ proxy }: RunningProxy, world: World): Promise<void> {
  const until = world.monotonic() + openTimeoutMs
  while (!proxy.isOpen() && world.monotonic() < until) {
    await new Promise<void>(resolve => world.after(openPollMs, resolve))
  }
}

/** A folder and records for each role, which go when the network does. */
async function openPlaces(
  { world, stateDirectory }: LocalNetworkSetup,
  { chain }: LocalChain,
  stack: AsyncDisposableStack,
): Promise<Record<'client' | 'proxy' | 'worker', ChainSetup>> {
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 })
  const folder = await mkdtemp(join(stateDirectory, 'up-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const place = async (role: string): Promise<ChainSetup> => {
    const directory = join(folder, role)
    await mkdir(directory)
    const store = stack.use(await openSqliteStore({ path: join(directory, 'records.sqlite'), world }))
    return { chain, store, directory, isSimulated: true, interval: localInterval }
  }
  return { proxy: await place('proxy'), client: await place('client'), worker: await place('worker') }
}

/** Configuration files of the three roles as JSON, with fresh keys and owners, and funded wallets. */
async function configurationsFor(world: World, localChain: LocalChain) {
  const common = async () => {
    const [walletKey, owner] = [world.random(32), contractAddress(0, world.random(32))]
    const { publicKey } = createPaymentKey(walletKey)
    await localChain.fund(nodeWalletAddress({ publicKey, owner, code: compiledCode('wallet') }), fundedNano)
    return {
      is_test: true,
      owner_address: formatAddress(owner),
      root_contract_address: formatAddress(localChain.root),
      node_wallet_key: Buffer.from(walletKey).toString('base64'),
    }
  }
  const proxyKey = Buffer.from(world.random(32)).toString('base64')
  return {
    proxy: { ...(await common()), machine_specific_private_key: proxyKey },
    client: { ...(await common()), proxy_connections: 1, check_proxy_hashes: true },
    worker: { ...(await common()), proxy_connections: 1, coefficient: 1000, max_active_requests: 8 },
  }
}
