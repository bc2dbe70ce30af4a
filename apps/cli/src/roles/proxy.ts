import { createPaymentKey, MemoryLedger, nodeWalletAddress } from '@cocoon/money'
import { contractsWithoutChain, Proxy } from '@cocoon/proxy'
import type { ProxyRunnerConfig, Transport, WireError } from '@cocoon/wire'
import { adaptiveDifficulty, listen, type Listener } from '@cocoon/wire/node'
import { configuredAddress } from '../config/address.ts'
import { startProxySurface } from '../http/proxy-surface.ts'
import { checkPeersAs, ownIdentity } from './attestation.ts'
import { listenError } from './port.ts'
import { checksHashes, type PolicyName, type RoleSetup, type RunningRole } from './role.ts'

export interface ProxySetup extends RoleSetup {
  readonly runner: ProxyRunnerConfig
  /** Address to listen on for workers and clients. */
  readonly host: string
  /** 0 for a free one, absent for none. */
  readonly workersPort: number | undefined
  readonly clientsPort: number | undefined
  /** Zero bits of the proof of work in quiet times. */
  readonly difficulty: number
  /** What is asked of workers. Clients are not attested. */
  readonly policy: PolicyName
  /** A router of the reference does proof of work and TLS; the ports are plain and on loopback. */
  readonly isBehindRouter: boolean
}

export interface RunningProxy extends RunningRole {
  readonly proxy: Proxy
}

/** Connections that were refused before they became transports. */
export interface Handshakes {
  established: number
  failed: number
}

/** Starts the market. Rejects with a CliError and leaves nothing open. */
export async function startProxy(setup: ProxySetup): Promise<RunningProxy> {
  const { runner, root, world, report, isBehindRouter, host } = setup
  await using stack = new AsyncDisposableStack()
  const proxy = createProxy(setup)
  stack.defer(() => proxy.close(0))

  const handshakes: Handshakes = { established: 0, failed: 0 }
  const identity = stack.use(await ownIdentity(setup.policy, world, report))
  const proofOfWork = adaptiveDifficulty({ world, base: setup.difficulty })
  const open = async (side: 'workers' | 'clients', port: number | undefined): Promise<Listener | undefined> => {
    if (port === undefined) return undefined
    const accept = {
      world,
      host,
      port,
      onTransport: (transport: Transport) => {
        handshakes.established++
        if (side === 'workers') proxy.acceptWorker(transport)
        else proxy.acceptClient(transport)
      },
      onRefused: (error: WireError, peer: string) => {
        handshakes.failed++
        report({ event: 'connection-refused', port: side, peer, why: error.message })
      },
    }
    const checkPeer = checkPeersAs('client', side === 'workers' ? setup.policy : 'any', world)
    const listening = isBehindRouter
      ? listen({ ...accept, mode: 'router' })
      : listen({ ...accept, mode: 'direct', identity: () => identity.current(), checkPeer, proofOfWork })
    const listener = await listening.catch((cause: unknown) => {
      const key = side === 'workers' ? 'workers_rpc_port' : 'client_rpc_port'
      const flag = side === 'workers' ? '--workers-port' : '--clients-port'
      throw listenError(cause, host, port, isBehindRouter ? key : flag)
    })
    return stack.use(listener)
  }
  const workers = await open('workers', setup.workersPort)
  const clients = await open('clients', setup.clientsPort)
  const surface = await startProxySurface(proxy, handshakes, setup)
  if (surface) stack.use(surface)

  const closing = stack.move()
  let closed: Promise<void> | undefined
  return {
    name: 'proxy',
    proxy,
    addresses: {
      ...(surface && { http: surface.address }),
      ...(workers && { workers: `${host}:${workers.port}` }),
      ...(clients && { clients: `${host}:${clients.port}` }),
    },
    close: graceMs => (closed ??= proxy.close(graceMs).then(() => closing.disposeAsync())),
  }

  function createProxy(of: ProxySetup): Proxy {
    const owner = configuredAddress('owner_address', runner.ownerAddress)
    const walletKey = createPaymentKey(runner.nodeWalletKey).publicKey
    return new Proxy({
      world,
      config: root,
      root: configuredAddress('root_contract_address', runner.rootContractAddress),
      owner,
      nodeWallet: nodeWalletAddress({ publicKey: walletKey, owner }),
      key: createPaymentKey(runner.machineSpecificPrivateKey),
      ledger: new MemoryLedger(),
      clientContracts: contractsWithoutChain(root),
      isTestnet: runner.isTestnet,
      checkWorkerHashes: checksHashes(runner.checkWorkerHashes, runner.isTest),
      log: of.report,
    })
  }
}
