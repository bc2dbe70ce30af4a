import {
  type ContractAddress,
  createPaymentKey,
  MemoryLedger,
  nodeWalletAddress,
  type ProxyPolicy,
  proxyPolicy,
  type Tally,
} from '@cocoon/money'
import { contractsWithoutChain, Proxy } from '@cocoon/proxy'
import { nodeSeal } from '@cocoon/trust/node'
import type { ProxyRunnerConfig, Transport, WireError } from '@cocoon/wire'
import { adaptiveDifficulty, listen, type Listener } from '@cocoon/wire/node'
import { configuredAddress } from '../config/address.ts'
import { logRoutes, type PublicLogs, serveLogs } from '../http/log-routes.ts'
import { openSurface } from '../http/open.ts'
import { proxyFaces } from '../http/proxy-surface.ts'
import { Troubles } from '../http/troubles.ts'
import type { Attestation } from './attestation.ts'
import { type ChainSide, openChainSide } from './chain-side.ts'
import { listenError } from './port.ts'
import { ProxyGenerations } from './proxy-generations.ts'
import { openTally } from './tally.ts'
import { checksHashes, closeOnce, type RoleSetup, type RunningRole } from './role.ts'

export interface ProxySetup extends RoleSetup {
  readonly runner: ProxyRunnerConfig
  /** Address to listen on for workers and clients. */
  readonly host: string
  /** 0 for a free one, absent for none. */
  readonly workersPort: number | undefined
  readonly clientsPort: number | undefined
  /** Which flags or keys choose those ports, for people. */
  readonly portSettings: { readonly workers: string; readonly clients: string }
  /** Zero bits of the proof of work in quiet times. */
  readonly difficulty: number
  /** What is shown to workers and clients, and asked of them. */
  readonly attestation: Attestation
  /** A router of the reference does proof of work and TLS; the ports are plain and on loopback. */
  readonly isBehindRouter: boolean
  /** When to act on the chain, where that is not as usual. */
  readonly policies?: Partial<ProxyPolicy> | undefined
  /** Where everybody may read the public log; absent: on the HTTP surface alone. */
  readonly logPort?: { readonly host: string; readonly port: number; readonly setting: string } | undefined
  /** Between two batches of the public log, milliseconds; as usual if absent. */
  readonly logIntervalMs?: number | undefined
}

export interface RunningProxy extends RunningRole {
  /** The one that serves now: with a chain, other prices bring another one. */
  readonly proxy: Proxy
}

/** Connections by what became of their proof of work, TLS and peer check. */
export interface Handshakes {
  established: number
  failed: number
}

/** Starts the market. Rejects with a CliError and leaves nothing open. */
export async function startProxy(setup: ProxySetup): Promise<RunningProxy> {
  const { runner, world } = setup
  const troubles = new Troubles(setup.report)
  const rootAddress = configuredAddress('root_contract_address', runner.rootContractAddress)
  const owner = configuredAddress('owner_address', runner.ownerAddress)

  await using stack = new AsyncDisposableStack()
  const market = await openMarket(setup, { rootAddress, owner, troubles }, stack)
  const { workers, clients, handshakes } = await openPorts(market, setup, stack)
  const { wallet, chainSide, generations, tally } = market
  const faces = stack.use(
    proxyFaces({
      proxy: () => market.proxy,
      setup,
      wallet,
      rootAddress,
      handshakes,
      troubles,
      onChain: chainSide && generations && tally && { chainSide, generations, tally },
    }),
  )
  const logs = logRoutes(() => publicLogs(generations))
  const surface = stack.use(await openSurface(faces, setup, runner.httpAccessHash, logs))
  const publicLog = setup.logPort === undefined ? undefined : stack.use(await serveLogs(logs, setup.logPort))

  const closing = stack.move()
  return {
    name: 'proxy',
    get proxy() {
      return market.proxy
    },
    addresses: {
      ...(surface && { http: surface.address }),
      ...(workers && { workers: `${setup.host}:${workers.port}` }),
      ...(clients && { clients: `${setup.host}:${clients.port}` }),
      ...(publicLog && { log: publicLog.address }),
    },
    problems: () => faces.problems(),
    close: closeOnce(world, async leftMs => {
      await market.proxy.close(leftMs())
      await closing.disposeAsync()
    }),
  }
}

