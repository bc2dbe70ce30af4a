import {
  type Channels,
  ChannelsWithoutChain,
  type ContractAddress,
  createPaymentKey,
  nodeWalletAddress,
  type RootConfig,
  type Tally,
  type WorkerPolicy,
  workerPolicy,
  WorkerSettlement,
} from '@cocoon/money'
import type { WorkerRunnerConfig } from '@cocoon/wire'
import { type Backend, probeUsage, Worker } from '@cocoon/worker'
import { configuredAddress } from '../config/address.ts'
import { openSurface } from '../http/open.ts'
import { Troubles } from '../http/troubles.ts'
import { workerFaces } from '../http/worker-surface.ts'
import { type ChainSide, openChainSide } from './chain-side.ts'
import { createDialer, type Reach } from './dialer.ts'
import { openWorkerSealing } from './sealing.ts'
import { openTally } from './tally.ts'
import { openWitness } from './witness.ts'
import { checksHashes, closeOnce, type RoleSetup, type RunningRole } from './role.ts'

export interface WorkerSetup extends RoleSetup {
  readonly runner: WorkerRunnerConfig
  readonly reach: Reach
  /** Whether it cosigns the logs of its proxies; it does if absent. */
  readonly isWitness?: boolean | undefined
  /** Owned by the role once it has started. */
  readonly backend: Backend
  /** The backend's own name for the model, where it differs. */
  readonly backendModel?: string | undefined
  /** Evidence of the machine's GPUs for a nonce, as NVIDIA's tools write it; absent where it has none. */
  readonly gpus?: ((nonce: Uint8Array) => Promise<string>) | undefined
  /** When to act on the chain, where that is not as usual. */
  readonly policies?: Partial<WorkerPolicy> | undefined
}

export interface RunningWorker extends RunningRole {
  readonly worker: Worker
}

/** Where the configuration says nothing or nonsense. */
const defaultMaxActiveRequests = 200

/** Starts a worker. Rejects with a CliError and leaves nothing open; the backend is closed in any case. */
export async function startWorker(setup: WorkerSetup): Promise<RunningWorker> {
  const { runner, world, report, backend, backendModel } = setup
  await using stack = new AsyncDisposableStack()
  let worker: Worker | undefined
  stack.defer(() => worker?.close(0) ?? backend.close())
  const troubles = new Troubles(report)
  const rootAddress = configuredAddress('root_contract_address', runner.rootContractAddress)
  const owner = configuredAddress('owner_address', runner.ownerAddress)
  const money = await openMoney(setup, { root: rootAddress, owner }, troubles, stack)
  const { wallet, onChain } = money

  const dialer = stack.use(await createDialer(world, setup.reach, report))
  const { attestation } = setup.reach
  const sealing = await openWorkerSealing(
    {
      world,
      attestation,
      network: setup.network,
      model: runner.modelName,
      report: troubles.report,
      gpus: setup.gpus,
    },
    stack,
  )
  const running = (worker = new Worker({
    world,
    config: money.config,
    root: rootAddress,
    owner,
    channels: money.channels,
    isTestnet: runner.isTestnet,
    model: runner.modelName,
    ...(backendModel !== undefined && { backendModel }),
    coefficient: runner.coefficient,
    maxActiveRequests: runner.maxActiveRequests > 0 ? runner.maxActiveRequests : defaultMaxActiveRequests,
    proxyConnections: runner.proxyConnections,
    checkProxyHashes: checksHashes(runner.checkProxyHashes, runner.isTest),
    backend,
    sealing,
    witness: await openWitness(setup, 'worker'),
    tally: onChain?.tally,
    findUsageSource: probeUsage,
    dial: dialer.dial,
    log: troubles.report,
  }))
  const backendName = backend.name
  const faces = stack.use(
    workerFaces({ worker: running, setup, wallet, rootAddress, backendName, dialer, troubles, onChain }),
  )
  const surface = stack.use(await openSurface(faces, setup, runner.httpAccessHash))
  if (onChain !== undefined) {
    stack.defer(onChain.chainSide.registry.onVersion(config => running.setConfig(config)))
  }
  running.start()

  const closing = stack.move()
  return {
    name: 'worker',
    worker: running,
    addresses: surface ? { http: surface.address } : {},
    problems: () => faces.problems(),
    close: closeOnce(world, async leftMs => {
      await running.close(leftMs())
      await closing.disposeAsync()
    }),
  }
}

/** What a worker earns with. */
interface Money {
  readonly wallet: ContractAddress
  readonly config: RootConfig
  readonly channels: Channels
  readonly onChain:
    | { readonly chainSide: ChainSide; readonly settlement: WorkerSettlement; readonly tally: Tally }
    | undefined
}

async function openMoney(
  setup: WorkerSetup,
  { root, owner }: { root: ContractAddress; owner: ContractAddress },
  troubles: Troubles,
  stack: AsyncDisposableStack,
): Promise<Money> {
  const { runner, world, network } = setup
  if (network.chain === undefined) {
    const wallet = nodeWalletAddress({ publicKey: createPaymentKey(runner.nodeWalletKey).publicKey, owner })
    const channels = new ChannelsWithoutChain('worker-payout')
    return { wallet, config: network.root, channels, onChain: undefined }
  }
  const { nodeWalletKey: walletKey, isTest } = runner
  const chainSide = stack.use(
    await openChainSide({ world, setup: network.chain, walletKey, owner, root, isTest }),
  )
  const { wallet, registry } = chainSide
  const { chain, store, interval } = network.chain
  const settlement = stack.use(
    new WorkerSettlement({
      world,
      chain,
      store,
      wallet,
      owner,
      config: () => registry.view.config ?? chainSide.config,
      policy: { ...workerPolicy, ...setup.policies },
      interval,
      report: troubles.report,
    }),
  )
  const tally = stack.use(await openTally(network.chain, world, troubles.report))
  settlement.start()
  return {
    wallet: wallet.address,
    config: chainSide.config,
    channels: settlement,
    onChain: { chainSide, settlement, tally },
  }
}
