import {
  compiledCode,
  type ContractAddress,
  createPaymentKey,
  formatAddress,
  nodeWalletAddress,
  parseAddress,
} from '@cocoon/money'
import { devnetNotice } from '../commands/devnet.ts'
import { openPersonChain, type PersonChain } from '../config/person-chain.ts'
import type { ChainFlags } from '../config/chain-sources.ts'
import { type Context, print, printJson, tinted } from '../context.ts'
import type { CommonFlags } from '../flags.ts'
import { coinOf, decimalCoins, inCoins } from '../http/coins.ts'
import { told } from '../money-error.ts'
import { cancelled, type Prompts, promptsOf } from '../prompts.ts'
import { probePort } from '../roles/port.ts'
import type { RoleName } from '../roles/role.ts'
import { table } from '../table.ts'
import { askFaucet } from '../wallet/faucet.ts'
import { transferLink } from '../wallet/place.ts'
import { type Cost, type Forecast, forecast } from './costs.ts'
import { isAddress, localRoot, ownAddress, Questions } from './questions.ts'
import { readRegistry, type Registry, registryDoubts } from './registry.ts'
import { requireNewFile, writeRoleFile } from './role-file.ts'

export interface SetupFlags extends CommonFlags, ChainFlags {
  out?: string
  root?: string
  owner?: string
  wallet?: string
  state?: string
  httpPort?: number
  testnet?: true
  requestsPerDay: number
  tokensPerRequest: number
  coin?: string
  yes?: true
  dryRun?: true
  force?: true
  fund?: true
}

/** What is asked of every role, and answered. */
export interface Basics {
  readonly context: Context
  readonly questions: Questions
  readonly network: PersonChain
  readonly registry: Registry
  readonly owner: ContractAddress
  readonly httpPort: number
  readonly isTestnet: boolean
}

/** What a role adds to that. */
export interface RolePlan {
  /** Entries of the file besides those of every role. */
  readonly entries: Record<string, unknown>
  /** Contracts on the other side, for the forecast. */
  readonly partners: number
  /** What a worker offers. */
  readonly model?: string
  /** What was found to be wrong or doubtful. */
  readonly doubts: readonly string[]
  /** More flags of the command that starts the role. */
  readonly startFlags?: string
  /** What is left to do besides funding and starting. */
  readonly steps?: readonly string[]
}

const usualHttpPorts: Record<RoleName, number> = { client: 10_000, proxy: 11_000, worker: 12_000 }
/** The network that the first programs serve. */
const publicRoot = 'EQCns7bYSp0igFvS1wpb5wsZjCKCV19MD5AVzI4EyxsnU73k'

/** Asks, reckons, writes the configuration and says what is next. */
export async function runSetup(
  context: Context,
  role: RoleName,
  flags: SetupFlags,
  plan: (basics: Basics) => Promise<RolePlan>,
): Promise<void> {
  const out = flags.out ?? `${role}.json`
  const isDry = flags.dryRun === true
  if (!isDry) await requireNewFile(out, flags.force === true)
  const prompts = flags.yes || flags.json || isDry ? undefined : await promptsOf(context)
  await using network = await told(() => openPersonChain(context, flags))
  const done = await prepare(context, { role, out, flags, network, questions: new Questions(prompts), plan })
  const { stdout, world } = context
  if (isDry && flags.json) return printJson(stdout, setUpJson(done))
  if (!flags.json) print(stdout, ...(prompts === undefined ? [] : ['']), ...planText(context, done))
  if (isDry) return print(stdout, '', tinted('faint', 'Nothing was written.', stdout))
  if (prompts !== undefined && !(await prompts.confirm(`Write ${out}?`, true))) {
    throw cancelled('Nothing was written.')
  }
  const kept = await writeRoleFile(out, done.file, world.now())
  const isFunded = await fund(done, prompts)
  if (!flags.json) return print(stdout, ...nextText(context, done, { kept, isFunded }))
  printJson(stdout, { ...setUpJson(done), file: out, ...(kept !== undefined && { kept }), funded: isFunded })
}

