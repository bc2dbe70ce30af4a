import { Client } from '@cocoon/client/role'
import {
  type Chain,
  clientPolicy,
  ClientSettlement,
  type ContractAddress,
  createPaymentKey,
  type Ledger,
  NodeWallet,
  openSqliteLedger,
  openSqliteStore,
  type PaymentKey,
  type PollInterval,
  proxyPolicy,
  ProxySettlement,
  type RootConfig,
  type SettlementEvent,
  type Store,
  workerPolicy,
  WorkerSettlement,
  addressKey,
  type ClientPolicy,
  type ProxyPolicy,
  type WorkerPolicy,
} from '@cocoon/money'
import { contractsOnChain, Proxy } from '@cocoon/proxy'
import type { World } from '@cocoon/wire'
import { type Backend, Worker } from '@cocoon/worker'
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { addressNamed } from '../network.ts'
import type { Place, Street } from '../street.ts'

/** What every party of a paid network is started with. */
export interface PartySetup {
  /** Names its keys, owner and files. */
  readonly name: string
  readonly world: World
  readonly chain: Chain
  readonly street: Street
  readonly root: ContractAddress
  readonly config: RootConfig
  /** Holds its files, which outlive it. */
  readonly directory: string
  readonly report: (event: SettlementEvent) => void
  /** Between two looks at the chain; 20 to 40 ms if absent. */
  readonly interval?: PollInterval | undefined
  /** Opens its records otherwise than from a file of the directory. */
  readonly openStore?: (() => Promise<Store>) | undefined
  readonly openLedger?: ((path: string, contract: string) => Promise<Ledger>) | undefined
}

/** Between two looks at the chain: nobody else is asked. */
const quickInterval = { fromMs: 20, toMs: 40 }

export const quickPolicies = {
  proxy: {
    ...proxyPolicy,
    chargeAtNano: 1n,
    payoutAtNano: 1n,
    withdrawAtNano: 1n,
    anchorAtNano: 1n,
    anchorSoonestMs: 60,
    anchorLatestMs: 120,
    anchorWorthNano: 1n,
    tickMs: 20,
  } satisfies ProxyPolicy,
  client: { ...clientPolicy, tickMs: 30 } satisfies ClientPolicy,
  worker: { ...workerPolicy, tickMs: 30 } satisfies WorkerPolicy,
}

/** What a party has by its name, whether it runs or not. */
export interface PartyIdentity {
  readonly walletKey: PaymentKey
  readonly owner: ContractAddress
}

export function identityOf(name: string): PartyIdentity {
  return {
    walletKey: createPaymentKey(hash('sha256', `wallet key of ${name}`, 'buffer')),
    owner: addressNamed(`owner of ${name}`),
  }
}

/** The key that only a proxy's enclave has. */
export function paymentKeyOf(name: string): PaymentKey {
  return createPaymentKey(hash('sha256', `payment key of ${name}`, 'buffer'))
}

/** A proxy that runs. Disposing ends it, as far as that is orderly. */
export interface PaidProxy extends AsyncDisposable {
  readonly proxy: Proxy
  readonly settlement: ProxySettlement
  readonly ledger: Ledger
  readonly wallet: NodeWallet
}

export async function openPaidProxy(
  setup: PartySetup,
  place: Place,
  policy: ProxyPolicy,
): Promise<PaidProxy> {
  const { name, world, chain, config, root, directory, report } = setup
  await using stack = new AsyncDisposableStack()
  const { wallet, store, owner } = await openWallet(setup, stack)
  const key = paymentKeyOf(name)
  const contract = addressKey(ProxySettlement.contractOf({ config, key, owner, root }))
  const path = join(directory, `${name}-books.sqlite`)
  const ledger = stack.use(
    await (setup.openLedger?.(path, contract) ?? openSqliteLedger({ path, contract, world })),
  )
  const settlement = stack.use(
    new ProxySettlement({
      world,
      chain,
      store,
      ledger,
      wallet,
      key,
      config,
      root,
      owner,
      policy,
      interval: setup.interval ?? quickInterval,
      report,
    }),
  )
  await settlement.start()
  const proxy = new Proxy({
    world,
    config,
    root,
    owner,
    key,
    ledger,
    nodeWallet: wallet.address,
    clientContracts: contractsOnChain(settlement, config),
    obstacle: () => settlement.obstacle,
    isTestnet: false,
    checkWorkerHashes: true,
  })
  stack.defer(() => proxy.close(0))
  place.accept = {
    worker: transport => proxy.acceptWorker(transport),
    client: transport => proxy.acceptClient(transport),
  }
  stack.defer(() => {
    place.accept = nobody
  })
  const closing = stack.move()
  return { proxy, settlement, ledger, wallet, [Symbol.asyncDispose]: () => closing.disposeAsync() }
}

