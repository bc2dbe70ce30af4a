import { Cell } from '@ton/core'
import { addressKey, parseAddress, sameAddress, type ContractAddress } from '../address.ts'
import type { ChainTransaction } from '../chain/chain.ts'
import { MoneyError } from '../error.ts'
import { watchLimits } from '../watch/limits.ts'
import { walletLimits } from './limits.ts'
import { hexHash } from './message.ts'
import { judge, type Outcome } from './outcome.ts'
import type { OpenMessage, Outbox, SentMark } from './outbox.ts'

/** What of a destination's transactions come after a logical time; see `Chain.transactions`. */
export type AskTransactions = (
  address: ContractAddress,
  range: { afterLt: bigint; most: number },
) => Promise<ChainTransaction[]>

/** A message on its way. */
interface Parcel {
  readonly open: OpenMessage
  readonly sent: SentMark
  readonly sentLt: bigint
  readonly bodyHash: string
  afterLt: bigint
}

/**
 * Looks at the destinations for what the messages that left the wallet have caused there. Between a wallet and one
 * destination messages keep their order, so the oldest of those that look the same is the one that arrives.
 */
export class Deliveries {
  readonly #wallet: ContractAddress
  readonly #outbox: Outbox
  readonly #ask: AskTransactions
  /** How far each message was looked for in this process. */
  readonly #looked = new Map<string, bigint>()

  constructor(of: { wallet: ContractAddress; outbox: Outbox; ask: AskTransactions }) {
    this.#wallet = of.wallet
    this.#outbox = of.outbox
    this.#ask = of.ask
  }

  /** Settles what has arrived. Throws the first `MoneyError` of the chain, after all destinations for which it answers. */
  async follow(nowS: number): Promise<void> {
    const byDestination = Map.groupBy(this.#parcels(), ({ open }) => open.message.destination)
    const failures: unknown[] = []
    for (const [destination, parcels] of byDestination) {
      try {
        await this.#followTo(parseAddress(destination), parcels)
      } catch (error) {
        const code = error instanceof MoneyError ? error.code : undefined
        if (code === 'storage' || code === 'closed') throw error
        failures.push(error)
        // Who does not answer for one destination does not for the next.
        if (code === 'chain-unreachable' || code === 'chain-busy') break
        if (code !== 'chain-history') continue
      }
      await this.#giveUp(parcels, nowS)
    }
    if (failures.length > 0) throw failures[0]
  }

  #parcels(): Parcel[] {
    const parcels = this.#outbox.open().flatMap(open => {
      if (open.sent === undefined) return []
      const { lt, afterLt } = open.sent
      return {
        open,
        sent: open.sent,
        sentLt: BigInt(lt),
        bodyHash: hexHash(Cell.fromBase64(open.message.body)),
        afterLt: this.#looked.get(open.id) ?? BigInt(afterLt),
      }
    })
    const ids = new Set(parcels.map(({ open }) => open.id))
    for (const id of this.#looked.keys()) if (!ids.has(id)) this.#looked.delete(id)
    return parcels.sort((a, b) => Number(a.sentLt - b.sentLt))
  }

  async #followTo(destination: ContractAddress, parcels: Parcel[]): Promise<void> {
    const left = new Set(parcels)
    while (left.size > 0) {
      const afterLt = [...left].reduce(
        (least, parcel) => (parcel.afterLt < least ? parcel.afterLt : least),
        maxLt,
      )
      const page = await this.#ask(destination, { afterLt, most: watchLimits.pageSize })
      let lastLt = afterLt
      for (const transaction of page) {
        if (transaction.lt <= lastLt || !sameAddress(transaction.account, destination)) {
          throw new MoneyError(
            'chain-answer',
            `The chain's source gave transactions of ${addressKey(destination)} out of order. Use another source`,
          )
        }
        lastLt = transaction.lt
        await this.#match(transaction, left)
      }
      for (const parcel of left) {
        if (parcel.afterLt < lastLt) parcel.afterLt = lastLt
        this.#looked.set(parcel.open.id, parcel.afterLt)
      }
      if (page.length < watchLimits.pageSize) return
    }
  }

  /** Settles the oldest message that this transaction can be of. */
  async #match(transaction: ChainTransaction, left: Set<Parcel>): Promise<void> {
    const { inMessage, lt } = transaction
    if (inMessage?.kind !== 'internal' || inMessage.isBounced || inMessage.source === undefined) return
    if (!sameAddress(inMessage.source, this.#wallet)) return
    const bodyHash = hexHash(inMessage.body)
    const alike = [...left].filter(parcel => parcel.bodyHash === bodyHash && parcel.afterLt < lt)
    const [arrived, ...others] = alike
    if (arrived === undefined) return
    const change = this.#outbox.change().settle(arrived.open, judge(transaction, this.#wallet))
    // No other one can be of this transaction any more, in the next process neither.
    for (const { open, sent } of others) change.put({ ...open, sent: { ...sent, afterLt: String(lt) } })
    await this.#outbox.write(change)
    left.delete(arrived)
  }

  /** Messages always arrive; where a source does not show it for so long, it will not show it any more. */
  async #giveUp(parcels: readonly Parcel[], nowS: number): Promise<void> {
    for (const { open, sent } of parcels) {
      if (this.#outbox.openMessage(open.id) === undefined) continue
      if (nowS < sent.timeS + walletLimits.followForS) continue
      const words = 'It left the wallet, and the chain does not show what it caused. Look at the destination'
      await this.#outbox.write(
        this.#outbox.change().settle(open, { kind: 'unknown', words } satisfies Outcome),
      )
    }
  }
}

const maxLt = 1n << 64n