function publicLogs(generations: ProxyGenerations | undefined): PublicLogs {
  return { current: generations?.current, old: generations?.old ?? [] }
}

/** The market, wherever its registry and its books are. */
interface Market {
  readonly proxy: Proxy
  readonly wallet: ContractAddress
  readonly chainSide: ChainSide | undefined
  readonly generations: ProxyGenerations | undefined
  readonly tally: Tally | undefined
}

async function openMarket(
  setup: ProxySetup,
  of: { rootAddress: ContractAddress; owner: ContractAddress; troubles: Troubles },
  stack: AsyncDisposableStack,
): Promise<Market> {
  const { runner, world, network } = setup
  const { rootAddress: root, owner, troubles } = of
  const key = createPaymentKey(runner.machineSpecificPrivateKey)
  const proxyOptions = {
    sealCrypto: nodeSeal,
    isTestnet: runner.isTestnet,
    checkWorkerHashes: checksHashes(runner.checkWorkerHashes, runner.isTest),
  }
  if (network.chain === undefined) {
    const wallet = nodeWalletAddress({ publicKey: createPaymentKey(runner.nodeWalletKey).publicKey, owner })
    const proxy = new Proxy({
      ...proxyOptions,
      world,
      config: network.root,
      root,
      owner,
      nodeWallet: wallet,
      key,
      ledger: new MemoryLedger(),
      clientContracts: contractsWithoutChain(network.root),
      log: troubles.report,
    })
    stack.defer(() => proxy.close(0))
    return { proxy, wallet, chainSide: undefined, generations: undefined, tally: undefined }
  }
  const { nodeWalletKey: walletKey, isTest } = runner
  const chainSide = stack.use(
    await openChainSide({ world, setup: network.chain, walletKey, owner, root, isTest }),
  )
  const policy = { ...proxyPolicy, ...setup.policies }
  const { report } = troubles
  const tally = stack.use(await openTally(network.chain, world, report))
  const generations = stack.use(
    await ProxyGenerations.start({
      world,
      chainSide,
      root,
      owner,
      key,
      policy,
      logIntervalMs: setup.logIntervalMs,
      report,
      proxy: { ...proxyOptions, tally },
    }),
  )
  return {
    get proxy() {
      return generations.proxy
    },
    wallet: chainSide.wallet.address,
    chainSide,
    generations,
    tally,
  }
}

interface Ports {
  workers: Listener | undefined
  clients: Listener | undefined
  handshakes: Handshakes
}

async function openPorts(market: Market, setup: ProxySetup, stack: AsyncDisposableStack): Promise<Ports> {
  const { world, report, attestation, host, isBehindRouter, workersPort, clientsPort, portSettings } = setup
  const handshakes: Handshakes = { established: 0, failed: 0 }
  const identity = stack.use(await attestation.identity(report))
  const proofOfWork = adaptiveDifficulty({ world, base: setup.difficulty })

  const open = async (side: 'workers' | 'clients', port: number): Promise<Listener> => {
    const accept = {
      world,
      host,
      port,
      onTransport: (transport: Transport) => {
        handshakes.established++
        if (side === 'workers') market.proxy.acceptWorker(transport)
        else market.proxy.acceptClient(transport)
      },
      onRefused: (error: WireError, peer: string) => {
        handshakes.failed++
        report({ event: 'connection-refused', port: side, peer, why: error.message })
      },
    }
    const checkPeer = side === 'workers' ? attestation.checkWorker : attestation.checkClient
    const listening = isBehindRouter
      ? listen({ ...accept, mode: 'router' })
      : listen({ ...accept, mode: 'direct', identity: () => identity.current(), checkPeer, proofOfWork })
    return stack.use(
      await listening.catch((cause: unknown) => {
        throw listenError(cause, host, port, portSettings[side])
      }),
    )
  }
  return {
    workers: workersPort === undefined ? undefined : await open('workers', workersPort),
    clients: clientsPort === undefined ? undefined : await open('clients', clientsPort),
    handshakes,
  }
}
