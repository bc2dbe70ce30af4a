import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import {
  Client,
  ClientError,
  type Endpoint,
  type KeyBook,
  type LeastProtection,
  type ReceiptBook,
  type SealerOptions,
  startEndpoint,
} from '@cocoon/client/role'
import {
  ChannelsWithoutChain,
  type ClientChannels,
  type ClientPolicy,
  clientPolicy,
  ClientSettlement,
  type ContractAddress,
  createPaymentKey,
  nodeWalletAddress,
  reservationTokens,
  type RootConfig,
  type Tally,
} from '@cocoon/money'
import type { ClientRunnerConfig } from '@cocoon/wire'
import { configuredAddress } from '../config/address.ts'
import { CliError } from '../error.ts'
import { createAccess, leaveToken } from '../http/access.ts'
import { clientFaces } from '../http/client-surface.ts'
import { type Routes, routesOf } from '../http/surface.ts'
import { Troubles } from '../http/troubles.ts'
import { openKeys } from '../keys/open-keys.ts'
import { type ChainSide, openChainSide } from './chain-side.ts'
import type { Attestation } from './attestation.ts'
import { createDialer, type Reach } from './dialer.ts'
import { choosePort, isLoopback, listenError } from './port.ts'
import { openClientSealing } from './sealing.ts'
import { openReceipts } from './receipts.ts'
import { openTally } from './tally.ts'
import { openWitness } from './witness.ts'
import { checksHashes, closeOnce, type RoleSetup, type RunningRole } from './role.ts'

export interface ClientSetup extends RoleSetup {
  readonly runner: ClientRunnerConfig
  readonly reach: Reach
  readonly callers: Callers
  /** Whether it cosigns the logs of its proxies; it does if absent. */
  readonly isWitness?: boolean | undefined
  /** How queries are protected, where a person says so. */
  readonly protection?: ProtectionChoice | undefined
  /** When to act on the chain, where that is not as usual. */
  readonly policies?: Partial<ClientPolicy> | undefined
}

export interface ProtectionChoice {
  /** The least that callers get who say nothing. */
  readonly least?: LeastProtection | undefined
  /** Where the receipts of sealed answers are saved; absent: nowhere. */
  readonly receiptsDirectory?: string | undefined
  readonly sealer?: Pick<SealerOptions, 'linkage' | 'shape'> | undefined
  /** Whether machines have to prove their GPUs. */
  readonly gpus?: 'required' | 'optional' | undefined
}

/** Who may call the endpoint, and from where. */
export interface Callers {
  /** Address to listen on. */
  readonly host: string
  /** The API keys; without a file everybody who reaches the port is served. */
  readonly keysFile: string | undefined
  /** Origins whose web pages may call, `*` for all. */
  readonly cors: readonly string[]
  /** Names besides loopback ones that callers may use for this machine. */
  readonly hostNames: readonly string[]
  /** Hears of each wish to read the key file now. */
  readonly onReload: (reload: () => void) => Disposable
}

export interface RunningClient extends RunningRole {
  readonly client: Client
}

/** Starts the client and its OpenAI-compatible endpoint. Rejects with a CliError and leaves nothing open. */
export async function startClient(setup: ClientSetup): Promise<RunningClient> {
  const { runner, world, report, stateDirectory, callers } = setup
  const troubles = new Troubles(report)
  const rootAddress = configuredAddress('root_contract_address', runner.rootContractAddress)

  await using stack = new AsyncDisposableStack()
  const dialer = stack.use(await createDialer(world, setup.reach, report))
  const money = await openMoney(setup, rootAddress, troubles, stack)
  const { wallet, config, channels } = money
  const client = new Client({
    world,
    config,
    root: rootAddress,
    wallet,
    isTestnet: runner.isTestnet,
    channels,
    checkProxyHashes: checksHashes(runner.checkProxyHashes, runner.isTest),
    proxyConnections: runner.proxyConnections,
    dial: dialer.dial,
    sealing: openClientSealing({
      attestation: setup.reach.attestation,
      network: setup.network,
      report: troubles.report,
      sealer: setup.protection?.sealer,
      gpus: setup.protection?.gpus,
    }),
    witness: await openWitness(setup, 'client'),
    leastProtection: setup.protection?.least ?? defaultProtection(setup.reach.attestation),
    tally: money.onChain?.tally,
    log: troubles.report,
  })
  stack.defer(() => client.close(0))
  if (money.onChain !== undefined) {
    stack.defer(money.onChain.chainSide.registry.onVersion(newer => client.setConfig(newer)))
  }
  const { onChain } = money
  const faces = stack.use(clientFaces({ client, setup, wallet, rootAddress, dialer, troubles, onChain }))
  const access = createAccess(runner.httpAccessHash, world, isLoopback(callers.host))
  const receipts = await openReceipts(
    { ...setup, ...setup.protection, client, report: troubles.report },
    stack,
  )
  const endpoint = await openEndpoint(
    client,
    setup,
    { routes: routesOf(faces, access, report), receipts },
    stack,
  )
  if (endpoint !== undefined) {
    stack.use(await leaveToken(access, { role: 'client', port: endpoint.port, stateDirectory, report }))
  }
  client.start()

  const closing = stack.move()
  return {
    name: 'client',
    client,
    addresses: endpoint ? { http: addressOf(callers.host, endpoint.port) } : {},
    problems: () => faces.problems(),
    close: closeOnce(world, async leftMs => {
      await endpoint?.close(leftMs())
      await client.close(leftMs())
      await closing.disposeAsync()
    }),
  }
}