/** All that is known before anything is written. */
interface SetUp {
  readonly role: RoleName
  readonly out: string
  /** The configuration, with fresh keys. */
  readonly file: Record<string, unknown>
  readonly flags: SetupFlags
  readonly network: PersonChain
  readonly registry: Registry
  readonly wallet: ContractAddress
  readonly costs: Forecast
  readonly doubts: readonly string[]
  readonly rolePlan: RolePlan
  readonly isTestnet: boolean
  readonly coin: string
}

async function prepare(
  context: Context,
  of: {
    role: RoleName
    out: string
    flags: SetupFlags
    network: PersonChain
    questions: Questions
    plan: (basics: Basics) => Promise<RolePlan>
  },
): Promise<SetUp> {
  const { role, out, flags, network, questions, plan } = of
  const basics = await askBasics({ context, role, flags, network, questions })
  const { registry, owner, httpPort, isTestnet } = basics
  const rolePlan = await plan(basics)
  const walletKey = context.world.random(32)
  const { publicKey } = createPaymentKey(walletKey)
  const wallet = nodeWalletAddress({ publicKey, owner, code: compiledCode('wallet') })
  const load = {
    requestsPerDay: BigInt(flags.requestsPerDay),
    tokensPerRequest: BigInt(flags.tokensPerRequest),
    partners: BigInt(rolePlan.partners),
  }
  const costs = forecast(role, { config: registry.config, fees: registry.fees, load })
  const doubts = [
    ...registryDoubts(registry, role, rolePlan.model),
    ...rolePlan.doubts,
    ...(await portDoubts(httpPort)),
  ]
  const file = {
    is_test: registry.config.isTest,
    is_testnet: isTestnet,
    http_port: httpPort,
    owner_address: formatAddress(owner, { testnet: isTestnet }),
    root_contract_address: formatAddress(registry.root, { testnet: isTestnet, bounceable: true }),
    node_wallet_key: Buffer.from(walletKey).toString('base64'),
    ton_config_filename: placeOf(context, flags, network),
    ...rolePlan.entries,
  }
  const coin = coinOf(context.environment, flags.coin)
  return { role, out, file, flags, network, registry, wallet, costs, doubts, rolePlan, isTestnet, coin }
}

/** On a local chain, where it is asked for: coins from the faucet. True if there were any. */
async function fund(
  { flags, network, wallet, costs, coin }: SetUp,
  prompts: Prompts | undefined,
): Promise<boolean> {
  const { devnet } = network
  if (devnet === undefined) return false
  const question = `Fund its wallet with ${inCoins(costs.fundNano, coin)} from the faucet?`
  const isWanted = flags.fund === true || (prompts !== undefined && (await prompts.confirm(question, true)))
  if (isWanted) await askFaucet(devnet, wallet, costs.fundNano)
  return isWanted
}

async function askBasics(of: {
  context: Context
  role: RoleName
  flags: SetupFlags
  network: PersonChain
  questions: Questions
}): Promise<Basics> {
  const { context, role, flags, network, questions } = of
  const root = await questions.text({
    question: 'Address of the root contract',
    flag: '--root',
    given: flags.root ?? (context.environment['COCOON_ROOT_CONTRACT_ADDRESS'] || undefined),
    usual: network.isLocal ? await localRoot(context, network, flags.state) : publicRoot,
    check: isAddress,
  })
  const registry = await readRegistry(network.chain, parseAddress(root))
  const owner = await questions.text({
    question:
      role === 'client'
        ? 'Whose coins are they (the owner may always take them out)'
        : 'Who gets what is earned',
    flag: '--owner',
    given: flags.owner,
    usual: await ownAddress(context, flags.wallet),
    check: isAddress,
  })
  const httpPort = await questions.number({
    question: 'Port of its HTTP surface on this machine',
    flag: '--http-port',
    given: flags.httpPort,
    usual: usualHttpPorts[role],
    most: 65_535,
  })
  const isTestnet = flags.testnet === true
  return { context, questions, network, registry, owner: parseAddress(owner), httpPort, isTestnet }
}

async function portDoubts(port: number): Promise<string[]> {
  if (port === 0) return []
  return probePort('127.0.0.1', port).then(
    () => [],
    () => [`Port ${port} is in use now: another program has to end before this role starts.`],
  )
}

