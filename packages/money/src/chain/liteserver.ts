import type { Cell } from '@ton/core'
import type { World } from '@cocoon/wire'
import { Functions, type tonNode_blockIdExt } from 'ton-lite-client/dist/schema.js'
import type { ContractAddress } from '../address.ts'
import { MoneyError } from '../error.ts'
import { absentAccount, readAccount } from './account.ts'
import type { AdnlPeer } from './adnl-connection.ts'
import { readBag, readRoots } from './bag.ts'
import type { AccountState, Chain, ChainFees, ChainHead, ChainTransaction } from './chain.ts'
import { isGone, judgeSending } from './complaint.ts'
import { Deadline } from './deadline.ts'
import { checkExternalMessage } from './external-message.ts'
import { chainError } from './failure.ts'
import { HeadWatch, type HeadLimits } from './head-watch.ts'
import { History } from './history.ts'
import { Kept } from './kept.ts'
import { LiteCalls } from './lite-calls.ts'
import { findAccount, findParameter, findShard, provenRoot, readBlock } from './lite-proof.ts'
import { feeParameters, readFees } from './prices.ts'
import { RateLimit } from './rate-limit.ts'
import type { TransactionId } from './transaction.ts'

/** Asks for a block's update of the state, with the proof of its header. */
const withState = 1
/** The shard that is the whole masterchain. */
const wholeShard = '-9223372036854775808'

export interface LiteServerOptions {
  readonly peer: AdnlPeer
  readonly world: World
  /** For each call of the seam. */
  readonly timeoutMs: number
  readonly perSecond: number
  readonly heads: HeadLimits
}

/** A masterchain block whose own cells have been read. */
interface KnownBlock {
  readonly id: tonNode_blockIdExt
  readonly head: ChainHead
  readonly stateHash: string
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
  readonly #watch: HeadWatch
  readonly #history: History
  readonly #fees: Kept<ChainFees>
  readonly #closing = new AbortController()
  #newest: KnownBlock | undefined

  constructor({ peer, world, timeoutMs, perSecond, heads }: LiteServerOptions) {
    this.#source = peer.source
    this.#world = world
    this.#timeoutMs = timeoutMs
    this.#calls = new LiteCalls(peer, world, new RateLimit(world, perSecond))
    this.#watch = new HeadWatch(peer.source, world, heads)
    this.#history = new History(peer.source)
    this.#fees = new Kept(world, () => this.#readFees())
  }

  async head(): Promise<ChainHead> {
    using deadline = this.#deadline()
    await this.#block(deadline)
    return this.#watch.newest!
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

  /** The newest masterchain block, with what its cells say. */
  async #block(deadline: Deadline): Promise<KnownBlock> {
    const id = await this.#calls.call(
      Functions.liteServer_getMasterchainInfo,
      { kind: 'liteServer.getMasterchainInfo' },
      deadline,
      {
        read: ({ last }) => {
          const known = this.#newest
          const isKnown = known !== undefined && known.id.rootHash.equals(last.rootHash)
          if (isKnown) this.#watch.check(known.head)
          return isKnown ? undefined : masterBlock(last)
        },
      },
    )
    if (id === undefined) return this.#newest!
    const request = { kind: 'liteServer.getBlockHeader', id, mode: withState } as const
    const block = await this.#calls.call(Functions.liteServer_getBlockHeader, request, deadline, {
      read: ({ headerProof }) => {
        const block = knownBlock(id, readBag(headerProof)[0])
        this.#watch.check(block.head)
        return block
      },
    })
    this.#newest = block
    return block
  }

  async #account(address: ContractAddress, deadline: Deadline): Promise<ProvenState> {
    const block = await this.#block(deadline)
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
    const { id, stateHash, head } = await this.#block(deadline)
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

function masterBlock(id: tonNode_blockIdExt): tonNode_blockIdExt {
  if (id.workchain === -1 && id.shard === wholeShard && id.seqno >= 0) return id
  throw new MoneyError('chain-answer', 'The newest block is not of the masterchain')
}

function knownBlock(id: tonNode_blockIdExt, proof: Cell): KnownBlock {
  const block = readBlock(provenRoot(proof, id.rootHash.toString('hex')))
  if (block.workchain !== -1 || block.seqno !== id.seqno) {
    throw new MoneyError('chain-answer', 'The block is another one by its own cells')
  }
  return { id, head: { seqno: block.seqno, timeS: block.timeS }, stateHash: block.stateHash }
}

function provenState(
  found: ReturnType<typeof findAccount>,
  state: Buffer,
  address: ContractAddress,
  at: ChainHead,
): ProvenState {
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
