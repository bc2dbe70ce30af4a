import type { Timer, World } from '@cocoon/wire'
import { type ContractAddress, formatAddress, parseAddress } from '../address.ts'
import type { ChainBlock } from '../chain/chain.ts'
import { MoneyError } from '../error.ts'
import { ownAddress, tonAddress } from './accounts.ts'
import { Blockchain } from './blockchain.ts'
import { DevnetChain } from './devnet-chain.ts'
import { type DevnetFaults, noFaults } from './faults.ts'
import { faucetAddress } from './faucet.ts'
import type { GiftReceipt } from './gifts.ts'
import type { AdminAction } from './http/admin.ts'
import { wrong } from './http/parameters.ts'
import { devnetLimits } from './limits.ts'
import { type DevnetServer, startServer } from './http/server.ts'

export interface DevnetOptions {
  world: World
  /** Where the chain is kept; in memory if absent. */
  directory?: string
  /** 0: a block at once for each message. Infinity: blocks only by `mine`. */
  blockTimeMs: number
  /** Port on loopback, 0 or absent for a free one; false for no HTTP at all. */
  port?: number | false
  /** What calls of `/devnet/...` that change something have to carry; without one there are none. */
  token?: string
  /** Hears of each block once it is written. */
  onBlock?: (block: ChainBlock & { transactions: number }) => void
  /** Hears why no blocks are made any more. */
  onFailure?: (error: unknown) => void
}

export interface DevnetStatus extends ChainBlock {
  /** Always: nothing of it is worth anything. */
  readonly simulated: true
  readonly blockTimeMs: number
  readonly transactions: number
  /** External messages that wait for a block. */
  readonly waiting: number
  /** Seconds that the chain is ahead of the clock. */
  readonly aheadS: number
  readonly faucet: string
  readonly faucetNano: bigint
  readonly snapshots: ReadonlyArray<{ name: string; seqno: number }>
}

/** A running devnet. */
export interface Devnet extends AsyncDisposable {
  /** The chain without HTTP; it lives as long as the devnet. */
  readonly chain: DevnetChain
  /** Where toncenter's interface is served: `/api/v2/jsonRPC` comes after it. Empty without HTTP. */
  readonly url: string
  readonly faults: DevnetFaults
  readonly faucetAddress: ContractAddress
  /** Makes a block now. */
  mine(): Promise<ChainBlock>
  /** Moves the chain's clock ahead by whole seconds, and makes a block there. */
  advance(seconds: number): Promise<ChainBlock>
  /**
   * Sends coins out of the faucet's wallet; resolves once the block is made that has the transfer. Rejects with
   * `wallet-balance`, or `limit`.
   */
  faucet(address: ContractAddress, amountNano: bigint): Promise<GiftReceipt>
  /** Takes the newest block away: what a source shows that changes its mind. */
  undoBlock(): Promise<ChainBlock>
  /** Keeps the whole chain under a name. */
  snapshot(name: string): Promise<ChainBlock>
  /** Goes back to what was kept under a name; rejects with `devnet` if nothing was. */
  restore(name: string): Promise<ChainBlock>
  status(): DevnetStatus
}

const headOf = ({ seqno, timeS }: ChainBlock): ChainBlock => ({ seqno, timeS })

/**
 * Starts a TON chain in this process: the virtual machine of the real one, blocks at a set pace, toncenter's HTTP
 * interface on loopback. Rejects with `MoneyError`: `storage`, `port-in-use`, `devnet`.
 */