/** What the file says of where the chain is: the first source, so that the role starts without a flag. */
function placeOf({ environment }: Context, { chain }: SetupFlags, { devnet }: PersonChain): string {
  return chain?.[0] ?? environment['COCOON_CHAIN']?.split(',')[0]?.trim() ?? devnet?.url ?? ''
}

function planText(
  { stdout }: Context,
  { role, network, registry, costs, doubts, coin, flags }: SetUp,
): string[] {
  const { config } = registry
  const faint = (text: string): string => tinted('faint', text, stdout)
  const row = ({ what, nano, why }: Cost): string[] => [`  ${what}`, inCoins(nano, coin), faint(why)]
  const price = (nano: bigint): string => inCoins(nano * 1_000_000n, coin)
  return [
    ...(network.devnet === undefined ? [] : [tinted('simulated', devnetNotice, stdout), '']),
    `${tinted('strong', 'Network', stdout)}: ${config.isTest ? 'a test network' : 'a real network'}, registry version ${config.version}, ` +
      `${config.proxies.length === 1 ? 'one proxy' : `${config.proxies.length} proxies`}.`,
    `Price of 1 M units: ${price(config.pricePerTokenNano)}, of which workers get ${price(config.workerFeePerTokenNano)}.`,
    '',
    `${tinted('strong', `What this ${role} takes`, stdout)}`,
    ...table([
      ...costs.start.map(row),
      [
        `  ${tinted('strong', 'to send before the start', stdout)}`,
        tinted('strong', inCoins(costs.fundNano, coin), stdout),
      ],
    ]),
    '',
    `${tinted('strong', 'In 30 days', stdout)} at ${flags.requestsPerDay} requests a day`,
    ...table(costs.month.map(entry => row({ ...entry, nano: entry.nano < 0n ? -entry.nano : entry.nano }))),
    ...(doubts.length === 0 ? [] : ['', ...doubts.map(doubt => tinted('simulated', doubt, stdout))]),
  ]
}

function nextText(
  { stdout }: Context,
  { role, out, wallet, costs, network, rolePlan, isTestnet, coin }: SetUp,
  { kept, isFunded }: { kept: string | undefined; isFunded: boolean },
): string[] {
  const address = formatAddress(wallet, { testnet: isTestnet })
  const strong = (text: string): string => tinted('strong', text, stdout)
  const steps: string[][] = []
  if (!isFunded) {
    const how =
      network.devnet === undefined
        ? transferLink(address, costs.fundNano)
        : `cocoon wallet fund ${decimalCoins(costs.fundNano)} --config ${out}`
    steps.push([
      `Send ${strong(inCoins(costs.fundNano, coin))} to the wallet of this ${role}:`,
      `  ${strong(address)}`,
      `  ${how}`,
    ])
  }
  for (const step of rolePlan.steps ?? []) steps.push([step])
  steps.push([`Start it: ${strong(`cocoon ${role} --config ${out}${rolePlan.startFlags ?? ''}`)}`])
  steps.push([`See how it stands: cocoon balance ${role}`])
  return [
    '',
    `Wrote ${strong(out)}, which holds keys: keep a copy where nobody else reads it.`,
    ...(kept === undefined ? [] : [`The configuration that was there is now ${kept}.`]),
    ...(isFunded ? [`${inCoins(costs.fundNano, coin)} are in its wallet, ${address}.`] : []),
    '',
    ...steps.flatMap(([first = '', ...rest], index) => [
      `${index + 1}. ${first}`,
      ...rest.map(line => `   ${line}`),
    ]),
  ]
}

function setUpJson({
  role,
  registry,
  wallet,
  costs,
  doubts,
  isTestnet,
  network,
}: SetUp): Record<string, unknown> {
  const costJson = ({ what, nano, why }: Cost) => ({ what, nano: String(nano), why })
  return {
    simulated: network.devnet !== undefined,
    role,
    root: formatAddress(registry.root, { testnet: isTestnet, bounceable: true }),
    is_test: registry.config.isTest,
    wallet: formatAddress(wallet, { testnet: isTestnet }),
    fund_nano: String(costs.fundNano),
    fund: decimalCoins(costs.fundNano),
    start: costs.start.map(costJson),
    month: costs.month.map(costJson),
    doubts,
  }
}
