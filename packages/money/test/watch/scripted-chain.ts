import { beginCell, type Cell } from '@ton/core'
import {
  addressKey,
  contractAddress,
  MoneyError,
  type AccountState,
  type BlockHash,
  type Chain,
  type ChainFees,
  type ChainHead,
  type ChainMessage,
  type ChainTransaction,
  type ContractAddress,
} from '../../src/index.ts'

type Question = 'account' | 'transactions' | 'send' | 'head'

/** What the chain does with the next question of a kind, instead of answering. */
export type Fault = MoneyError | 'hang'

/** A chain that says what the test tells it to. */
export class ScriptedChain implements Chain {
  readonly #accounts = new Map<string, AccountState>()
  readonly #transactions = new Map<string, ChainTransaction[]>()
  readonly #faults: Array<[Question, Fault]> = []
  headNow: ChainHead = { seqno: 1, timeS: 1_767_225_600, rootHash: '0'.repeat(64) }
  /** What `send` does with a message. */
  onSend: (message: Uint8Array) => void = () => undefined
  /** Messages that were handed in. */
  readonly sent: Uint8Array[] = []
  readonly asked: Question[] = []

  /** The next question of that kind fails, or is never answered. */
  fail(question: Question, fault: Fault = new MoneyError('chain-unreachable', 'no source answers')): void {
    this.#faults.push([question, fault])
  }

  passTime(seconds: number): void {
    this.headNow = { ...this.headNow, seqno: this.headNow.seqno + 1, timeS: this.headNow.timeS + seconds }
  }

  setAccount(address: ContractAddress, state: Partial<AccountState>): void {
    const before = this.#state(address)
    this.#accounts.set(addressKey(address), { ...before, ...state })
  }

  /** Appends a transaction, and moves the account's `lastLt` to it. */
  addTransaction(
    address: ContractAddress,
    of: Partial<ChainTransaction> & { lt: bigint },
    hides = false,
  ): void {
    const transaction = { ...plainTransaction(address), timeS: this.headNow.timeS, ...of }
    if (!hides) this.history(address).push(transaction)
    this.setAccount(address, { lastLt: of.lt })
  }

  history(address: ContractAddress): ChainTransaction[] {
    const key = addressKey(address)
    const known = this.#transactions.get(key) ?? []
    this.#transactions.set(key, known)
    return known
  }

  async head(): Promise<ChainHead> {
    await this.#answer('head')
    return this.headNow
  }

  blockHash(_seqno: number): Promise<BlockHash> {
    return Promise.reject(new MoneyError('chain-unreachable', 'not scripted'))
  }

  async account(address: ContractAddress): Promise<AccountState> {
    await this.#answer('account')
    return this.#state(address)
  }

  async transactions(
    address: ContractAddress,
    { afterLt, most = 100 }: { afterLt: bigint; most?: number },
  ): Promise<ChainTransaction[]> {
    await this.#answer('transactions')
    return this.history(address)
      .filter(({ lt }) => lt > afterLt)
      .slice(0, most)
  }

  async send(message: Uint8Array): Promise<void> {
    await this.#answer('send')
    this.sent.push(message)
    this.onSend(message)
  }

  fees(): Promise<ChainFees> {
    return Promise.reject(new MoneyError('chain-unreachable', 'not scripted'))
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #state(address: ContractAddress): AccountState {
    const none = { balanceNano: 0n, code: undefined, data: undefined, lastLt: 0n }
    const known = this.#accounts.get(addressKey(address))
    return { status: 'absent', ...none, ...known, at: this.headNow }
  }

  async #answer(question: Question): Promise<void> {
    this.asked.push(question)
    const index = this.#faults.findIndex(([kind]) => kind === question)
    if (index < 0) return
    const [[, fault]] = this.#faults.splice(index, 1) as [[Question, Fault]]
    if (fault !== 'hang') throw fault
    await new Promise(() => undefined)
  }
}

/** An address that nobody has, another one for each number. */
export function someAddress(number: number): ContractAddress {
  return contractAddress(0, number.toString(16).padStart(64, '0'))
}

export const emptyBody: Cell = beginCell().endCell()

export function internalMessage(of: Partial<ChainMessage>): ChainMessage {
  const parties = { source: undefined, destination: undefined }
  return { kind: 'internal', ...parties, valueNano: 0n, isBounced: false, body: emptyBody, ...of }
}

function plainTransaction(account: ContractAddress): Omit<ChainTransaction, 'lt' | 'timeS'> {
  return {
    account,
    hash: '0'.repeat(64),
    inMessage: undefined,
    outMessages: [],
    isSuccess: true,
    exitCode: 0,
    actionCode: 0,
    feesNano: 0n,
  }
}