export async function startDevnet(options: DevnetOptions): Promise<Devnet> {
  const { world, directory, blockTimeMs, port = 0, token, onBlock = () => {} } = options
  if (!(blockTimeMs >= 0)) throw new MoneyError('devnet', 'The time of a block is 0 or more milliseconds')
  const blockchain = await Blockchain.open({
    world,
    directory,
    isImmediate: blockTimeMs === 0,
    onBlock: block => onBlock({ ...headOf(block), transactions: block.transactionCount }),
  })
  const faults = noFaults()
  const pace = new Pace(world, blockchain, options)
  const devnet: Omit<Devnet, 'url' | typeof Symbol.asyncDispose> = {
    chain: new DevnetChain(blockchain),
    faults,
    faucetAddress: ownAddress(faucetAddress),
    mine: async () => headOf(await blockchain.mine()),
    advance: async seconds => headOf(await blockchain.advance(seconds)),
    faucet: (address, amountNano) => blockchain.give(tonAddress(address), amountNano),
    undoBlock: async () => headOf(await blockchain.undo()),
    snapshot: async name => headOf(await blockchain.snapshot(name)),
    restore: async name => headOf(await blockchain.restore(name)),
    status: () => statusOf(blockchain, blockTimeMs),
  }
  let server: DevnetServer | undefined
  try {
    const admin = adminActions(devnet)
    if (port !== false) server = await startServer({ chain: blockchain, world, port, token, faults, admin })
  } catch (error) {
    await blockchain[Symbol.asyncDispose]()
    throw error
  }
  pace.start()
  return {
    ...devnet,
    url: server === undefined ? '' : `http://127.0.0.1:${server.port}`,
    async [Symbol.asyncDispose]() {
      pace.stop()
      await server?.close()
      await blockchain[Symbol.asyncDispose]()
    },
  }
}

function statusOf(blockchain: Blockchain, blockTimeMs: number): DevnetStatus {
  const { head, archive, offsetS } = blockchain
  return {
    simulated: true,
    ...headOf(head),
    blockTimeMs,
    transactions: archive.transactionCount(),
    waiting: archive.waitingCount(),
    aheadS: offsetS,
    faucet: formatAddress(ownAddress(faucetAddress)),
    faucetNano: blockchain.balanceNano(faucetAddress),
    snapshots: archive.snapshots(),
  }
}

/** Makes blocks at their time, one after the other. */
class Pace {
  readonly #world: World
  readonly #blockchain: Blockchain
  readonly #blockTimeMs: number
  readonly #onFailure: (error: unknown) => void
  #timer: Timer | undefined
  #isStopped = false

  constructor(world: World, blockchain: Blockchain, { blockTimeMs, onFailure = () => {} }: DevnetOptions) {
    this.#world = world
    this.#blockchain = blockchain
    this.#blockTimeMs = blockTimeMs
    this.#onFailure = onFailure
  }

  start(): void {
    if (this.#isStopped || this.#blockTimeMs === 0 || this.#blockTimeMs === Infinity) return
    this.#timer = this.#world.after(this.#blockTimeMs, () => {
      this.#blockchain.mine().then(
        () => this.start(),
        error => {
          if (!this.#isStopped) this.#onFailure(error)
        },
      )
    })
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }
}

/** What `/faucet` and `/devnet/...` do. */
function adminActions(
  devnet: Omit<Devnet, 'url' | typeof Symbol.asyncDispose>,
): ReadonlyMap<string, AdminAction> {
  const post = (run: AdminAction['run']): AdminAction => ({ method: 'POST', isOpen: false, run })
  return new Map<string, AdminAction>([
    [
      'status',
      {
        method: 'GET',
        isOpen: true,
        run: async () => {
          const { faucetNano, ...status } = devnet.status()
          return { ...status, faucetNano: String(faucetNano) }
        },
      },
    ],
    [
      'faucet',
      {
        method: 'POST',
        isOpen: true,
        run: async parameters => {
          const address = parseAddress(parameters.required('address'))
          const amountNano = parameters.big('amount') ?? 0n
          if (amountNano <= 0n) throw wrong('amount has to be a number of nanotons above 0')
          const { hash, lt, seqno } = await devnet.faucet(address, amountNano)
          return { address: formatAddress(address), amount: String(amountNano), hash, lt: String(lt), seqno }
        },
      },
    ],
    ['mine', post(() => devnet.mine())],
    [
      'advance',
      post(async parameters => {
        const seconds = parameters.integer('seconds', { least: 1, most: devnetLimits.aheadS })
        if (seconds === undefined) throw wrong('seconds is missing')
        return devnet.advance(seconds)
      }),
    ],
    ['undo', post(() => devnet.undoBlock())],
    ['snapshot', post(parameters => devnet.snapshot(parameters.required('name')))],
    ['restore', post(parameters => devnet.restore(parameters.required('name')))],
  ])
}
