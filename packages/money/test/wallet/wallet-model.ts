import { beginCell, Cell, loadMessage, loadMessageRelaxed } from '@ton/core'
import { ownAddress } from '../../src/devnet/accounts.ts'
import { CellWriter } from '../../src/cell.ts'
import {
  addressKey,
  codeFromCell,
  createPaymentKey,
  MoneyError,
  nodeWalletAddress,
  type ChainMessage,
  type ChainTransaction,
  type ContractAddress,
} from '../../src/index.ts'
import { internalMessage, type ScriptedChain, someAddress } from '../watch/scripted-chain.ts'

export const key = createPaymentKey(new Uint8Array(32).fill(7))
export const owner = someAddress(0xabc)
/** Of a contract that nobody runs: the model stands for it. */
export const code = codeFromCell(beginCell().storeUint(1, 8).endCell())

/** What a message does at its destination; without it, it succeeds. */
export type Reaction = (message: ChainMessage) => Partial<ChainTransaction>

interface Order {
  readonly bodyHash: string
  readonly body: Cell
  readonly seqno: number
  readonly validUntilS: number
  readonly messages: readonly ChainMessage[]
  readonly modes: readonly number[]
}

/** The wallet's contract as the specification has it, on a scripted chain. */
export class WalletModel {
  readonly #chain: ScriptedChain
  readonly address: ContractAddress = nodeWalletAddress({ publicKey: key.publicKey, owner, code })
  readonly reactions = new Map<string, Reaction>()
  /** What arrived: the destination and the hash of the body. */
  readonly arrived: string[] = []
  /** Sent and not arrived, where `isSlow`. */
  readonly onTheWay: ChainMessage[] = []
  isSlow = false
  /** How many messages each external message had that was executed. */
  readonly batches: number[] = []
  readonly #waiting: Order[] = []
  #lt = 1000n
  seqno = 0
  isBlocked = false
  balanceNano: bigint

  constructor(chain: ScriptedChain, balanceNano = 10_000_000_000n) {
    this.#chain = chain
    this.balanceNano = balanceNano
    chain.onSend = boc => this.take(boc)
    this.publish()
  }

  /** A message from outside comes: it waits for the next block, unless the wallet would refuse it. */
  take(boc: Uint8Array): void {
    const order = parseOrder(boc)
    const refusal = this.#refusal(order)
    if (refusal !== undefined) throw new MoneyError('chain-refused', `exit code ${refusal}`)
    this.#waiting.push(order)
  }

  /** A block is made: what waits is executed, and arrives. `loses`: nothing of it was taken over by anybody. */
  mine({ seconds = 5, loses = false }: { seconds?: number; loses?: boolean } = {}): void {
    this.#chain.passTime(seconds)
    for (const order of this.#waiting.splice(0)) {
      if (!loses && this.#refusal(order) === undefined) this.execute(order)
    }
    this.publish()
  }

  execute(order: Order): void {
    this.seqno++
    this.batches.push(order.messages.length)
    const sent = order.messages.filter(({ valueNano }) => valueNano + 10_000_000n <= this.balanceNano)
    for (const { valueNano } of sent) this.balanceNano -= valueNano
    const inMessage = { ...internalMessage({ body: order.body }), kind: 'external-in' as const }
    this.#chain.addTransaction(this.address, { lt: this.#next(), inMessage, outMessages: sent })
    if (this.isSlow) this.onTheWay.push(...sent)
    else for (const message of sent) this.arrive(message)
  }

  /** A message of the wallet, or one that looks like it, arrives where it goes. */
  arrive(message: ChainMessage): void {
    const destination = message.destination!
    const reaction = this.reactions.get(addressKey(destination))?.(message)
    this.arrived.push(`${addressKey(destination)} ${message.body.hash().toString('hex')}`)
    this.#chain.addTransaction(destination, { lt: this.#next(), inMessage: message, ...reaction })
  }

  /** The wallet's state as the chain has it from now on. */
  publish(): void {
    const data = new CellWriter()
      .uint(this.seqno, 32)
      .uint(0, 32)
      .bytes(key.publicKey)
      .uint(this.isBlocked ? 1 : 0, 32)
      .address(owner)
      .build()
    this.#chain.setAccount(this.address, { status: 'active', balanceNano: this.balanceNano, data })
  }

  /** Something other than an external message happens to the wallet. */
  receive(valueNano: bigint): void {
    this.balanceNano += valueNano
    const inMessage = internalMessage({ source: owner, destination: this.address, valueNano })
    this.#chain.addTransaction(this.address, { lt: this.#next(), inMessage })
    this.publish()
  }

  #next(): bigint {
    this.#lt += 10n
    return this.#lt
  }

  #refusal({ validUntilS, seqno }: Order): number | undefined {
    if (validUntilS <= this.#chain.headNow.timeS) return 1030
    if (this.isBlocked) return 1031
    if (seqno !== this.seqno) return 1032
    return this.balanceNano < 2_000_000_000n ? 1035 : undefined
  }
}

export function parseOrder(boc: Uint8Array): Order {
  const { body } = loadMessage(Cell.fromBoc(Buffer.from(boc))[0]!.beginParse())
  const slice = body.beginParse().skip(512 + 32)
  const [validUntilS, seqno] = [slice.loadUint(32), slice.loadUint(32)]
  const modes = Array.from({ length: slice.remainingRefs }, () => slice.loadUint(8))
  const source = nodeWalletAddress({ publicKey: key.publicKey, owner, code })
  const messages = modes.map(() => {
    const { info, body } = loadMessageRelaxed(slice.loadRef().beginParse())
    if (info.type !== 'internal') throw new Error('a wallet sends internal messages')
    return internalMessage({
      source,
      destination: ownAddress(info.dest),
      valueNano: info.value.coins,
      body,
    })
  })
  return { bodyHash: body.hash().toString('hex'), body, seqno, validUntilS, messages, modes }
}
