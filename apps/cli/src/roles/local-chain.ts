import {
  type Chain,
  compiledCode,
  contractAddress,
  type ContractAddress,
  createPaymentKey,
  NodeWallet,
  MemoryStore,
  modelHash,
  openChain,
  outcomeError,
  type PaymentKey,
  type PollInterval,
  type RegisteredProxy,
  rootBody,
  type RootConfig,
  rootContractAddress,
  rootDeployment,
} from '@cocoon/money'
import { type Devnet, startDevnet } from '@cocoon/money/devnet'
import type { Timer, World } from '@cocoon/wire'

/** A TON chain in this process with the root contract of a network on it. */
export interface LocalChain extends AsyncDisposable {
  readonly devnet: Devnet
  readonly chain: Chain
  readonly root: ContractAddress
  readonly config: RootConfig
  /** Owns the root contract: what it sends there changes prices and lists. */
  readonly operator: NodeWallet
  /** Coins out of nothing, for a wallet of this network. */
  fund(address: ContractAddress, nano: bigint): Promise<void>
  /** Lists a model in the registry: `name@commit:hash`. Rejects with a MoneyError. */
  listModel(model: string): Promise<void>
}

/** Quick, since nobody else is asked. */
export const localInterval: PollInterval = { fromMs: 150, toMs: 250 }

const mineEveryMs = 5_000
const operatorNano = 20_000_000_000n
const rootNano = 1_000_000_000n
const changeNano = 100_000_000n
const oneTon = 1_000_000_000n

/** Starts a chain, makes an operator with a wallet, and deploys the root contract that lists this proxy. */
export async function startLocalChain(options: {
  world: World
  /** Port of the chain's HTTP interface on loopback; 0 takes a free one. */
  port: number
  proxy: Pick<RegisteredProxy, 'workerEndpoint' | 'clientEndpoint'>
  /** Of the image that proxies and workers run, in hexadecimal. */
  imageHash: string
}): Promise<LocalChain> {
  const { world, port, proxy, imageHash } = options
  await using stack = new AsyncDisposableStack()
  const devnet = stack.use(await startDevnet({ world, blockTimeMs: 0, port }))
  const key = createPaymentKey(world.random(32))
  const operator = stack.use(operatorWallet(devnet.chain, world, key))
  await devnet.faucet(operator.address, operatorNano)
  const config = localConfig(operator.address, proxy, world, [imageHash])
  const code = compiledCode('root')
  const root = rootContractAddress(code, config)
  await operator.send('root', { destination: root, valueNano: rootNano, ...rootDeployment(code, config) })
  const failure = outcomeError(await operator.outcome('root'))
  if (failure !== undefined) throw failure
  const chain = stack.use(openChain([{ url: devnet.url }], { world }))
  stack.use(keepMining(devnet, world))
  const closing = stack.move()
  return {
    devnet,
    chain,
    root,
    config,
    operator,
    listModel: model => listModel(operator, root, model),
    fund: async (address, nano) => void (await devnet.faucet(address, nano)),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

async function listModel(operator: NodeWallet, root: ContractAddress, model: string): Promise<void> {
  const slot = `model-${modelHash(model).slice(0, 16)}`
  const body = rootBody.admit({ queryId: 0n, list: 'model', hash: Buffer.from(modelHash(model), 'hex') })
  await operator.send(slot, { destination: root, valueNano: changeNano, isBounceable: true, body })
  const failure = outcomeError(await operator.outcome(slot))
  if (failure !== undefined) throw failure
}

/** Blocks also where nothing happens: a chain that stands still counts as out of date. */
function keepMining(devnet: Devnet, world: World): Disposable {
  let timer: Timer
  const later = (): void => {
    timer = world.after(
      mineEveryMs,
      () =>
        void devnet
          .mine()
          .catch(() => {})
          .finally(later),
    )
  }
  later()
  return { [Symbol.dispose]: () => timer.cancel() }
}

function operatorWallet(chain: Chain, world: World, key: PaymentKey): NodeWallet {
  return new NodeWallet({
    chain,
    store: new MemoryStore(),
    world,
    key,
    owner: contractAddress(0, world.random(32)),
    code: compiledCode('wallet'),
    interval: { fromMs: 50, toMs: 100 },
  })
}

/** What a token costs on a local network: 2 nanotons, of which the worker gets 1. */
export function localConfig(
  ownerAddress: ContractAddress,
  proxy: Pick<RegisteredProxy, 'workerEndpoint' | 'clientEndpoint'>,
  world: World,
  imageHashes: readonly string[] = [],
): RootConfig {
  return {
    structVersion: 4,
    version: 1,
    paramsVersion: 1,
    // Another number each time: no contract of this network has the address of one elsewhere.
    uniqueId: new DataView(world.random(4).buffer).getUint32(0),
    isTest: true,
    pricePerTokenNano: 2n,
    workerFeePerTokenNano: 1n,
    multipliers: { prompt: 10_000, cached: 10_000, completion: 10_000, reasoning: 10_000 },
    proxyDelayBeforeCloseS: 600,
    clientDelayBeforeCloseS: 300,
    minProxyStakeNano: oneTon,
    minClientStakeNano: oneTon,
    ownerAddress,
    lastProxySeqno: 1,
    proxies: [{ seqno: 1, ...proxy }],
    proxyHashes: new Set(imageHashes),
    workerHashes: new Set(imageHashes),
    modelHashes: new Set(),
    codes: { proxy: compiledCode('proxy'), worker: compiledCode('worker'), client: compiledCode('client') },
  }
}
