import {
  type Chain,
  compiledCode,
  type ContractAddress,
  createPaymentKey,
  idleWallet,
  NodeWallet,
  nodeWalletAddress,
  type PollInterval,
  type RoleWallet,
  type RootConfig,
  RootWatch,
  type SharedRecords,
  type Store,
} from '@cocoon/money'
import type { World } from '@cocoon/wire'
import { CliError } from '../error.ts'

/** What a role is given to live with a chain; a network without one has a registry from a file instead. */
export interface ChainSetup {
  readonly chain: Chain
  /** Durable records of this role alone. Owned by who opened it. */
  readonly store: Store
  /** Where several processes of the role are on one database: the same records, and the address of the books. */
  readonly shared?: { readonly records: SharedRecords; readonly url: string } | undefined
  /** Where the role keeps its other files. */
  readonly directory: string
  /** Whether the chain is a local one, whose coins are worth nothing. */
  readonly isSimulated: boolean
  /** Between two looks at an account; the usual 5 to 10 s if absent. */
  readonly interval?: PollInterval | undefined
}

/** The chain as a running role uses it. */
export interface ChainSide extends AsyncDisposable {
  readonly setup: ChainSetup
  /** The one of now: another one after `changeShift`. */
  readonly wallet: RoleWallet
  readonly registry: RootWatch
  /** The registry as it is now; of what comes later, `registry` tells. */
  readonly config: RootConfig
  /** Sends from the wallet if this process leads on shared records, and no longer if it does not. */
  changeShift(): Promise<void>
}

/** How long a role waits for a chain that does not answer. */
const registryWaitMs = 60_000
const registryPollMs = 500

/** Opens the wallet and reads the registry. Rejects with a CliError where that takes longer than a minute. */
export async function openChainSide(options: {
  world: World
  setup: ChainSetup
  /** 32 bytes. */
  walletKey: Uint8Array
  owner: ContractAddress
  root: ContractAddress
  isTest: boolean
  signal?: AbortSignal | undefined
}): Promise<ChainSide> {
  const { world, setup, walletKey, owner, root, isTest, signal } = options
  const { chain, store, interval } = setup
  await using stack = new AsyncDisposableStack()
  const shared = { chain, store, world, ...(interval && { interval }) }
  const registry = stack.use(
    new RootWatch({ ...shared, address: root, isTest, interval: registryInterval(interval) }),
  )
  const config = await firstConfig(world, registry, signal)
  const key = createPaymentKey(walletKey)
  const code = compiledCode('wallet')
  const address = nodeWalletAddress({ publicKey: key.publicKey, owner, code })
  let active: NodeWallet | undefined
  const changeShift = async (): Promise<void> => {
    await active?.[Symbol.asyncDispose]()
    const isSender = setup.shared?.records.mayAct() ?? true
    const store = storeOf(setup)
    active = isSender ? new NodeWallet({ ...shared, store, key, owner, isTest, code }) : undefined
    void active?.poke()
  }
  await changeShift()
  stack.defer(() => active?.[Symbol.asyncDispose]())
  const idle = idleWallet(address)
  const closing = stack.move()
  return {
    setup,
    get wallet() {
      return active ?? idle
    },
    registry,
    changeShift,
    get config() {
      return registry.view.config ?? config
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

/** The records for what acts on the chain: on shared ones, those of this shift. */
export function storeOf({ shared, store }: ChainSetup): Store {
  return shared?.records.current ?? store
}

/** Why a wallet holds a role up, in words for people; empty if it does not. */
export function walletProblems({ wallet }: ChainSide): string[] {
  const { problem } = wallet.view
  return problem === undefined ? [] : [problem.message]
}

/** What is wrong with the registry, in words for people; empty if nothing is. */
export function registryProblems({ registry }: ChainSide): string[] {
  const { isUsable, problem } = registry.view
  return isUsable || problem === undefined ? [] : [problem.message]
}

async function firstConfig(
  world: World,
  registry: RootWatch,
  signal: AbortSignal | undefined,
): Promise<RootConfig> {
  const until = world.monotonic() + registryWaitMs
  for (;;) {
    await registry.poke()
    const { isUsable, problem, config } = registry.view
    if (isUsable && config !== undefined) return config
    signal?.throwIfAborted()
    if (world.monotonic() >= until) {
      throw new CliError(
        'unreachable',
        `The root contract cannot be read: ${problem?.message ?? 'no answer'}.`,
        {
          cause: problem,
          advice:
            'Check root_contract_address, and where the chain is read: --chain, or ton_config_filename.',
        },
      )
    }
    await new Promise<void>(resolve => world.after(registryPollMs, resolve))
  }
}

/** The registry changes seldom, and everybody has to know when it does. */
function registryInterval(interval: PollInterval | undefined): PollInterval {
  if (interval === undefined) return { fromMs: 30_000, toMs: 60_000 }
  return { fromMs: 4 * interval.fromMs, toMs: 4 * interval.toMs }
}
