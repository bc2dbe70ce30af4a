import { type Address, getMethodId, type Message, type TupleItem } from '@ton/core'
import type { World } from '@cocoon/wire'
import { MoneyError } from '../error.ts'
import { type AccountBoc, activeState, emptyAccount, keyOf, parseAccount } from './accounts.ts'
import { Archive } from './archive.ts'
import { type BlockDraft, genesisBlock, makeBlock, momentAfter } from './block.ts'
import { faucetAccount, faucetAddress } from './faucet.ts'
import { type GiftReceipt, Gifts, refusalError } from './gifts.ts'
import { type ExternalMessage, messageCell, parseExternal } from './message.ts'
import type { BlockRecord } from './records.ts'
import { type Execution, type GetResult, isRefusal, type Refusal, Tvm } from './tvm.ts'
import { devnetLimits } from './limits.ts'

export interface BlockchainOptions {
  readonly world: World
  /** Where everything is kept; in memory if absent. */
  readonly directory: string | undefined
  /** A block at once for each message, instead of when `mine` is called. */
  readonly isImmediate: boolean
  /** Hears of each block once it is written. */
  onBlock(block: BlockRecord): void
}

const genesisAccounts = new Map<string, () => AccountBoc>([[keyOf(faucetAddress), faucetAccount]])

/** The chain itself: accounts, blocks, what waits for the next one. Changes run one after the other. */
export class Blockchain implements AsyncDisposable {
  readonly archive: Archive
  readonly #tvm: Tvm
  readonly #world: World
  readonly #isImmediate: boolean
  readonly #onBlock: (block: BlockRecord) => void
  readonly #gifts = new Gifts()
  #turn: Promise<unknown> = Promise.resolve()
  #isClosed = false

  private constructor(archive: Archive, tvm: Tvm, { world, isImmediate, onBlock }: BlockchainOptions) {
    this.archive = archive
    this.#tvm = tvm
    this.#world = world
    this.#isImmediate = isImmediate
    this.#onBlock = onBlock
  }

  /** Goes on with what the folder holds, or begins a chain. Rejects with `MoneyError('storage')`. */
  static async open(options: BlockchainOptions): Promise<Blockchain> {
    const archive = new Archive(options.directory)
    const chain = new Blockchain(archive, await Tvm.create(), options)
    if (archive.head() === undefined) chain.#begin()
    return chain
  }

  get head(): BlockRecord {
    const head = this.archive.head()
    if (head === undefined) throw new MoneyError('storage', 'The devnet has no block. Choose another folder')
    return head
  }

  /** The time of the next block: the world's, moved ahead by all that was advanced. Never goes back. */
  get nowS(): number {
    return Math.max(this.head.timeS, Math.floor(this.#world.now() / 1000) + this.offsetS)
  }

  /** Seconds that the chain is ahead of the world. */
  get offsetS(): number {
    return Number(this.archive.setting('offset') ?? 0)
  }

  account(address: Address): AccountBoc | undefined {
    return this.archive.account(keyOf(address))
  }

  balanceNano(address: Address): bigint {
    const boc = this.account(address)
    return boc === undefined ? 0n : (parseAccount(boc).account?.storage.balance.coins ?? 0n)
  }

  /** The account as it was before the first block. */
  accountAtGenesis(address: Address): AccountBoc | undefined {
    return genesisAccounts.get(keyOf(address))?.()
  }

  /**
   * Takes an external message into the queue, or executes it at once. Durable once it resolves. Rejects with
   * `chain-refused` if the account would not take it now, with `limit` if too many wait.
   */
  submit(boc: Uint8Array): Promise<ExternalMessage> {
    return this.#inTurn(async () => {
      const external = parseExternal(boc)
      if (this.#isImmediate) {
        await this.#produce([external], external.hash)
        return external
      }
      if (this.archive.waitingCount() >= devnetLimits.waitingMessages) {
        throw new MoneyError(
          'limit',
          `${devnetLimits.waitingMessages} messages wait for a block. Send it again later`,
        )
      }
      const outcome = await this.try(external.message)
      if (isRefusal(outcome)) throw refusalError(outcome)
      this.archive.enqueue({ hash: external.hash, boc })
      return external
    })
  }

  /** Executes a message on the newest state and forgets what comes of it. */
  try(message: Message, options: { ignoreSignatures?: boolean } = {}): Promise<Execution | Refusal> {
    const to = message.info.dest as Address
    const account = this.account(to) ?? emptyAccount(to)
    return this.#tvm.execute(account, messageCell(message), momentAfter(this.head, this.nowS), options)
  }

