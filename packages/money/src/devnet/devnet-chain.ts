import { Cell, loadTransaction, type Message, type Transaction } from '@ton/core'
import { configParse18, configParseGasLimitsPrices, configParseMsgPrices } from '@ton/ton'
import type { ContractAddress } from '../address.ts'
import { MoneyError } from '../error.ts'
import type {
  AccountState,
  BlockHash,
  Chain,
  ChainBlock,
  ChainFees,
  ChainHead,
  ChainMessage,
  ChainTransaction,
} from '../chain/chain.ts'
import { accountState, keyOf, ownAddress, tonAddress } from './accounts.ts'
import type { Blockchain } from './blockchain.ts'
import { configParameter } from './config.ts'
import type { BlockRecord, TransactionRecord } from './records.ts'
import { devnetLimits } from './limits.ts'
import { blockHashes } from './view.ts'

/** The devnet as the network sees any chain, without HTTP between them. Closing it leaves the devnet running. */
export class DevnetChain implements Chain {
  readonly #chain: Blockchain

  constructor(chain: Blockchain) {
    this.#chain = chain
  }

  async head(): Promise<ChainHead> {
    const head = this.#chain.head
    return { ...pointOf(head), ...hashOf(head) }
  }

  async blockHash(seqno: number): Promise<BlockHash> {
    const block = Number.isSafeInteger(seqno) ? this.#chain.archive.block(seqno) : undefined
    if (block === undefined) throw new MoneyError('chain-history', `The devnet has no block ${seqno}`)
    return hashOf(block)
  }

  async account(address: ContractAddress): Promise<AccountState> {
    return accountState(this.#chain.account(tonAddress(address)), pointOf(this.#chain.head))
  }

  async transactions(
    address: ContractAddress,
    { afterLt, most = 100 }: { afterLt: bigint; most?: number },
  ): Promise<ChainTransaction[]> {
    return this.#chain.archive
      .search([keyOf(tonAddress(address))], {
        fromLt: afterLt + 1n,
        most: Math.max(0, Math.min(most, devnetLimits.pageTransactions)),
        isNewestFirst: false,
      })
      .map(chainTransaction)
  }

  async send(message: Uint8Array): Promise<void> {
    await this.#chain.submit(message)
  }

  async fees(): Promise<ChainFees> {
    return chainFees()
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function pointOf({ seqno, timeS }: BlockRecord): ChainBlock {
  return { seqno, timeS }
}

function hashOf(block: BlockRecord): BlockHash {
  const rootHash = Buffer.from(blockHashes(block, -1).root, 'base64').toString('hex')
  return { rootHash, timeS: block.timeS }
}

export function transactionOf({ boc }: TransactionRecord): Transaction {
  return loadTransaction(Cell.fromBoc(Buffer.from(boc))[0]!.beginParse())
}

function chainTransaction(record: TransactionRecord): ChainTransaction {
  const transaction = transactionOf(record)
  const { description, inMessage } = transaction
  const outMessages = [...transaction.outMessages.values()]
  const isGeneric = description.type === 'generic'
  const compute = isGeneric && description.computePhase.type === 'vm' ? description.computePhase : undefined
  const action = isGeneric ? (description.actionPhase ?? undefined) : undefined
  return {
    account: accountOf(record),
    lt: record.lt,
    hash: record.hash,
    timeS: transaction.now,
    inMessage: inMessage ? chainMessage(inMessage) : undefined,
    outMessages: outMessages.map(chainMessage),
    isSuccess: compute?.success === true && (action?.success ?? true),
    exitCode: compute?.exitCode,
    actionCode: action?.resultCode,
    feesNano: paidFees(transaction),
  }
}

/** What the account paid: the validators' part, and what its messages still carry for their delivery. */
export function paidFees(transaction: Transaction): bigint {
  const forwarded = [...transaction.outMessages.values()].reduce(
    (sum, { info }) => (info.type === 'internal' ? sum + info.forwardFee + info.ihrFee : sum),
    0n,
  )
  return transaction.totalFees.coins + forwarded
}

function accountOf({ account }: TransactionRecord): ContractAddress {
  const [workchain = '0', hash = ''] = account.split(':')
  return { workchain: Number(workchain), hash }
}

function chainMessage({ info, body }: Message): ChainMessage {
  switch (info.type) {
    case 'internal':
      return {
        kind: 'internal',
        source: ownAddress(info.src),
        destination: ownAddress(info.dest),
        valueNano: info.value.coins,
        isBounced: info.bounced,
        body,
      }
    case 'external-in':
      return {
        kind: 'external-in',
        source: undefined,
        destination: ownAddress(info.dest),
        valueNano: 0n,
        isBounced: false,
        body,
      }
    case 'external-out':
      return {
        kind: 'external-out',
        source: ownAddress(info.src),
        destination: undefined,
        valueNano: 0n,
        isBounced: false,
        body,
      }
  }
}

/** Parameters 18, 21 and 25 of the configuration. */
function chainFees(): ChainFees {
  const gas = configParseGasLimitsPrices(configParameter(21)?.beginParse())
  const message = configParseMsgPrices(configParameter(25)?.beginParse())
  const storage = configParse18(configParameter(18)?.beginParse()).at(-1)
  return {
    gasPrice: gas.other.gasPrice,
    flatGasLimit: gas.flatLimit,
    flatGasPriceNano: gas.flatGasPrice,
    messageLumpNano: message.lumpPrice,
    messageBitPrice: message.bitPrice,
    messageCellPrice: message.cellPrice,
    storageBitPrice: storage?.bit_price_ps ?? 0n,
    storageCellPrice: storage?.cell_price_ps ?? 0n,
  }
}
