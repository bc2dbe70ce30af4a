import type { Cell } from '@ton/core'
import type { World } from '@cocoon/wire'
import { Functions } from 'ton-lite-client/dist/schema.js'
import type { ContractAddress } from '../address.ts'
import { MoneyError } from '../error.ts'
import { absentAccount, readAccount } from './account.ts'
import type { AdnlPeer } from './adnl-connection.ts'
import { readBag, readRoots } from './bag.ts'
import type {
  AccountState,
  BlockHash,
  Chain,
  ChainBlock,
  ChainFees,
  ChainHead,
  ChainTransaction,
} from './chain.ts'
import { isGone, judgeSending } from './complaint.ts'
import { Deadline } from './deadline.ts'
import { checkExternalMessage } from './external-message.ts'
import { chainError } from './failure.ts'
import { HeadWatch, type HeadLimits } from './head-watch.ts'
import { History } from './history.ts'
import { Kept } from './kept.ts'
import { type KnownBlock, LiteBlocks } from './lite-blocks.ts'
import { LiteCalls } from './lite-calls.ts'
import { findAccount, findParameter, findShard, provenRoot, readBlock } from './lite-proof.ts'
import { feeParameters, readFees } from './prices.ts'
import { RateLimit } from './rate-limit.ts'
import type { TransactionId } from './transaction.ts'

export interface LiteServerOptions {
  readonly peer: AdnlPeer
  readonly world: World
  /** For each call of the seam. */
  readonly timeoutMs: number
  readonly perSecond: number
  readonly heads: HeadLimits
}

interface ProvenState extends AccountState {
  readonly lastHash: string
}

/**
 * A chain behind one liteserver. Its word is taken for one thing: the hash of the newest masterchain block. Time,
 * states, absence of accounts, prices and transactions are proven from that hash, by Merkle proofs and by the hash
 * of each transaction. The validators' signatures under the block are not verified.
 */
export class LiteServerChain implements Chain {
  readonly #source: string
  readonly #world: World
  readonly #timeoutMs: number
  readonly #calls: LiteCalls
  readonly #blocks: LiteBlocks
  readonly #history: History
  readonly #fees: Kept<ChainFees>
  readonly #closing = new AbortController()
  /** The newest block that was returned. */
  #head: ChainHead | undefined

  constructor({ peer, world, timeoutMs, perSecond, heads }: LiteServerOptions) {
    this.#source = peer.source
    this.#world = world
    this.#timeoutMs = timeoutMs
    this.#calls = new LiteCalls(peer, world, new RateLimit(world, perSecond))
    this.#blocks = new LiteBlocks(peer.source, this.#calls, new HeadWatch(peer.source, world, heads))
    this.#history = new History(peer.source)
    this.#fees = new Kept(world, () => this.#readFees())
  }

