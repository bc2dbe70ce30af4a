import type { World } from '@cocoon/wire'
import { addressKey, type ContractAddress } from '../address.ts'
import type { AccountState, ChainTransaction } from '../chain/chain.ts'
import { describeFailure } from '../contracts/exit.ts'
import { readNodeWalletData, type NodeWalletParties } from '../contracts/node-wallet.ts'
import { sentMessages, signWalletExternal } from '../contracts/wallet-external.ts'
import { MoneyError } from '../error.ts'
import type { PaymentKey } from '../payment-key.ts'
import type { StoreChanges } from '../watch/account-watch.ts'
import { chooseBatch, lowBalance, validUntil } from './batch.ts'
import { walletLimits } from './limits.ts'
import { hexHash, readMessage } from './message.ts'
import type { ExternalRecord, LostExternal, OpenMessage, Outbox } from './outbox.ts'

export interface SenderOptions {
  readonly wallet: Omit<NodeWalletParties, 'publicKey'>
  readonly key: PaymentKey
  readonly address: ContractAddress
  readonly outbox: Outbox
  readonly world: World
  readonly keepNano: bigint
  readonly isTest: boolean
}

/** Hands an external message to the chain; rejects with a `MoneyError` of the chain. */
export type HandIn = (message: Uint8Array) => Promise<void>

/**
 * The way of messages out of the wallet, one external message at a time:
 *
 *     waiting -> in an external message, durable, then handed in again and again -> executed: sent, or left out
 *             <- expired: a final block is past its end, and the wallet has not used its number
 *
 * The number that it carries can be used once, so a message of an external message that has expired unused was never
 * sent, and one of another external message with the next number is not sent twice.
 */
export class Sender {
  readonly #options: SenderOptions
  #handedIn: { bodyHash: string; atMs: number } | undefined

  constructor(options: SenderOptions) {
    this.#options = options
  }

  /** What a transaction of the wallet changes. */
  take(transaction: ChainTransaction): StoreChanges {
    const { outbox, address } = this.#options
    const change = outbox.change()
    // Top-ups, refunds and the owner's orders are nothing to the sender.
    if (transaction.inMessage?.kind !== 'external-in') return change.changes
    const external = outbox.external()
    const bodyHash = hexHash(transaction.inMessage.body)
    const executed = [external, ...outbox.lost()].find(known => known?.bodyHash === bodyHash)
    if (executed === undefined) return change.foreign(transaction).changes
    if (!transaction.isSuccess) {
      // Of one that was given up, the messages wait or are in the next one, and only the fee is lost.
      if (external?.bodyHash !== bodyHash) return change.changes
      const failure = `The wallet could not execute it: ${describeFailure(transaction, 'wallet')}`
      return change.external({ ...external, failure }).changes
    }
    const { lt, timeS } = transaction
    const opened = this.#messagesOf(executed)
    const messages = opened.map(({ message }) => readMessage(message))
    const sent = sentMessages(transaction, { wallet: address, bodyHash, messages })
    for (const [index, open] of opened.entries()) {
      if (sent?.[index] === undefined) {
        const words = 'The wallet left it out: it could not pay for it, or nothing can be sent there'
        change.settle(open, { kind: 'not-sent', words })
      } else {
        change.put({ ...open, sent: { lt: String(lt), timeS, afterLt: String(lt) } })
      }
    }
    // Whatever else has this number can never be executed, and what is in it waits again.
    return change
      .external(undefined)
      .lost([])
      .seqno(executed.seqno + 1).changes
  }

