import { Client, type ClientOptions } from '@cocoon/client/role'
import {
  ChannelsWithoutChain,
  type ContractAddress,
  contractAddress,
  createPaymentKey,
  type Ledger,
  MemoryLedger,
  modelHash,
  parsePseudoConfig,
  type PaymentKey,
  type PseudoConfigInput,
  type RootConfig,
  writePseudoConfig,
} from '@cocoon/money'
import { contractsWithoutChain, Proxy, type ProxyOptions } from '@cocoon/proxy'
import type { Transport, World } from '@cocoon/wire'
import { systemWorld } from '@cocoon/wire/node'
import { Worker, type WorkerOptions } from '@cocoon/worker'
import { hash } from 'node:crypto'
import { ScriptedBackend } from './scripted-backend.ts'
import { pipeStreet, type Place, type Street, tcpStreet } from './street.ts'

export interface TestNetworkOptions {
  /** Clock, timers and randomness; the machine's own if absent. `tcp` needs the machine's own. */
  world?: World
  /** How parties are connected: in memory if absent. */
  transport?: 'pipe' | 'tcp'
  /** The same in a way of its own; closed with the network. */
  street?: Street
  /** `name@commit:hash`, for workers that do not say their own. */
  model?: string
  /** What each proxy has that is not usual; one usual proxy if absent. */
  proxies?: Array<Partial<ProxyOptions>>
  /** What each worker has that is not usual; one that says hello if absent. */
  workers?: Array<Partial<WorkerOptions>>
  /** What each client has that is not usual; one usual client if absent. */
  clients?: Array<Partial<ClientOptions>>
  /** What the registry says otherwise than usual. */
  config?: Partial<PseudoConfigInput>
  /** Hears everything that the roles log. */
  log?: (who: string, event: { event: string }) => void
}

/** A proxy of a test network, and what a test may want to know of it. */
export interface TestProxy {
  readonly proxy: Proxy
  readonly ledger: Ledger
  readonly key: PaymentKey
  readonly owner: ContractAddress
  readonly place: Place
}

/** A whole network in one process. Disposing closes everything. */
export interface TestNetwork extends AsyncDisposable {
  readonly world: World
  readonly config: RootConfig
  readonly root: ContractAddress
  readonly proxies: readonly TestProxy[]
  readonly workers: readonly Worker[]
  readonly clients: readonly Client[]
  /** The first one. */
  readonly proxy: TestProxy
  /** The first one: runs queries. */
  readonly client: Client
  /** Resolves when every client and worker is connected to all the proxies that it wants, has a model and has said who it is. */
  ready(): Promise<void>
  /** One more, with what is not usual about it. */
  addWorker(given?: Partial<WorkerOptions>): Worker
  addClient(given?: Partial<ClientOptions>): Client
  /** A connection to the first proxy, as yet without a frame: for peers that a test writes itself. */
  dial(as: 'client' | 'worker'): Promise<Transport>
}

export const testModel = `test/model@1:${'0'.repeat(64)}`
const pollMs = 5

/** Starts a network; it is of use once `ready` has resolved. */
export async function startTestNetwork(options: TestNetworkOptions = {}): Promise<TestNetwork> {
  const { world = systemWorld, transport = 'pipe', model = testModel } = options
  const sealing = new Set<Worker>()
  const alive = world === systemWorld ? keepAlive() : undefined
  const street = options.street ?? (transport === 'pipe' ? pipeStreet(world) : await tcpStreet(world))
  const places = await Promise.all((options.proxies ?? [{}]).map(() => street.open()))
  const parts: Parts = {
    world,
    street,
    model,
    config: configOf(street, places, model, options),
    root: addressNamed('root'),
    log: (who, event) => options.log?.(who, event),
    sealing,
  }
  const proxies = places.map((place, index) =>
    startProxy(parts, place, index, options.proxies?.[index] ?? {}),
  )
  const workers = (options.workers ?? [{}]).map((given, index) => startWorker(parts, index, given))
  const clients = (options.clients ?? [{}]).map((given, index) => startClient(parts, index, given))
  return {
    world,
    config: parts.config,
    root: parts.root,
    proxies,
    workers,
    clients,
    proxy: proxies[0]!,
    client: clients[0]!,
    addWorker: (given = {}) => {
      const worker = startWorker(parts, workers.length, given)
      workers.push(worker)
      return worker
    },
    addClient: (given = {}) => {
      const client = startClient(parts, clients.length, given)
      clients.push(client)
      return client
    },
    ready: () => allReady(world, { proxies, workers, clients }, sealing),
    dial: as => street.dial(as === 'client' ? places[0]!.clientEndpoint : places[0]!.workerEndpoint),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...clients, ...workers].map(party => party.close(0)))
      await Promise.all(proxies.map(({ proxy }) => proxy.close(0)))
      await street[Symbol.asyncDispose]()
      alive?.close()
    },
  }
}

