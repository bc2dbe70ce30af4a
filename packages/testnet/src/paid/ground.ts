import {
  type Chain,
  compiledCode,
  type ContractAddress,
  createPaymentKey,
  MemoryStore,
  modelHash,
  NodeWallet,
  outcomeError,
  type RegisteredProxy,
  type RootConfig,
  rootBody,
  rootContractAddress,
  rootDeployment,
} from '@cocoon/money'
import { type Devnet, startDevnet } from '@cocoon/money/devnet'
import type { World } from '@cocoon/wire'
import { addressNamed } from '../network.ts'

export const oneTon = 1_000_000_000n

/** A chain in this process with a root contract, and the wallet that governs it. */
export interface Ground extends AsyncDisposable {
  readonly devnet: Devnet
  /** The devnet's own, without faults. */
  readonly chain: Chain
  readonly root: ContractAddress
  readonly config: RootConfig
  /** Other prices: all contracts get new addresses. */
  changePrices(prices: Pick<RootConfig, 'pricePerTokenNano' | 'workerFeePerTokenNano'>): Promise<void>
}

/** What a token costs, and what is held: a request of 500 tokens is 0.05 TON, and 20 of them are a stake. */
const usualTerms = {
  structVersion: 4,
  version: 1,
  paramsVersion: 1,
  uniqueId: 7,
  isTest: true,
  pricePerTokenNano: 100_000n,
  workerFeePerTokenNano: 70_000n,
  multipliers: { prompt: 10_000, cached: 10_000, completion: 10_000, reasoning: 10_000 },
  proxyDelayBeforeCloseS: 600,
  clientDelayBeforeCloseS: 300,
  minProxyStakeNano: oneTon,
  minClientStakeNano: oneTon,
} as const

const operatorNano = 1_000n * oneTon
const attachedNano = oneTon / 5n

/** Starts a chain that makes a block for each message, and deploys the root contract. */
export async function startGround(options: {
  world: World
  proxies: ReadonlyArray<Pick<RegisteredProxy, 'workerEndpoint' | 'clientEndpoint'>>
  imageHash: string
  model: string
  terms?: Partial<RootConfig> | undefined
  /** Port of the chain's HTTP interface on loopback; none if absent. */
  port?: number
}): Promise<Ground> {
  const { world, proxies, imageHash, model, terms = {}, port = false } = options
  await using stack = new AsyncDisposableStack()
  const devnet = stack.use(await startDevnet({ world, blockTimeMs: 0, port }))
  const { chain } = devnet
  const wallet = stack.use(
    new NodeWallet({
      chain,
      store: new MemoryStore(),
      world,
      key: createPaymentKey(world.random(32)),
      owner: addressNamed('owner of the operator'),
      interval: { fromMs: 10, toMs: 20 },
    }),
  )
  await devnet.faucet(wallet.address, operatorNano)
  const config: RootConfig = {
    ...usualTerms,
    ownerAddress: wallet.address,
    lastProxySeqno: proxies.length,
    proxies: proxies.map((proxy, index) => ({ seqno: index + 1, ...proxy })),
    proxyHashes: new Set([imageHash]),
    workerHashes: new Set([imageHash]),
    modelHashes: new Set([modelHash(model)]),
    codes: { proxy: compiledCode('proxy'), worker: compiledCode('worker'), client: compiledCode('client') },
    ...terms,
  }
  const code = compiledCode('root')
  const root = rootContractAddress(code, config)
  const send = async (id: string, message: Parameters<typeof wallet.send>[1]): Promise<void> => {
    await wallet.send(id, message)
    const failure = outcomeError(await wallet.outcome(id))
    if (failure !== undefined) throw failure
  }
  await send('root', { destination: root, valueNano: oneTon, ...rootDeployment(code, config) })
  let changes = 0
  const closing = stack.move()
  return {
    devnet,
    chain,
    root,
    config,
    changePrices: prices =>
      send(`prices/${changes++}`, {
        destination: root,
        valueNano: attachedNano,
        isBounceable: true,
        body: rootBody.changePrice({ queryId: BigInt(changes), ...prices }),
      }),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}
