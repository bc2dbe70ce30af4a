import type { Address } from '@ton/core'
import { MoneyError } from '../error.ts'
import { type AccountBoc, activeState, parseAccount } from './accounts.ts'
import type { BlockDraft } from './block.ts'
import { type Gift, giftsMessage, walletSeqno } from './faucet.ts'
import { type ExternalMessage, parseExternal } from './message.ts'
import type { Refusal } from './tvm.ts'
import { devnetLimits } from './limits.ts'

/** How the faucet has paid: its wallet's transaction. */
export interface GiftReceipt {
  readonly hash: string
  readonly lt: bigint
  readonly seqno: number
}

interface WaitingGift extends Gift {
  resolve(receipt: GiftReceipt): void
  reject(error: unknown): void
}

/** What was asked of the faucet and is in no block yet. */
export class Gifts {
  readonly #waiting: WaitingGift[] = []
  #sent: { message: ExternalMessage; count: number } | undefined

  /** Resolves once a block has it. Throws `limit`, or `wallet-balance` where the faucet holds less. */
  ask(to: Address, amountNano: bigint, faucet: AccountBoc | undefined): Promise<GiftReceipt> {
    if (this.#waiting.length >= devnetLimits.waitingGifts) {
      throw new MoneyError(
        'limit',
        `${devnetLimits.waitingGifts} transfers of the faucet wait. Ask again later`,
      )
    }
    const balanceNano =
      faucet === undefined ? 0n : (parseAccount(faucet).account?.storage.balance.coins ?? 0n)
    const askedNano = this.#waiting.reduce((sum, gift) => sum + gift.amountNano, amountNano)
    if (askedNano >= balanceNano) {
      throw new MoneyError('wallet-balance', 'The faucet has not so many coins. Ask for less')
    }
    const { promise, resolve, reject } = Promise.withResolvers<GiftReceipt>()
    this.#waiting.push({ to, amountNano, resolve, reject })
    return promise
  }

  /** The faucet's message for the next block; undefined where nobody asked. */
  async message(faucet: AccountBoc | undefined, timeS: number): Promise<ExternalMessage | undefined> {
    const gifts = this.#waiting.slice(0, devnetLimits.giftsPerMessage)
    const data = faucet === undefined ? undefined : activeState(parseAccount(faucet).account)?.data
    if (gifts.length === 0 || !data) return undefined
    const message = parseExternal((await giftsMessage(gifts, walletSeqno(data), timeS)).toBoc())
    this.#sent = { message, count: gifts.length }
    return message
  }

  /** Tells those whose gifts are in the block. */
  settle({ taken, refusals, transactions, block }: BlockDraft): void {
    const sent = this.#sent
    this.#sent = undefined
    if (sent === undefined || !taken.includes(sent.message.hash)) return
    const gifts = this.#waiting.splice(0, sent.count)
    const refusal = refusals.get(sent.message.hash)
    const transaction = transactions.find(({ inMessageHash }) => inMessageHash === sent.message.hash)
    for (const gift of gifts) {
      if (transaction === undefined) gift.reject(refusalError(refusal))
      else gift.resolve({ hash: transaction.hash, lt: transaction.lt, seqno: block.seqno })
    }
  }

  close(error: MoneyError): void {
    for (const gift of this.#waiting.splice(0)) gift.reject(error)
  }
}

/** In the words that liteservers have for it. */
export function refusalError(refusal: Refusal | undefined): MoneyError {
  const { exitCode, log = '', reason = '' } = refusal ?? {}
  const why =
    exitCode === undefined ? reason : `exitcode=${exitCode}\nVM Log (truncated):\n...${log.slice(-500)}`
  return new MoneyError(
    'chain-refused',
    `cannot apply external message to current state : External message was not accepted\nCannot run message on account: inbound external message rejected by account: ${why}`,
  )
}
