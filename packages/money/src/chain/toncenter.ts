import type { Cell } from '@ton/core'
import type { World } from '@cocoon/wire'
import { addressKey, type ContractAddress } from '../address.ts'
import { MoneyError } from '../error.ts'
import { readBag, readBags } from './bag.ts'
import type { AccountState, BlockHash, Chain, ChainFees, ChainHead, ChainTransaction } from './chain.ts'
import { isGone, judgeBlock, judgeSending } from './complaint.ts'
import { Deadline } from './deadline.ts'
import { checkExternalMessage } from './external-message.ts'
import { chainError } from './failure.ts'
import { Fields, listOf } from './fields.ts'
import { HeadWatch, type HeadLimits } from './head-watch.ts'
import { History } from './history.ts'
import { Kept } from './kept.ts'
import { feeParameters, readFees } from './prices.ts'
import { RateLimit } from './rate-limit.ts'
import { TonCenterCalls, type TonCenterEndpoint } from './toncenter-call.ts'
import type { TransactionId } from './transaction.ts'

/** The shard that is the whole masterchain. */
const wholeShard = '-9223372036854775808'

export interface TonCenterOptions {
  readonly endpoint: TonCenterEndpoint
  readonly world: World
  /** For each call of the seam. */
  readonly timeoutMs: number
  readonly perSecond: number
  readonly heads: HeadLimits
}

/**
 * A chain behind TON Center's HTTP API, version 2. Its word is taken for states, for the newest transaction of an
 * account and for prices: nothing of it is proven. Transactions before the newest are bound to it by their hashes.
 */
export class TonCenterChain implements Chain {
  readonly #source: string
  readonly #world: World
  readonly #timeoutMs: number
  readonly #calls: TonCenterCalls
  readonly #watch: HeadWatch
  readonly #history: History
  readonly #fees: Kept<ChainFees>
  readonly #closing = new AbortController()
  /** The newest block whose hash is known. */
  #head: ChainHead | undefined

  constructor({ endpoint, world, timeoutMs, perSecond, heads }: TonCenterOptions) {
    this.#source = endpoint.source
    this.#world = world
    this.#timeoutMs = timeoutMs
    this.#calls = new TonCenterCalls(endpoint, world, new RateLimit(world, perSecond))
    this.#watch = new HeadWatch(endpoint.source, world, heads)
    this.#history = new History(endpoint.source)
    this.#fees = new Kept(world, () => this.#readFees())
  }