  /**
   * Does what a state of the wallet allows, after all transactions that led to it. Throws a `MoneyError` that says
   * why nothing is sent.
   */
  async advance(state: AccountState, handIn: HandIn): Promise<void> {
    const { outbox } = this.#options
    const { seqno, isBlocked } = readWallet(state)
    const foreign = outbox.foreign()
    if (foreign !== undefined) throw secondCopy(this.#options.address, foreign.lt)
    const external = await this.#resolve(seqno, state.at.timeS)
    await this.#expire(state.at.timeS)
    if (isBlocked) {
      throw new MoneyError(
        'wallet-blocked',
        'The owner of the wallet has blocked it. Unblock it to send again',
      )
    }
    const next = external ?? (await this.#next(seqno, state))
    if (next !== undefined) await this.#handIn(next, handIn)
    this.#checkBalance(state)
  }

  /** Gives up all that has not left the wallet: a second copy of these records may have sent it. */
  async abandon(words: string): Promise<void> {
    const { outbox } = this.#options
    const external = outbox.external()
    const change = outbox.change().foreign(undefined)
    for (const open of this.#waiting()) {
      if (!external?.ids.includes(open.id)) change.settle(open, { kind: 'not-sent', words })
    }
    // What is under way may still be executed, and is given up when that is out of the question.
    if (external === undefined) change.seqno(undefined)
    else change.external({ ...external, failure: words })
    await outbox.write(change)
  }

  /** The external message that is still under way. Settles one that is not. */
  async #resolve(seqno: number, nowS: number): Promise<ExternalRecord | undefined> {
    const { outbox } = this.#options
    const known = outbox.seqno()
    const external = outbox.external()
    if (known !== undefined && seqno < known) {
      throw new MoneyError(
        'chain-stale',
        `The chain's source gave sequence number ${seqno} of the wallet after ${known}. Use another source`,
      )
    }
    const change = outbox.change()
    if (external === undefined) {
      if (known === undefined) await outbox.write(change.seqno(seqno))
      else if (seqno > known) throw this.#unexplained(seqno, known)
      return undefined
    }
    if (seqno > external.seqno && external.failure === undefined)
      throw this.#unexplained(seqno, external.seqno)
    if (seqno === external.seqno && nowS <= external.validUntilS + walletLimits.expiryMarginS) return external
    if (external.failure !== undefined) {
      for (const open of this.#messagesOf(external))
        change.settle(open, { kind: 'not-sent', words: external.failure })
    }
    // Without a failure its messages wait again, as they are in no external message.
    const lost = seqno === external.seqno ? [...outbox.lost(), lostOf(external)] : []
    await outbox.write(change.external(undefined).lost(lost.slice(-walletLimits.lostExternals)).seqno(seqno))
    return undefined
  }

  /** Settles what waits beyond its deadline. */
  async #expire(nowS: number): Promise<void> {
    const { outbox } = this.#options
    const change = outbox.change()
    const underWay = outbox.external()?.ids ?? []
    for (const open of this.#waiting()) {
      if (underWay.includes(open.id) || open.deadlineS === undefined || open.deadlineS > nowS) continue
      change.settle(open, { kind: 'not-sent', words: 'Its deadline passed before the wallet could send it' })
    }
    if (!change.isEmpty) await outbox.write(change)
  }

  /** Makes the next external message, durable. */
  async #next(seqno: number, state: AccountState): Promise<ExternalRecord | undefined> {
    const { outbox, wallet, key, keepNano } = this.#options
    const { messages } = chooseBatch(this.#waiting(), { balanceNano: state.balanceNano, keepNano })
    if (messages.length === 0) return undefined
    const validUntilS = validUntil(messages, state.at.timeS)
    const { bodyHash, bytes } = signWalletExternal({
      wallet,
      key,
      seqno,
      validUntilS,
      messages: messages.map(({ message }) => readMessage(message)),
    })
    const boc = Buffer.from(bytes).toString('base64')
    const ids = messages.map(({ id }) => id)
    const external: ExternalRecord = { seqno, validUntilS, bodyHash, boc, ids, failure: undefined }
    await outbox.write(outbox.change().external(external).seqno(seqno))
    return external
  }

  async #handIn({ bodyHash, boc, failure }: ExternalRecord, handIn: HandIn): Promise<void> {
    if (failure !== undefined) throw new MoneyError('transaction-failed', failure)
    const nowMs = this.#options.world.monotonic()
    const last = this.#handedIn
    if (last?.bodyHash === bodyHash && nowMs - last.atMs < walletLimits.resendMs) return
    await handIn(Buffer.from(boc, 'base64'))
    this.#handedIn = { bodyHash, atMs: nowMs }
  }

  /** Says what is missing for all that has not left the wallet, be it under way or not. */
  #checkBalance({ balanceNano }: AccountState): void {
    const { address, keepNano, isTest } = this.#options
    const { missingNano } = chooseBatch(this.#waiting(), { balanceNano, keepNano })
    if (missingNano > 0n) throw lowBalance(missingNano, { address, balanceNano, keepNano, isTest })
  }

  /** All that has not left the wallet. */
  #waiting(): OpenMessage[] {
    return this.#options.outbox.open().filter(({ sent }) => sent === undefined)
  }

  #messagesOf({ ids }: LostExternal): OpenMessage[] {
    return ids.flatMap(id => this.#options.outbox.openMessage(id) ?? [])
  }

  #unexplained(seqno: number, known: number): MoneyError {
    return new MoneyError(
      'chain-answer',
      `The chain's source gave sequence number ${seqno} of ${addressKey(this.#options.address)} and no transaction ` +
        `that used ${known}. Use another source`,
    )
  }
}

function lostOf({ seqno, bodyHash, ids }: ExternalRecord): LostExternal {
  return { seqno, bodyHash, ids }
}

export function readWallet(state: AccountState): { seqno: number; isBlocked: boolean } {
  if (state.status === 'frozen') {
    throw new MoneyError(
      'wallet-blocked',
      'The wallet is frozen, as it owes for storage. Pay that, and unfreeze it',
    )
  }
  if (state.data === undefined) return { seqno: 0, isBlocked: false }
  return readNodeWalletData(state.data)
}

function secondCopy(address: ContractAddress, lt: string): MoneyError {
  return new MoneyError(
    'rolled-back',
    `Transaction ${lt} of wallet ${addressKey(address)} is signed with its key and is not of this process: ` +
      'a second copy runs, or this one was restored from an old backup. Stop the other one, or restore the newest',
  )
}
