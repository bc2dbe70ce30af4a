import { join } from 'node:path'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import {
  compiledCode,
  contractAddress,
  createPaymentKey,
  formatAddress,
  MemoryStore,
  NodeWallet,
  openChain,
  outcomeError,
  parseAddress,
  parseProxyEndpoints,
  rootBody,
  rootContractAddress,
  rootDeployment,
} from '@cocoon/money'
import { type Context, print, printJson, stateDirectoryOf, tinted } from '../context.ts'
import { CliError } from '../error.ts'
import { localConfig } from '../roles/local-chain.ts'
import { type DevnetCallFlags, fundFromFaucet } from './devnet-actions.ts'
import { devnetNotice } from './devnet.ts'

export interface DevnetRootFlags extends DevnetCallFlags {
  proxy: string
  price?: bigint
  fee?: bigint
}

/** What this command remembers of the registry that it deployed. */
interface Operator {
  /** Seed of the operator's wallet, base64. Its coins are worth nothing. */
  readonly key: string
  readonly owner: string
  readonly root?: string
}

const neededNano = 30_000_000_000n
const deployNano = 1_000_000_000n
const attachedNano = 100_000_000n
const pollInterval = { fromMs: 100, toMs: 200 }

/**
 * `cocoon devnet root`: deploys the registry of a network on the local chain; with --price on one that is deployed,
 * changes what tokens cost.
 */
export async function runDevnetRoot(context: Context, flags: DevnetRootFlags): Promise<void> {
  // Nothing else keeps the process alive between two looks at the chain.
  using _ = context.awaitStop()
  const { world, stdout, environment } = context
  const state = stateDirectoryOf(environment, flags.state)
  const path = join(state, `devnet-${flags.port}.operator.json`)
  const known = await readOperator(path)
  const operator = known ?? newOperator(context)
  await using chain = openChain([{ url: `http://127.0.0.1:${flags.port}` }], {
    world,
    heads: { maxSkewS: 1e9 },
  })
  await using wallet = new NodeWallet({
    chain,
    store: new MemoryStore(),
    world,
    key: createPaymentKey(Buffer.from(operator.key, 'base64')),
    owner: parseAddress(operator.owner),
    code: compiledCode('wallet'),
    interval: pollInterval,
  })
  if (known === undefined) await fundFromFaucet(context, flags, wallet.address, neededNano)
  const isChange = operator.root !== undefined && flags.price !== undefined
  const root = isChange
    ? await changePrice(wallet, parseAddress(operator.root!), flags)
    : await deploy(context, wallet, flags)
  const address = formatAddress(root, { bounceable: true })
  await mkdir(state, { recursive: true, mode: 0o700 })
  await writeFile(path, `${JSON.stringify({ ...operator, root: address })}\n`, { mode: 0o600 })
  if (flags.json)
    return printJson(stdout, { root: address, proxy: flags.proxy, changed: isChange, simulated: true })
  print(stdout, tinted('simulated', devnetNotice, stdout))
  print(
    stdout,
    isChange ? `The registry ${address} has new prices.` : `The registry is at ${address}.`,
    `Roles take it as root_contract_address, and --chain http://127.0.0.1:${flags.port}.`,
  )
}

async function deploy(context: Context, wallet: NodeWallet, flags: DevnetRootFlags) {
  const proxy = parseProxyEndpoints(flags.proxy)
  const usual = localConfig(wallet.address, proxy, context.world)
  const config = { ...usual, ...pricesOf(flags, usual) }
  const code = compiledCode('root')
  const destination = rootContractAddress(code, config)
  await done(wallet, 'root', { destination, valueNano: deployNano, ...rootDeployment(code, config) })
  return destination
}

async function changePrice(
  wallet: NodeWallet,
  root: ReturnType<typeof parseAddress>,
  flags: DevnetRootFlags,
) {
  const prices = pricesOf(flags, { pricePerTokenNano: 2n, workerFeePerTokenNano: 1n })
  const body = rootBody.changePrice({ queryId: 0n, ...prices })
  await done(wallet, 'price', { destination: root, valueNano: attachedNano, isBounceable: true, body })
  return root
}

function pricesOf(
  { price, fee }: DevnetRootFlags,
  usual: { pricePerTokenNano: bigint; workerFeePerTokenNano: bigint },
): { pricePerTokenNano: bigint; workerFeePerTokenNano: bigint } {
  const pricePerTokenNano = price ?? usual.pricePerTokenNano
  const workerFeePerTokenNano =
    fee ?? (price === undefined ? usual.workerFeePerTokenNano : (price * 95n) / 100n)
  if (workerFeePerTokenNano <= pricePerTokenNano) return { pricePerTokenNano, workerFeePerTokenNano }
  throw new CliError(
    'usage',
    'A worker cannot get more for a token than the client pays: --fee is above --price.',
  )
}

async function done(
  wallet: NodeWallet,
  id: string,
  message: Parameters<NodeWallet['send']>[1],
): Promise<void> {
  await wallet.send(id, message)
  const failure = outcomeError(await wallet.outcome(id))
  if (failure !== undefined) throw failure
}

function newOperator({ world }: Context): Operator {
  return {
    key: Buffer.from(world.random(32)).toString('base64'),
    owner: formatAddress(contractAddress(0, world.random(32))),
  }
}

async function readOperator(path: string): Promise<Operator | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Operator
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new CliError('config', `The file ${path} cannot be read.`, {
      cause: error,
      advice: 'Remove it: another registry is deployed then.',
    })
  }
}