  async head(): Promise<ChainHead> {
    using deadline = this.#deadline()
    const seqno = await this.#calls.call('getMasterchainInfo', {}, deadline, {
      read: result => {
        const seqno = readBlock(new Fields(result).fields('last'))
        const newest = this.#watch.newest
        if (newest === undefined || seqno > newest.seqno) return seqno
        this.#watch.check({ seqno, timeS: newest.timeS })
        return this.#head?.seqno === newest.seqno ? undefined : newest.seqno
      },
    })
    if (seqno === undefined) return this.#head!
    return this.#calls.call('getBlockHeader', masterBlock(seqno), deadline, {
      read: result => {
        const head = readHeader(new Fields(result), seqno)
        this.#watch.check(head)
        this.#note(head)
        return head
      },
    })
  }

  async blockHash(seqno: number): Promise<BlockHash> {
    using deadline = this.#deadline()
    return await this.#calls.call('getBlockHeader', masterBlock(seqno), deadline, {
      read: result => {
        const { rootHash, timeS } = readHeader(new Fields(result), seqno)
        return { rootHash, timeS }
      },
      judge: ({ status, text }) =>
        status === 429 ? undefined : judgeBlock(this.#source, status === 404 ? 'not found' : text, seqno),
    })
  }

  async account(address: ContractAddress): Promise<AccountState> {
    using deadline = this.#deadline()
    return this.#account(address, deadline)
  }

  async transactions(
    address: ContractAddress,
    range: { afterLt: bigint; most?: number },
  ): Promise<ChainTransaction[]> {
    using deadline = this.#deadline()
    return await this.#history.after(address, range, {
      newest: () => this.#newest(address, deadline),
      page: (from, most) => this.#page(address, from, most, deadline),
    })
  }

  async send(message: Uint8Array): Promise<void> {
    checkExternalMessage(message)
    using deadline = this.#deadline()
    const boc = Buffer.from(message).toString('base64')
    await this.#calls.call('sendBoc', { boc }, deadline, {
      read: () => undefined,
      judge: ({ status, text }, attempt) =>
        status === 429 ? undefined : judgeSending(this.#source, text, attempt),
    })
  }

  fees(): Promise<ChainFees> {
    return this.#fees.get()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
  }

  #deadline(): Deadline {
    return new Deadline(this.#world, this.#timeoutMs, this.#closing.signal)
  }

  #note(head: ChainHead): void {
    if (this.#head === undefined || head.seqno > this.#head.seqno) this.#head = head
  }

  async #account(address: ContractAddress, deadline: Deadline): Promise<AccountState> {
    return this.#calls.call('getAddressInformation', { address: addressKey(address) }, deadline, {
      read: result => this.#readState(new Fields(result)),
    })
  }

  #readState(fields: Fields): AccountState {
    const state = readInformation(fields)
    this.#watch.check(state.at)
    const block = fields.fields('block_id')
    if (block.has('root_hash')) this.#note({ ...state.at, rootHash: block.hash('root_hash') })
    return state
  }

  async #newest(address: ContractAddress, deadline: Deadline): Promise<TransactionId | undefined> {
    return this.#calls.call('getAddressInformation', { address: addressKey(address) }, deadline, {
      read: result => {
        const fields = new Fields(result)
        this.#readState(fields)
        const id = fields.fields('last_transaction_id')
        const lt = id.integer('lt')
        return lt === 0n ? undefined : { lt, hash: id.hash('hash') }
      },
    })
  }

  #page(
    address: ContractAddress,
    { lt, hash }: TransactionId,
    most: number,
    deadline: Deadline,
  ): Promise<Cell[]> {
    const params = {
      address: addressKey(address),
      limit: most,
      lt: String(lt),
      hash: Buffer.from(hash, 'hex').toString('base64'),
      archival: true,
    }
    return this.#calls.call('getTransactions', params, deadline, {
      read: result => readBags(listOf(result, most).map(entry => new Fields(entry).text('data'))),
      judge: ({ text }) =>
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
    const parameter = (number: number): Promise<Cell> =>
      this.#calls.call('getConfigParam', { config_id: number }, deadline, {
        read: result => readBag(new Fields(result).fields('config').text('bytes'))[0],
      })
    const storage = await parameter(feeParameters.storage)
    const gas = await parameter(feeParameters.gas)
    const forward = await parameter(feeParameters.forward)
    return readFees({ storage, gas, forward }, Math.floor(this.#world.now() / 1000))
  }
}

function masterBlock(seqno: number): { workchain: number; shard: string; seqno: number } {
  return { workchain: -1, shard: wholeShard, seqno }
}

function readHeader(fields: Fields, seqno: number): ChainHead {
  const id = fields.fields('id')
  if (id.count('seqno') !== seqno) throw new MoneyError('chain-answer', `The header is not of block ${seqno}`)
  return { seqno, timeS: fields.count('gen_utime'), rootHash: id.hash('root_hash') }
}

function readBlock(fields: Fields): number {
  if (fields.integer('workchain') !== -1n)
    throw new MoneyError('chain-answer', 'The block is not of the masterchain')
  return fields.count('seqno')
}

function readInformation(fields: Fields): AccountState {
  const at = { seqno: readBlock(fields.fields('block_id')), timeS: fields.count('sync_utime') }
  const balance = fields.integer('balance')
  // A record that does not exist is told as one without coins, by some with a balance of -1.
  const balanceNano = balance < 0n ? 0n : balance
  const lastLt = fields.fields('last_transaction_id').integer('lt')
  const state = fields.text('state')
  const none = { balanceNano, code: undefined, data: undefined, lastLt, at }
  if (state === 'active') {
    return { ...none, status: 'active', code: cellOf(fields.text('code')), data: cellOf(fields.text('data')) }
  }
  if (state === 'frozen') return { ...none, status: 'frozen' }
  if (state !== 'uninitialized') throw new MoneyError('chain-answer', 'The state of an account is unknown')
  return { ...none, status: balanceNano === 0n && lastLt === 0n ? 'absent' : 'uninitialised' }
}

function cellOf(bag: string): Cell | undefined {
  return bag === '' ? undefined : readBag(bag)[0]
}