/** Where no proxy runs, a connection ends at once. */
export const nobody: NonNullable<Place['accept']> = {
  worker: transport => transport.destroy(),
  client: transport => transport.destroy(),
}

export interface PaidClient extends AsyncDisposable {
  readonly client: Client
  readonly settlement: ClientSettlement
  readonly wallet: NodeWallet
}

export async function openPaidClient(setup: PartySetup, policy: ClientPolicy): Promise<PaidClient> {
  const { name, world, chain, street, config, root, report } = setup
  await using stack = new AsyncDisposableStack()
  const { wallet, store } = await openWallet(setup, stack)
  const settlement = stack.use(
    new ClientSettlement({
      world,
      chain,
      store,
      wallet,
      secret: new Uint8Array(hash('sha256', `secret of ${name}`, 'buffer')),
      config: () => config,
      policy,
      interval: setup.interval ?? quickInterval,
      report,
    }),
  )
  settlement.start()
  const client = new Client({
    world,
    config,
    root,
    wallet: wallet.address,
    isTestnet: false,
    channels: settlement,
    checkProxyHashes: true,
    proxyConnections: config.proxies.length,
    dial: (endpoint, signal) => street.dial(endpoint, signal),
  })
  stack.defer(() => client.close(0))
  client.start()
  const closing = stack.move()
  return { client, settlement, wallet, [Symbol.asyncDispose]: () => closing.disposeAsync() }
}

export interface PaidWorker extends AsyncDisposable {
  readonly worker: Worker
  readonly settlement: WorkerSettlement
  readonly wallet: NodeWallet
  /** Where its earnings go. */
  readonly owner: ContractAddress
}

export async function openPaidWorker(
  setup: PartySetup,
  policy: WorkerPolicy,
  { backend, model }: { backend: Backend; model: string },
): Promise<PaidWorker> {
  const { world, chain, street, config, root, report } = setup
  await using stack = new AsyncDisposableStack()
  const { wallet, store, owner } = await openWallet(setup, stack)
  const settlement = stack.use(
    new WorkerSettlement({
      world,
      chain,
      store,
      wallet,
      owner,
      config: () => config,
      policy,
      interval: setup.interval ?? quickInterval,
      report,
    }),
  )
  settlement.start()
  const worker = new Worker({
    world,
    config,
    root,
    owner,
    channels: settlement,
    isTestnet: false,
    model,
    coefficient: 1_000,
    maxActiveRequests: 16,
    proxyConnections: config.proxies.length,
    checkProxyHashes: true,
    backend,
    dial: (endpoint, signal) => street.dial(endpoint, signal),
  })
  stack.defer(() => worker.close(0))
  worker.start()
  const closing = stack.move()
  return { worker, settlement, wallet, owner, [Symbol.asyncDispose]: () => closing.disposeAsync() }
}

async function openWallet(
  setup: PartySetup,
  stack: AsyncDisposableStack,
): Promise<{ wallet: NodeWallet; store: Store; owner: ContractAddress }> {
  const { name, world, chain, directory } = setup
  const path = join(directory, `${name}-records.sqlite`)
  const store = stack.use(await (setup.openStore?.() ?? openSqliteStore({ path, world })))
  const { walletKey: key, owner } = identityOf(name)
  const { interval = quickInterval } = setup
  const wallet = stack.use(new NodeWallet({ chain, store, world, key, owner, interval }))
  void wallet.poke()
  return { wallet, store, owner }
}
