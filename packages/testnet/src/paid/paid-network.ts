import {
  type Chain,
  type ClientPolicy,
  compiledCode,
  type ContractAddress,
  type Ledger,
  nodeWalletAddress,
  openChain,
  type ProxyPolicy,
  ProxySettlement,
  type RootConfig,
  type SettlementEvent,
  type Store,
  type WorkerPolicy,
} from '@cocoon/money'
import type { World } from '@cocoon/wire'
import { systemWorld } from '@cocoon/wire/node'
import { join } from 'node:path'
import { TestnetError } from '../error.ts'
import { keepAlive, testModel } from '../network.ts'
import { ScriptedBackend, wholeAnswer } from '../scripted-backend.ts'
import { pipeStreet, type Place, type Street } from '../street.ts'
import { auditChain, type ChainAudit } from './audit.ts'
import { type Ground, oneTon, startGround } from './ground.ts'
import {
  identityOf,
  nobody,
  openPaidClient,
  openPaidProxy,
  openPaidWorker,
  type PaidClient,
  type PaidProxy,
  type PaidWorker,
  type PartySetup,
  paymentKeyOf,
  quickPolicies,
} from './parties.ts'

export interface PaidNetworkOptions {
  /** Holds the files of all parties. Removed by whoever made it. */
  readonly directory: string
  /** How many clients; 1 if absent. */
  readonly clients?: number
  /** What the root contract says otherwise than usual. */
  readonly terms?: Partial<RootConfig>
  readonly policies?: {
    readonly proxy?: Partial<ProxyPolicy>
    readonly client?: Partial<ClientPolicy>
    readonly worker?: Partial<WorkerPolicy>
  }
  /** What a party sees of the chain; the chain itself if absent. */
  readonly chainOf?: (chain: Chain, party: string) => Chain
  /** The parties ask the chain over HTTP, so that `devnet.faults` are theirs. */
  readonly isOverHttp?: boolean
  /** Opens a party's records, or the proxy's books, otherwise than from a file. */
  readonly openStore?: (party: string, path: string) => Promise<Store>
  readonly openLedger?: (path: string, contract: string) => Promise<Ledger>
  /** Coins of each party's wallet; 50 TON if absent. */
  readonly fundedNano?: bigint
  readonly log?: (party: string, event: SettlementEvent) => void
}

/** Who can be stopped and started: a party keeps its name, keys and files. */
export interface Party<Running extends AsyncDisposable> {
  readonly name: string
  /** Of its node wallet. */
  readonly wallet: ContractAddress
  readonly isRunning: boolean
  /** Throws `TestnetError('usage')` while it does not run. */
  readonly running: Running
  start(): Promise<void>
  stop(): Promise<void>
  restart(): Promise<void>
}

/** One proxy, one worker and clients that pay each other on a chain, all in one process. */
export interface PaidNetwork extends AsyncDisposable {
  readonly world: World
  readonly ground: Ground
  /** The proxy's. */
  readonly contract: ContractAddress
  readonly proxy: Party<PaidProxy>
  readonly worker: Party<PaidWorker>
  readonly clients: ReadonlyArray<Party<PaidClient>>
  readonly backend: ScriptedBackend
  /** Everything that settlement has told of. */
  readonly events: ReadonlyArray<{ party: string; event: SettlementEvent }>
  /** Waits for a condition. Rejects with `TestnetError('stuck')` after `timeoutMs`, 20 s if absent. */
  until(what: string, condition: () => boolean | Promise<boolean>, timeoutMs?: number): Promise<void>
  /** Resolves once everybody that runs is connected and every client has paid in. */
  ready(): Promise<void>
  /** Follows all money on the chain; see `auditChain`. */
  audit(): Promise<ChainAudit>
}

const usualFundsNano = 50n * oneTon
const pollMs = 10
const stuckMs = 20_000

