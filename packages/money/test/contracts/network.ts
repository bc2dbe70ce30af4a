import assert from 'node:assert/strict'
import { Address, beginCell, Cell, loadStateInit, storeTransaction } from '@ton/core'
import { Blockchain, internal } from '@ton/sandbox'
import {
  addressKey,
  clientContractAddress,
  compiledCode,
  contractAddress,
  createPaymentKey,
  nodeWalletAddress,
  parseAddress,
  proxyContractAddress,
  readNodeWalletData,
  sentMessages,
  signWalletExternal,
  workerContractAddress,
  type ChainMessage,
  type ChainTransaction,
  type ContractAddress,
  type PaymentKey,
  type WalletMessage,
} from '../../src/index.ts'
import { readTransaction } from '../../src/chain/transaction.ts'
import { vectorConfig, vectors } from '../vectors.ts'

export const startS = 1_800_000_000
const ton = 1_000_000_000n

const { addresses, synthetic_codes: dummyCodes } = vectors.inputs
export const root = parseAddress(addresses.root.raw)
export const proxyOwner = parseAddress(addresses.proxyOwner.raw)
export const workerOwner = parseAddress(addresses.workerOwner.raw)
const walletOwner = parseAddress(addresses.walletOwner.raw)

export const proxyKey = createPaymentKey(new Uint8Array(32).fill(0x11))
const nodeKey = createPaymentKey(new Uint8Array(32).fill(0x22))

export const config = {
  ...vectorConfig(4, dummyCodes),
  codes: {
    proxy: compiledCode('proxy'),
    worker: compiledCode('worker'),
    client: compiledCode('client'),
  },
}

const wallet = { owner: walletOwner, code: compiledCode('wallet') }
export const proxyParties = { proxyOwner, proxyPublicKey: proxyKey.publicKey, root }
export const proxyContract = proxyContractAddress(config, proxyParties)
const atProxy = { proxyContract, proxyPublicKey: proxyKey.publicKey }
/** The node is the client: its wallet owns the client's contract. */
export const node = nodeWalletAddress({ ...wallet, publicKey: nodeKey.publicKey })
export const clientParties = { clientOwner: node, ...atProxy }
export const clientContract = clientContractAddress(config, clientParties)
export const workerParties = { workerOwner, ...atProxy }
export const workerContract = workerContractAddress(config, workerParties)

/** The contracts on a virtual machine, reached through the wallet of one node. */
export class Network {
  readonly #blockchain: Blockchain
  readonly #key: PaymentKey = nodeKey

  private constructor(blockchain: Blockchain) {
    this.#blockchain = blockchain
  }

  /** The wallet is not deployed yet and has 100 TON. */
  static async start(): Promise<Network> {
    const blockchain = await Blockchain.create()
    blockchain.now = startS
    const network = new Network(blockchain)
    await network.give(node, 100n * ton)
    return network
  }

  get nowS(): number {
    return this.#blockchain.now ?? startS
  }

  pass(seconds: number): void {
    this.#blockchain.now = this.nowS + seconds
  }

  async balance(address: ContractAddress): Promise<bigint> {
    return (await this.#blockchain.getContract(toAddress(address))).balance
  }

  /** The data of an active account. */
  async data(address: ContractAddress): Promise<Cell> {
    const { accountState } = await this.#blockchain.getContract(toAddress(address))
    assert.equal(accountState?.type, 'active', addressKey(address))
    assert.ok(accountState?.type === 'active' && accountState.state.data)
    return accountState.state.data
  }

  /** Coins from nowhere, without a body. */
  async give(address: ContractAddress, valueNano: bigint): Promise<void> {
    await this.from(contractAddress(0, 'ff'.repeat(32)), address, valueNano, new Cell())
  }

  /** A message from anybody, and all transactions that it leads to. */
  async from(
    source: ContractAddress,
    to: ContractAddress,
    valueNano: bigint,
    body: Cell,
    stateInit?: Cell,
  ): Promise<ChainTransaction[]> {
    const message = internal({
      from: toAddress(source),
      to: toAddress(to),
      value: valueNano,
      bounce: false,
      body,
      ...(stateInit && { stateInit: loadStateInit(stateInit.beginParse()) }),
    })
    return this.#transactions(await this.#blockchain.sendMessage(message))
  }

  /**
   * Has the wallet send messages, each of which must be sent. Returns all transactions, and what all of it cost
   * the wallet.
   */
  async send(messages: WalletMessage[]): Promise<{ transactions: ChainTransaction[]; spentNano: bigint }> {
    const { accountState } = await this.#blockchain.getContract(toAddress(node))
    const seqno = accountState?.type === 'active' ? readNodeWalletData(await this.data(node)).seqno : 0
    const validUntilS = this.nowS + 3600
    const external = signWalletExternal({ wallet, key: this.#key, seqno, validUntilS, messages })
    const before = await this.balance(node)
    const cell = Cell.fromBoc(Buffer.from(external.bytes))[0]!
    const transactions = this.#transactions(await this.#blockchain.sendMessage(cell))
    const sent = sentMessages(transactions[0]!, external)
    assert.equal(sent?.length, messages.length)
    assert.ok(sent.every(message => message !== undefined))
    return { transactions, spentNano: before - (await this.balance(node)) }
  }

  #transactions(result: Awaited<ReturnType<Blockchain['sendMessage']>>): ChainTransaction[] {
    return result.transactions.map(
      transaction =>
        readTransaction(beginCell().store(storeTransaction(transaction)).endCell(), 0).transaction,
    )
  }
}

/** The messages that arrived at an account. */
export function arrivals(transactions: ChainTransaction[], at: ContractAddress): ChainMessage[] {
  return transactions
    .filter(({ account }) => addressKey(account) === addressKey(at))
    .flatMap(({ inMessage }) => inMessage ?? [])
}

function toAddress({ workchain, hash }: ContractAddress): Address {
  return new Address(workchain, Buffer.from(hash, 'hex'))
}