/** Where machines have to prove themselves, queries are sealed to them; where nobody proves anything, nothing is. */
export function defaultProtection({ machines }: Attestation): LeastProtection {
  return machines === undefined ? 'any' : 'sealed'
}

/** What a client pays with. */
interface Money {
  readonly wallet: ContractAddress
  readonly config: RootConfig
  readonly channels: ClientChannels
  readonly onChain:
    | { readonly chainSide: ChainSide; readonly settlement: ClientSettlement; readonly tally: Tally }
    | undefined
}

async function openMoney(
  setup: ClientSetup,
  root: ContractAddress,
  troubles: Troubles,
  stack: AsyncDisposableStack,
): Promise<Money> {
  const { runner, world, network } = setup
  const owner = configuredAddress('owner_address', runner.ownerAddress)
  const secretText = new TextEncoder().encode(runner.secretString)
  if (network.chain === undefined) {
    const wallet = nodeWalletAddress({ publicKey: createPaymentKey(runner.nodeWalletKey).publicKey, owner })
    const channels = new ChannelsWithoutChain('client-charge', secretText)
    return { wallet, config: network.root, channels, onChain: undefined }
  }
  const { nodeWalletKey: walletKey, isTest } = runner
  const chainSide = stack.use(
    await openChainSide({ world, setup: network.chain, walletKey, owner, root, isTest }),
  )
  const { wallet, registry } = chainSide
  const { chain, store, interval } = network.chain
  const settlement = stack.use(
    new ClientSettlement({
      world,
      chain,
      store,
      wallet,
      secret: secretText.length > 0 ? secretText : secretOf(walletKey),
      config: () => registry.view.config ?? chainSide.config,
      policy: { ...clientPolicy, ...setup.policies },
      interval,
      report: troubles.report,
    }),
  )
  const tally = stack.use(await openTally(network.chain, world, troubles.report))
  settlement.start()
  return {
    wallet: wallet.address,
    config: chainSide.config,
    channels: settlement,
    onChain: { chainSide, settlement, tally },
  }
}

/** The secret of a client that chose none: as strong as its wallet's key, and always the same. */
function secretOf(walletKey: Uint8Array): Uint8Array {
  const digest = createHmac('sha256', walletKey).update('cocoon client secret').digest('hex')
  return new TextEncoder().encode(digest)
}

async function openEndpoint(
  client: Client,
  setup: ClientSetup,
  { routes, receipts }: { routes: Routes; receipts: ReceiptBook },
  stack: AsyncDisposableStack,
): Promise<Endpoint | undefined> {
  const { world, report, httpPort, httpPortSetting = 'http_port', callers } = setup
  if (httpPort === undefined) return undefined
  const { host, keysFile, cors, hostNames } = callers
  try {
    // What keys spent is kept by port, so with keys a free port is chosen beforehand.
    const port = httpPort === 0 && keysFile !== undefined ? await choosePort(host) : httpPort
    const keys = await openKeyBook(setup, port, stack)
    const endpoint = await startEndpoint({
      network: client,
      world,
      host,
      port,
      ...(keys && { keys }),
      cors: cors.length > 0 && [...cors],
      hostNames: [...hostNames],
      protection: () => setup.reach.attestation.protection,
      costBound: ({ maxTokens, body: { length: queryBytes }, maxCoefficient }) => {
        const { pricePerTokenNano, multipliers } = client.config
        return pricePerTokenNano * reservationTokens({ maxTokens, queryBytes, maxCoefficient, multipliers })
      },
      receipts,
      extraRoutes: routes,
      log: (what, details) => report({ event: 'endpoint', what, details }),
    })
    stack.defer(() => endpoint.close(0))
    return endpoint
  } catch (error) {
    if (error instanceof CliError) throw error
    const cause = error instanceof ClientError ? (error.cause ?? error) : error
    throw listenError(cause, host, httpPort, httpPortSetting)
  }
}

async function openKeyBook(
  setup: ClientSetup,
  port: number,
  stack: AsyncDisposableStack,
): Promise<KeyBook | undefined> {
  const { world, report, stateDirectory, callers } = setup
  const { keysFile, cors, onReload } = callers
  if (keysFile !== undefined) {
    const spentFile = join(stateDirectory, `client-${port}.spent.json`)
    return stack.use(await openKeys({ world, report, keysFile, spentFile, onReload })).book
  }
  if (cors.includes('*')) {
    report({ event: 'setting-doubtful', why: 'every web page may call, and no keys are asked for' })
  }
  return undefined
}

function addressOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
