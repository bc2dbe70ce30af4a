import { setTimeout as delay } from 'node:timers/promises'
import {
  addressKey,
  type Chain,
  type Channel,
  ClientSettlement,
  clientContractAddress,
  clientPolicy,
  compiledCode,
  contractAddress,
  type ContractAddress,
  createPaymentKey,
  MemoryLedger,
  MemoryStore,
  MoneyError,
  NodeWallet,
  type PaymentKey,
  type PaymentKind,
  proxyPolicy,
  ProxySettlement,
  type RootConfig,
  signPayment,
  WorkerSettlement,
  workerContractAddress,
  workerPolicy,
} from '@cocoon/money'
import { type Devnet, startDevnet } from '@cocoon/money/devnet'
import type { World } from '@cocoon/wire'

/** What one scene is about. Amounts in nanotons. */
export interface CostScene {
  readonly stakeNano: bigint
  readonly priceNano: bigint
}

export interface ChainCost extends CostScene {
  readonly requests: number
  /** What clients paid for these requests. */
  readonly paidNano: bigint
  /** Coins that the chain took for it. */
  readonly costNano: bigint
  readonly transactions: number
  /** Deploying the contracts of a proxy, a client and a worker, and the first deposit. */
  readonly setUpNano: bigint
}

/** An average request: model tokens, and the adjusted tokens that they are at the multipliers of the main network. */
export const averageRequest = { prompt: 500, completion: 150, adjustedTokens: 500n + 150n * 8n } as const

const ton = 1_000_000_000n
const fundedNano = 5_000n * ton
const interval = { fromMs: 15, toMs: 25 }
const settleMs = 3_000

/**
 * Has a proxy, a client and a worker settle the books of so many requests by transactions of a local chain, with
 * their production code and policies, and counts what the chain took.
 */
export async function measureChainCost(scene: CostScene, requests: number, world: World): Promise<ChainCost> {
  await using stack = new AsyncDisposableStack()
  const devnet = stack.use(await startDevnet({ world, blockTimeMs: 0, port: false }))
  const parties = await openParties(scene, devnet, world, stack)
  const before = await coinsOf(parties.accounts, devnet.chain)
  const setUpNano = parties.fundedNano - before
  const transactionsBefore = devnet.status().transactions
  await serve(parties, requests)
  await delay(settleMs)
  return {
    ...scene,
    requests,
    paidNano: BigInt(requests) * averageRequest.adjustedTokens * scene.priceNano,
    costNano: before - (await coinsOf(parties.accounts, devnet.chain)),
    transactions: devnet.status().transactions - transactionsBefore,
    setUpNano,
  }
}

interface Parties {
  readonly ledger: MemoryLedger
  readonly client: string
  readonly worker: string
  readonly fundedNano: bigint
  readonly accounts: readonly ContractAddress[]
  /** Tells both sides what a proxy tells them after a query. */
  tell(): void
}

async function openParties(
  scene: CostScene,
  devnet: Devnet,
  world: World,
  stack: AsyncDisposableStack,
): Promise<Parties> {
  const anyAddress = (): ContractAddress => contractAddress(0, world.random(32))
  const config = configOf(scene, anyAddress())
  const { proxy, client, worker, wallets, ledger, key, proxyOwner, workerOwner } = await startSettlements(
    { devnet, world, config, anyAddress },
    stack,
  )
  await until(() => proxy.obstacle === undefined)

  const [clientKey, workerKey] = [addressKey(wallets.client.address), addressKey(workerOwner)]
  const terms = { version: 3, publicKey: key.publicKey, owner: proxyOwner, contract: proxy.contract }
  const parties = { proxyContract: proxy.contract, proxyPublicKey: key.publicKey }
  const clientContract = clientContractAddress(config, { ...parties, clientOwner: wallets.client.address })
  const workerContract = workerContractAddress(config, { ...parties, workerOwner })
  const clientChannel = await client.open({ terms, contract: clientContract, config })
  const workerChannel = await worker.open({ terms, contract: workerContract, config })
  await ledger.openWorker(workerKey)
  using registration = proxy.expectNonce(clientKey)
  await client.register(clientChannel, registration.nonce)
  await registration.seen
  await until(() => (proxy.client(clientKey)?.balanceNano ?? 0n) > 0n)

  const walletAddresses = Object.values(wallets).map(({ address }) => address)
  return {
    ledger,
    client: clientKey,
    worker: workerKey,
    fundedNano: BigInt(walletAddresses.length) * fundedNano,
    accounts: [...walletAddresses, proxy.contract, clientContract, workerContract, proxyOwner, workerOwner],
    tell: () => {
      tell('client-charge', clientChannel, ledger.client(clientKey), key)
      tell('worker-payout', workerChannel, ledger.worker(workerKey), key)
    },
  }
}