/** The timers of the real world let a process end while it waits for them; a network that runs does not. */
export function keepAlive(): { close(): void } {
  const { port1 } = new MessageChannel()
  port1.ref()
  return port1
}

/** An address that follows from a name, for parties that need one of their own. */
export function addressNamed(name: string): ContractAddress {
  return contractAddress(0, hash('sha256', name))
}

/** What the parties share. */
interface Parts {
  world: World
  street: Street
  model: string
  config: RootConfig
  root: ContractAddress
  log: (who: string, event: { event: string }) => void
  /** Workers that have an identity to announce. */
  sealing: Set<Worker>
}

function configOf(street: Street, places: Place[], model: string, options: TestNetworkOptions): RootConfig {
  const models = (options.workers ?? []).map(worker => worker.model ?? model)
  return parsePseudoConfig(
    writePseudoConfig({
      ownerAddress: addressNamed('root owner'),
      proxyHashes: [street.imageHash],
      workerHashes: [street.imageHash],
      modelHashes: [model, ...models].map(modelHash),
      proxies: places.map(({ workerEndpoint, clientEndpoint }, index) => ({
        seqno: index + 1,
        workerEndpoint,
        clientEndpoint,
      })),
      ...options.config,
    }),
  )
}

function startProxy(parts: Parts, place: Place, index: number, given: Partial<ProxyOptions>): TestProxy {
  const { world, config, root, log } = parts
  const ledger = given.ledger ?? new MemoryLedger()
  const key = given.key ?? createPaymentKey(hash('sha256', `payment key ${index}`, 'buffer'))
  const owner = given.owner ?? addressNamed(`proxy ${index}`)
  const proxy = new Proxy({
    world,
    config,
    root,
    owner,
    nodeWallet: addressNamed(`wallet of proxy ${index}`),
    key,
    ledger,
    clientContracts: contractsWithoutChain(config),
    isTestnet: false,
    checkWorkerHashes: true,
    log: event => log(`proxy ${index}`, event),
    ...given,
  })
  place.accept = {
    worker: transport => proxy.acceptWorker(transport),
    client: transport => proxy.acceptClient(transport),
  }
  return { proxy, ledger, key, owner, place }
}

function startWorker(parts: Parts, index: number, given: Partial<WorkerOptions>): Worker {
  const { world, street, config, root, model, log } = parts
  const worker = new Worker({
    world,
    config,
    root,
    owner: addressNamed(`worker ${index}`),
    channels: new ChannelsWithoutChain('worker-payout'),
    isTestnet: false,
    model,
    coefficient: 1_000,
    maxActiveRequests: 10 * config.proxies.length,
    proxyConnections: config.proxies.length,
    checkProxyHashes: true,
    backend: given.backend ?? new ScriptedBackend(),
    dial: (endpoint, signal) => street.dial(endpoint, signal),
    log: event => log(`worker ${index}`, event),
    ...given,
  })
  if (given.sealing?.identities.current !== undefined) parts.sealing.add(worker)
  worker.start()
  return worker
}

function startClient(parts: Parts, index: number, given: Partial<ClientOptions>): Client {
  const { world, street, config, root, log } = parts
  const client = new Client({
    world,
    config,
    root,
    wallet: addressNamed(`client ${index}`),
    isTestnet: false,
    channels: new ChannelsWithoutChain('client-charge'),
    checkProxyHashes: true,
    proxyConnections: config.proxies.length,
    dial: (endpoint, signal) => street.dial(endpoint, signal),
    log: event => log(`client ${index}`, event),
    ...given,
  })
  client.start()
  return client
}

async function allReady(
  world: World,
  { proxies, workers, clients }: Pick<TestNetwork, 'proxies' | 'workers' | 'clients'>,
  sealing: ReadonlySet<Worker>,
): Promise<void> {
  const isReady = (): boolean => {
    const offers = proxies.flatMap(({ proxy }) => [...proxy.workers]).filter(link => !link.disabled)
    const announced = offers.filter(({ identities }) => identities.length > 0)
    const sealed = [...sealing].flatMap(worker => worker.proxies())
    const wanted = workers.flatMap(worker => worker.proxies())
    const connected = clients.flatMap(client => client.proxies())
    const isComplete = offers.length === wanted.length && announced.length >= sealed.length
    return isComplete && connected.every(({ session }) => session?.isReady === true)
  }
  while (!isReady()) await new Promise<void>(resolve => void world.after(pollMs, resolve))
}
