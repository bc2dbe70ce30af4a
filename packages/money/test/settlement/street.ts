import {
  addressKey,
  type Channel,
  clientContractAddress,
  clientPolicy,
  ClientSettlement,
  contractAddress,
  createPaymentKey,
  type LogHead,
  MemoryLedger,
  MemoryStore,
  NodeWallet,
  type PaymentKind,
  proxyPolicy,
  ProxySettlement,
  type RootConfig,
  signPayment,
  workerContractAddress,
  workerPolicy,
  WorkerSettlement,
} from '../../src/index.ts'
import { type Devnet, startDevnet } from '../../src/devnet/index.ts'
import { systemWorld as world } from '@cocoon/wire/node'
import { config as vectorConfig } from '../contracts/network.ts'

const ton = 1_000_000_000n
const interval = { fromMs: 15, toMs: 25 }
const anyAddress = () => contractAddress(0, world.random(32))

/** A proxy, a client and a worker with their production settlement, on a devnet that makes a block for each message. */
export class Street implements AsyncDisposable {
  readonly devnet: Devnet
  readonly config: RootConfig = { ...vectorConfig, pricePerTokenNano: 1_000n, workerFeePerTokenNano: 900n }
  readonly root = anyAddress()
  readonly proxyOwner = anyAddress()
  readonly workerOwner = anyAddress()
  readonly proxyKey = createPaymentKey(world.random(32))
  readonly ledger = new MemoryLedger()
  readonly proxyStore = new MemoryStore()
  log: LogHead | undefined
  wallets!: { proxy: NodeWallet; client: NodeWallet; worker: NodeWallet }
  proxy!: ProxySettlement
  readonly #stack = new AsyncDisposableStack()
  #client!: Channel
  #worker!: Channel

  private constructor(devnet: Devnet) {
    this.devnet = this.#stack.use(devnet)
  }

  static async open(log?: LogHead): Promise<Street> {
    const street = new Street(await startDevnet({ world, blockTimeMs: 0, port: false }))
    street.log = log
    await street.#begin()
    return street
  }

  get clientKey(): string {
    return addressKey(this.wallets.client.address)
  }

  get workerKey(): string {
    return addressKey(this.workerOwner)
  }

  /** Another process of the same proxy. */
  async openProxy(store = this.proxyStore): Promise<ProxySettlement> {
    const proxy = new ProxySettlement({
      world,
      chain: this.devnet.chain,
      interval,
      report: () => {},
      config: this.config,
      store,
      ledger: this.ledger,
      wallet: this.wallets.proxy,
      key: this.proxyKey,
      root: this.root,
      owner: this.proxyOwner,
      policy: { ...proxyPolicy, tickMs: 20, anchorSoonestMs: 0, anchorAtNano: 1n },
      logHead: async () => this.log,
    })
    this.#stack.use(proxy)
    await proxy.start()
    return proxy
  }

  /** Charges a query, has a state of the books confirmed, and tells both sides what was signed. */
  async spend(requestId: string, tokens: bigint): Promise<void> {
    const { ledger } = this
    await ledger.reserve({ requestId, client: this.clientKey, tokens })
    await ledger.charge({ requestId, worker: this.workerKey, tokens })
    const { max } = ledger.client(this.clientKey)
    await until(() => ledger.client(this.clientKey).committedToChain === max)
    this.#tell('client-charge', this.#client, max)
    this.#tell('worker-payout', this.#worker, ledger.worker(this.workerKey).max)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }

  #tell(kind: PaymentKind, channel: Channel, tokens: bigint): void {
    const { contract } = channel
    const data = signPayment({
      kind,
      key: this.proxyKey,
      queryId: tokens,
      tokens,
      contract,
      excessesTo: contract,
    })
    channel.update({ _: 'proxy.signedPayment', data }, { dbTokens: tokens, maxTokens: tokens })
  }

  async #begin(): Promise<void> {
    const { devnet, config, ledger, workerOwner } = this
    const shared = { world, chain: devnet.chain, interval, report: () => {}, config: () => config }
    const openWallet = async (): Promise<NodeWallet> => {
      const key = createPaymentKey(world.random(32))
      const wallet = new NodeWallet({ ...shared, store: new MemoryStore(), key, owner: anyAddress() })
      this.#stack.use(wallet)
      await devnet.faucet(wallet.address, 5_000n * ton)
      return wallet
    }
    this.wallets = { proxy: await openWallet(), client: await openWallet(), worker: await openWallet() }
    this.proxy = await this.openProxy()
    const client = new ClientSettlement({
      ...shared,
      store: new MemoryStore(),
      wallet: this.wallets.client,
      secret: world.random(32),
      policy: { ...clientPolicy, tickMs: 20 },
    })
    const worker = new WorkerSettlement({
      ...shared,
      store: new MemoryStore(),
      wallet: this.wallets.worker,
      owner: workerOwner,
      policy: { ...workerPolicy, tickMs: 20, idleMs: Infinity },
    })
    for (const settlement of [client, worker]) {
      this.#stack.use(settlement)
      settlement.start()
    }
    const { proxy } = this
    await until(() => proxy.obstacle === undefined)
    const terms = {
      version: 3,
      publicKey: this.proxyKey.publicKey,
      owner: this.proxyOwner,
      contract: proxy.contract,
    }
    const parties = { proxyContract: proxy.contract, proxyPublicKey: this.proxyKey.publicKey }
    const clientContract = clientContractAddress(config, {
      ...parties,
      clientOwner: this.wallets.client.address,
    })
    const workerContract = workerContractAddress(config, { ...parties, workerOwner })
    this.#client = await client.open({ terms, contract: clientContract, config })
    this.#worker = await worker.open({ terms, contract: workerContract, config })
    await ledger.openWorker(this.workerKey)
    using registration = proxy.expectNonce(this.clientKey)
    await client.register(this.#client, registration.nonce)
    await registration.seen
    await until(() => (proxy.client(this.clientKey)?.balanceNano ?? 0n) > 0n)
  }
}

export async function until(isDone: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await isDone()); waited += 10) {
    if (waited > 30_000) throw new Error(`It never holds: ${isDone}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