  async head(): Promise<ChainHead> {
    using deadline = this.#deadline()
    const { head } = await this.#blocks.newest(deadline)
    if (this.#head === undefined || head.seqno > this.#head.seqno) this.#head = head
    return this.#head
  }

  async blockHash(seqno: number): Promise<BlockHash> {
    using deadline = this.#deadline()
    return await this.#blocks.hash(seqno, deadline)
  }

  async account(address: ContractAddress): Promise<AccountState> {
    using deadline = this.#deadline()
    const { lastHash: _, ...state } = await this.#account(address, deadline)
    return state
  }

  async transactions(
    address: ContractAddress,
    range: { afterLt: bigint; most?: number },
  ): Promise<ChainTransaction[]> {
    using deadline = this.#deadline()
    return await this.#history.after(address, range, {
      newest: async () => {
        const { lastLt, lastHash } = await this.#account(address, deadline)
        return lastLt === 0n ? undefined : { lt: lastLt, hash: lastHash }
      },
      page: (from, most) => this.#page(address, from, most, deadline),
    })
  }

  async send(message: Uint8Array): Promise<void> {
    checkExternalMessage(message)
    using deadline = this.#deadline()
    const request = { kind: 'liteServer.sendMessage', body: Buffer.from(message) } as const
    await this.#calls.call(Functions.liteServer_sendMessage, request, deadline, {
      read: ({ status }) => {
        if (status !== 1) throw new MoneyError('chain-answer', `The message has the status ${status}`)
      },
      judge: (text, attempt) => judgeSending(this.#source, text, attempt),
    })
  }

  fees(): Promise<ChainFees> {
    return this.#fees.get()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    this.#calls.close()
  }

  #deadline(): Deadline {
    return new Deadline(this.#world, this.#timeoutMs, this.#closing.signal)
  }

  async #account(address: ContractAddress, deadline: Deadline): Promise<ProvenState> {
    const block = await this.#blocks.newest(deadline)
    const account = {
      kind: 'liteServer.accountId',
      workchain: address.workchain,
      id: Buffer.from(address.hash, 'hex'),
    } as const
    const request = { kind: 'liteServer.getAccountState', id: block.id, account } as const
    return this.#calls.call(Functions.liteServer_getAccountState, request, deadline, {
      read: ({ shardProof, proof, state }) => {
        const [shardBlock, shardState] = readBag(proof, 2)
        const shardHash = this.#shardHash(block, address, shardProof)
        const { stateHash } = readBlock(provenRoot(shardBlock, shardHash))
        const found = findAccount(provenRoot(shardState!, stateHash), address)
        return provenState(found, state, address, block.head)
      },
    })
  }

  /** Root hash of the block that has the account, proven from the masterchain block. */
  #shardHash(block: KnownBlock, address: ContractAddress, shardProof: Buffer): string {
    if (address.workchain === -1) return block.id.rootHash.toString('hex')
    const [, masterState] = readBag(shardProof, 2)
    return findShard(provenRoot(masterState!, block.stateHash), address)
  }

  #page(
    address: ContractAddress,
    { lt, hash }: TransactionId,
    most: number,
    deadline: Deadline,
  ): Promise<readonly Cell[]> {
    const account = {
      kind: 'liteServer.accountId',
      workchain: address.workchain,
      id: Buffer.from(address.hash, 'hex'),
    } as const
    const request = {
      kind: 'liteServer.getTransactions',
      count: most,
      account,
      lt: String(lt),
      hash: Buffer.from(hash, 'hex'),
    } as const
    return this.#calls.call(Functions.liteServer_getTransactions, request, deadline, {
      read: ({ transactions }) => (transactions.length === 0 ? [] : readRoots(transactions, most)),
      judge: text =>
        isGone(text)
          ? chainError(
              'chain-history',
              this.#source,
              `keeps no transaction ${lt}: ${text}. Name one with an archive`,
            )
          : undefined,
    })
  }

  async #readFees(): Promise<ChainFees> {
    using deadline = this.#deadline()
    const { id, stateHash, head } = await this.#blocks.newest(deadline)
    const paramList = Object.values(feeParameters)
    const request = { kind: 'liteServer.getConfigParams', mode: 0, id, paramList } as const
    return this.#calls.call(Functions.liteServer_getConfigParams, request, deadline, {
      read: ({ configProof }) => {
        const state = provenRoot(readBag(configProof)[0], stateHash)
        const parameters = {
          storage: findParameter(state, feeParameters.storage),
          gas: findParameter(state, feeParameters.gas),
          forward: findParameter(state, feeParameters.forward),
        }
        return readFees(parameters, head.timeS)
      },
    })
  }
}

function provenState(
  found: ReturnType<typeof findAccount>,
  state: Buffer,
  address: ContractAddress,
  { seqno, timeS }: ChainBlock,
): ProvenState {
  const at = { seqno, timeS }
  if (found === undefined) {
    if (state.length > 0) throw new MoneyError('chain-answer', 'The account is not in the state of its shard')
    return { ...absentAccount, lastLt: 0n, lastHash: '', at }
  }
  const { accountHash, lastLt, lastHash } = found
  const cell = readBag(state)[0]
  // The hash of all that is there: were something left out, it would be another one.
  if (cell.hash().toString('hex') !== accountHash)
    throw new MoneyError('chain-answer', 'The account is not the proven one')
  return { ...readAccount(cell, address), lastLt, lastHash, at }
}
