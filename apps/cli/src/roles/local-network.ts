import {
  contractAddress,
  formatAddress,
  parsePseudoConfig,
  type RootConfig,
  writePseudoConfig,
} from '@cocoon/money'
import { fromJson, type World } from '@cocoon/wire'
import type { Backend } from '@cocoon/worker'
import type { RoleReport } from '../event.ts'
import { type Callers, startClient, type RunningClient } from './client.ts'
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
}

/** What the ports are called where a person chooses them. */
export const localPortFlags: Record<keyof LocalPorts, string> = {
  client: '--port',
  proxy: '--proxy-port',
  proxyWorkers: '--proxy-workers-port',
  proxyClients: '--proxy-clients-port',
  worker: '--worker-port',
}

export interface LocalNetworkSetup {
  readonly world: World
  readonly ports: LocalPorts
  readonly stateDirectory: string
  readonly report: RoleReport
  /** Who may call the client; all else is on loopback. */
  readonly callers: Callers
  /** Proof of work between the roles, in bits. */
  readonly difficulty: number
  /** Opens the backend that runs the model, and says how the model is called. */
  readonly openBackend: () => Promise<{ backend: Backend; model: string; backendModel?: string }>
  /** Hears how far it is, in words. */
  readonly progress: (step: string) => void
}

export interface LocalNetwork {
  readonly root: RootConfig
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

/**
 * Starts one proxy, one worker and one client in this process, which talk over TCP with proof of work and TLS.
 * Their keys and the root configuration are made for this run. Rejects with a CliError and leaves nothing open.
 */
export async function startLocalNetwork(setup: LocalNetworkSetup): Promise<LocalNetwork> {
  const { world, ports, stateDirectory, report, progress } = setup
  const reach = { policy: 'any', maxDifficulty: 28 } as const
  const root = localRoot(setup)
  const file = configurationsFor(world)
  const shared = { world, root, stateDirectory }

  await using stack = new AsyncDisposableStack()
  progress('Starting the proxy')
  const proxy = await startProxy({
    ...shared,
    runner: fromJson('proxyRunner.config', file.proxy),
    report: event => report('proxy', event),
    host,
    httpPort: ports.proxy,
    httpPortSetting: localPortFlags.proxy,
    workersPort: ports.proxyWorkers,
    clientsPort: ports.proxyClients,
    portSettings: { workers: localPortFlags.proxyWorkers, clients: localPortFlags.proxyClients },
    difficulty: setup.difficulty,
    policy: reach.policy,
    isBehindRouter: false,
  })
  stack.defer(() => proxy.close(0))

  progress('Starting the client')
  const client = await startClient({
    ...shared,
    runner: fromJson('clientRunner.config', file.client),
    report: event => report('client', event),
    httpPort: ports.client,
    httpPortSetting: localPortFlags.client,
    reach,
    callers: setup.callers,
  })
  stack.defer(() => client.close(0))

  progress('Loading the model')
  const { backend, model, backendModel } = await setup.openBackend()
  progress('Starting the worker')
  const worker = await startWorker({
    ...shared,
    // Nobody has vouched for the weights: the zeros say so.
    runner: fromJson('workerRunner.config', {
      ...file.worker,
      model_name: `${model}@local:${'0'.repeat(64)}`,
    }),
    report: event => report('worker', event),
    httpPort: ports.worker,
    httpPortSetting: localPortFlags.worker,
    reach,
    backend,
    backendModel,
  })
  stack.defer(() => worker.close(0))

  stack.move()
  return {
    root,
    model,
    client,
    proxy,
    worker,
    problems: () => [...worker.problems(), ...proxy.problems(), ...client.problems()],
    close: closeOnce(world, async leftMs => {
      // In this order the answers that are under way can still arrive.
      for (const role of [client, worker, proxy]) await role.close(leftMs())
    }),
  }
}

function localRoot({ world, ports }: LocalNetworkSetup): RootConfig {
  return parsePseudoConfig(
    writePseudoConfig({
      ownerAddress: contractAddress(0, world.random(32)),
      proxies: [
        {
          seqno: 1,
          workerEndpoint: { host, port: ports.proxyWorkers },
          clientEndpoint: { host, port: ports.proxyClients },
        },
      ],
    }),
  )
}

/** Configuration files of the three roles as JSON, with fresh keys and owners. */
function configurationsFor(world: World) {
  const key = (): string => Buffer.from(world.random(32)).toString('base64')
  const address = (): string => formatAddress(contractAddress(0, world.random(32)))
  const rootAddress = address()
  const common = () => ({
    is_test: true,
    owner_address: address(),
    root_contract_address: rootAddress,
    node_wallet_key: key(),
  })
  return {
    proxy: { ...common(), machine_specific_private_key: key() },
    client: { ...common(), proxy_connections: 1 },
    worker: { ...common(), proxy_connections: 1, coefficient: 1000, max_active_requests: 8 },
  }
}