/** Starts a chain, funds the parties and starts them; of use once `ready` has resolved. */
export async function startPaidNetwork(options: PaidNetworkOptions): Promise<PaidNetwork> {
  const world = systemWorld
  const { terms, clients: clientCount = 1 } = options
  await using stack = new AsyncDisposableStack()
  const alive = keepAlive()
  stack.defer(() => alive.close())
  const street = stack.use(pipeStreet(world))
  const place = await street.open()
  const ground = stack.use(
    await startGround({
      world,
      proxies: [place],
      imageHash: street.imageHash,
      model: testModel,
      terms,
      ...(options.isOverHttp && { port: 0 }),
    }),
  )
  const { devnet } = ground
  const chain = options.isOverHttp ? stack.use(openChain([{ url: devnet.url }], { world })) : ground.chain
  place.accept = nobody
  const events: Array<{ party: string; event: SettlementEvent }> = []
  const setups = setupsOf({ world, street, ground, chain, events }, options)
  const parties = makeParties(setups, { place, clientCount }, options)
  const everybody: ReadonlyArray<Party<AsyncDisposable>> = [parties.proxy, parties.worker, ...parties.clients]
  for (const { wallet } of everybody) {
    await devnet.faucet(wallet, options.fundedNano ?? usualFundsNano)
  }
  for (const party of everybody) {
    stack.defer(() => party.stop())
    await party.start()
  }
  const closing = stack.move()
  const { name } = parties.proxy
  const { config, root } = ground
  const contract = ProxySettlement.contractOf({
    config,
    root,
    key: paymentKeyOf(name),
    owner: identityOf(name).owner,
  })
  const until: PaidNetwork['until'] = (what, condition, timeoutMs = stuckMs) =>
    waitUntil(world, what, condition, timeoutMs)
  return {
    world,
    ground,
    contract,
    ...parties,
    events,
    until,
    ready: () => until('everybody is ready', () => isReady(parties)),
    audit: () =>
      auditChain({
        chain: ground.chain,
        config,
        contract,
        proxyPublicKey: paymentKeyOf(name).publicKey,
        proxyOwner: identityOf(name).owner,
        clients: parties.clients.map(({ wallet }) => wallet),
        workers: [identityOf(parties.worker.name).owner],
      }),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

type Parties = Pick<PaidNetwork, 'proxy' | 'worker' | 'clients' | 'backend'>

/** What parties share, made into the setup of each by its name. */
function setupsOf(
  shared: {
    world: World
    street: Street
    ground: Ground
    chain: Chain
    events: Array<{ party: string; event: SettlementEvent }>
  },
  { directory, chainOf, openStore, openLedger, log }: PaidNetworkOptions,
): (name: string) => PartySetup {
  const { world, street, ground, chain, events } = shared
  return name => ({
    name,
    world,
    street,
    root: ground.root,
    config: ground.config,
    directory,
    chain: chainOf?.(chain, name) ?? chain,
    openStore: openStore && (() => openStore(name, join(directory, `${name}-records.sqlite`))),
    openLedger,
    report: event => {
      events.push({ party: name, event })
      log?.(name, event)
    },
  })
}

function makeParties(
  setupOf: (name: string) => PartySetup,
  { place, clientCount }: { place: Place; clientCount: number },
  { policies = {} }: PaidNetworkOptions,
): Parties {
  const backend = new ScriptedBackend(wholeAnswer('Hello', { prompt: 20, completion: 480 }))
  const clientNames = Array.from({ length: clientCount }, (_, index) => `client-${index}`)
  return {
    backend,
    proxy: partyOf('proxy', () =>
      openPaidProxy(setupOf('proxy'), place, { ...quickPolicies.proxy, ...policies.proxy }),
    ),
    worker: partyOf('worker', () =>
      openPaidWorker(
        setupOf('worker'),
        { ...quickPolicies.worker, ...policies.worker },
        { backend, model: testModel },
      ),
    ),
    clients: clientNames.map(name =>
      partyOf(name, () => openPaidClient(setupOf(name), { ...quickPolicies.client, ...policies.client })),
    ),
  }
}

function partyOf<Running extends AsyncDisposable>(
  name: string,
  open: () => Promise<Running>,
): Party<Running> {
  let running: Running | undefined
  const { walletKey, owner } = identityOf(name)
  const party: Party<Running> = {
    name,
    wallet: nodeWalletAddress({ publicKey: walletKey.publicKey, owner, code: compiledCode('wallet') }),
    get isRunning() {
      return running !== undefined
    },
    get running() {
      if (running === undefined) throw new TestnetError('usage', `${name} does not run`)
      return running
    },
    start: async () => {
      running ??= await open()
    },
    stop: async () => {
      const ending = running
      running = undefined
      await ending?.[Symbol.asyncDispose]()
    },
    restart: async () => {
      await party.stop()
      await party.start()
    },
  }
  return party
}

function isReady({ proxy, worker, clients }: Parties): boolean {
  if (proxy.running.settlement.obstacle !== undefined) return false
  if (![...proxy.running.proxy.workers].some(link => !link.disabled)) return false
  if (!worker.running.worker.proxies().every(({ session }) => session?.isReady === true)) return false
  // A client sees its deposit before the proxy does, which refuses its requests until then.
  if (proxy.running.ledger.clients().filter(({ available }) => available > 0n).length < clients.length) {
    return false
  }
  return clients.every(({ running }) => {
    const [view] = running.settlement.views()
    return running.client.isReady && view?.contract !== undefined && view.contract.balanceNano > 0n
  })
}

async function waitUntil(
  world: World,
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
): Promise<void> {
  const until = world.monotonic() + timeoutMs
  while (!(await condition())) {
    if (world.monotonic() > until) throw new TestnetError('stuck', `It did not come to pass: ${what}`)
    await new Promise<void>(resolve => void world.after(pollMs, resolve))
  }
}