/** The three roles' settlement, each with a funded wallet. */
async function startSettlements(
  scene: { devnet: Devnet; world: World; config: RootConfig; anyAddress: () => ContractAddress },
  stack: AsyncDisposableStack,
) {
  const { devnet, world, config, anyAddress } = scene
  const shared = { world, chain: devnet.chain, interval, report: () => {}, config: () => config }
  const openWallet = async (): Promise<NodeWallet> => {
    const key = createPaymentKey(world.random(32))
    const wallet = new NodeWallet({ ...shared, store: new MemoryStore(), key, owner: anyAddress() })
    stack.use(wallet)
    await devnet.faucet(wallet.address, fundedNano)
    return wallet
  }
  const wallets = { proxy: await openWallet(), client: await openWallet(), worker: await openWallet() }
  const [ledger, key] = [new MemoryLedger(), createPaymentKey(world.random(32))]
  const [proxyOwner, workerOwner] = [anyAddress(), anyAddress()]
  const proxy = new ProxySettlement({
    ...shared,
    config,
    store: new MemoryStore(),
    ledger,
    wallet: wallets.proxy,
    key,
    root: anyAddress(),
    owner: proxyOwner,
    policy: {
      ...proxyPolicy,
      tickMs: 20,
      anchorSoonestMs: 0,
      anchorLatestMs: Infinity,
      anchorLastMs: Infinity,
    },
  })
  const client = new ClientSettlement({
    ...shared,
    store: new MemoryStore(),
    wallet: wallets.client,
    secret: world.random(32),
    policy: { ...clientPolicy, tickMs: 20 },
  })
  const worker = new WorkerSettlement({
    ...shared,
    store: new MemoryStore(),
    wallet: wallets.worker,
    owner: workerOwner,
    policy: { ...workerPolicy, tickMs: 20, idleMs: Infinity },
  })
  for (const settlement of [proxy, client, worker]) stack.use(settlement)
  await proxy.start()
  client.start()
  worker.start()
  return { proxy, client, worker, wallets, ledger, key, proxyOwner, workerOwner }
}

/** What a proxy tells a client or worker after a query: totals, and a signature for what is confirmed. */
function tell(
  kind: PaymentKind,
  channel: Channel,
  { max, committedToChain }: { max: bigint; committedToChain: bigint },
  key: PaymentKey,
): void {
  const totals = { dbTokens: max, maxTokens: max }
  if (committedToChain <= channel.signedTokens) {
    return channel.update({ _: 'proxy.signedPaymentEmpty' }, totals)
  }
  const { contract } = channel
  const payment = { kind, key, queryId: committedToChain, tokens: committedToChain, contract }
  channel.update(
    { _: 'proxy.signedPayment', data: signPayment({ ...payment, excessesTo: contract }) },
    totals,
  )
}

/** Charges the requests, many at once as far as the client's credit goes. */
async function serve({ ledger, client, worker, tell }: Parties, requests: number): Promise<void> {
  let left = BigInt(requests)
  for (let batch = 0; left > 0n; batch++) {
    const affordable = ledger.client(client).available / averageRequest.adjustedTokens
    const count = [left, affordable, 10_000n].reduce((least, next) => (next < least ? next : least))
    if (count > 0n) {
      const tokens = count * averageRequest.adjustedTokens
      const requestId = `batch ${batch}`
      await ledger.reserve({ requestId, client, tokens })
      await ledger.charge({ requestId, worker, tokens })
      left -= count
    }
    tell()
    await delay(10)
  }
  tell()
}

function configOf({ stakeNano, priceNano }: CostScene, ownerAddress: ContractAddress): RootConfig {
  return {
    structVersion: 4,
    version: 1,
    paramsVersion: 1,
    uniqueId: 1,
    isTest: false,
    pricePerTokenNano: priceNano,
    workerFeePerTokenNano: (priceNano * 95n) / 100n,
    multipliers: { prompt: 10_000, cached: 1_000, completion: 80_000, reasoning: 80_000 },
    proxyDelayBeforeCloseS: 86_400,
    clientDelayBeforeCloseS: 43_200,
    minProxyStakeNano: 15n * ton,
    minClientStakeNano: stakeNano,
    ownerAddress,
    lastProxySeqno: 0,
    proxies: [],
    proxyHashes: new Set(),
    workerHashes: new Set(),
    modelHashes: new Set(),
    codes: { proxy: compiledCode('proxy'), worker: compiledCode('worker'), client: compiledCode('client') },
  }
}

async function coinsOf(accounts: readonly ContractAddress[], chain: Chain): Promise<bigint> {
  const states = await Promise.all(accounts.map(account => chain.account(account)))
  return states.reduce((sum, { balanceNano }) => sum + balanceNano, 0n)
}

async function until(isDone: () => boolean): Promise<void> {
  for (let waited = 0; !isDone(); waited += 10) {
    if (waited > 30_000) throw new MoneyError('chain-stale', 'The scene does not get ready')
    await delay(10)
  }
}