  /** Runs a get method on the newest state; exit code -13 where the account has no code. */
  async get(address: Address, method: string | number, stack: TupleItem[]): Promise<GetResult> {
    const boc = this.account(address)
    const account = boc === undefined ? undefined : parseAccount(boc).account
    const { code, data } = activeState(account) ?? {}
    if (account === undefined || account === null || !code || !data) {
      return { exitCode: noCode, gasUsed: 0, stack: [] }
    }
    const state = { code, data, balanceNano: account.storage.balance.coins }
    const id = typeof method === 'number' ? method : getMethodId(method)
    return this.#tvm.get(address, state, { id, stack }, momentAfter(this.head, this.nowS))
  }

  /** Sends coins of the faucet with the next block. Resolves once that block is made. */
  async give(to: Address, amountNano: bigint): Promise<GiftReceipt> {
    const receipt = this.#gifts.ask(to, amountNano, this.account(faucetAddress))
    if (!this.#isImmediate) return receipt
    const [result] = await Promise.all([receipt, this.mine()])
    return result
  }

  /** Makes a block of all that waits, and further ones until no message is left. Returns the last one. */
  mine(): Promise<BlockRecord> {
    return this.#inTurn(async () => {
      const waiting = this.archive.waiting().map(({ boc }) => parseExternal(boc))
      await this.#produce(waiting)
      return this.head
    })
  }

  /** Moves the clock ahead and makes a block there. */
  advance(seconds: number): Promise<BlockRecord> {
    if (!Number.isInteger(seconds) || seconds < 0 || this.offsetS + seconds > devnetLimits.aheadS) {
      throw new MoneyError(
        'devnet',
        `The clock can move ahead by whole seconds, ${devnetLimits.aheadS} in all`,
      )
    }
    return this.#inTurn(async () => {
      this.archive.set('offset', String(this.offsetS + seconds))
      await this.#produce([])
      return this.head
    })
  }

  /** Takes the newest block away, as a source does that showed a block which never became final. */
  undo(): Promise<BlockRecord> {
    return this.#inTurn(async () => {
      if (this.head.seqno === 1) throw new MoneyError('devnet', 'The first block cannot be undone')
      this.archive.undo(account => genesisAccounts.get(account)?.())
      return this.head
    })
  }

  snapshot(name: string): Promise<BlockRecord> {
    checkName(name)
    return this.#inTurn(async () => {
      const known = this.archive.snapshots().map(snapshot => snapshot.name)
      if (known.length >= devnetLimits.snapshots && !known.includes(name)) {
        throw new MoneyError(
          'limit',
          `There are ${devnetLimits.snapshots} snapshots. Use the name of one of them again`,
        )
      }
      this.archive.save(name)
      return this.head
    })
  }

  restore(name: string): Promise<BlockRecord> {
    checkName(name)
    return this.#inTurn(async () => {
      if (!this.archive.restore(name)) throw new MoneyError('devnet', `There is no snapshot ${name}`)
      return this.head
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#turn.catch(() => {})
    this.#gifts.close(closed())
    this.archive[Symbol.dispose]()
  }

  #begin(): void {
    this.archive.atOnce(() => {
      const block = genesisBlock(Math.floor(this.#world.now() / 1000))
      this.archive.append({ block, transactions: [], taken: [], carried: [] })
      for (const [address, state] of genesisAccounts) this.archive.putAccount(address, state())
    })
  }

  /** Makes and writes a block, and those that follow from it. Rejects without one if `vital` is not taken. */
  async #produce(externals: readonly ExternalMessage[], vital?: string): Promise<void> {
    const gifts = await this.#gifts.message(this.account(faucetAddress), this.nowS)
    const draft = await this.#draft(gifts === undefined ? externals : [gifts, ...externals])
    const refusal = vital === undefined ? undefined : draft.refusals.get(vital)
    if (refusal !== undefined) throw refusalError(refusal)
    this.#write(draft)
    this.#gifts.settle(draft)
    for (let made = 1; made < devnetLimits.blocksAtOnce && this.#isImmediate; made++) {
      if (this.archive.carried(this.head.seqno).length === 0) return
      this.#write(await this.#draft([]))
    }
  }

  #write(draft: BlockDraft): void {
    this.archive.append(draft)
    this.#onBlock(draft.block)
  }

  #draft(externals: readonly ExternalMessage[]): Promise<BlockDraft> {
    const parent = this.head
    const carried = this.archive.carried(parent.seqno)
    const input = { parent, timeS: this.nowS, carried, externals }
    return makeBlock(this.#tvm, key => this.archive.account(key), input)
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const run = async (): Promise<T> => {
      if (this.#isClosed) throw closed()
      return change()
    }
    const result = this.#turn.then(run, run)
    this.#turn = result.catch(() => {})
    return result
  }
}

/** What a get method ends with on an account without code. */
const noCode = -13

function checkName(name: string): void {
  if (/^[A-Za-z0-9][\w.-]{0,63}$/.test(name)) return
  throw new MoneyError(
    'devnet',
    'A snapshot is named by up to 64 letters, digits, points, dashes and underlines',
  )
}

function closed(): MoneyError {
  return new MoneyError('closed', 'The devnet was stopped. Start it again')
}
