import type { World } from '@cocoon/wire'
import { addressKey, sameAddress, type ContractAddress } from '../address.ts'
import type { AccountState, Chain, ChainTransaction } from '../chain/chain.ts'
import { describeFailure } from '../contracts/exit.ts'
import { MoneyError } from '../error.ts'
import type { PaymentKey } from '../payment-key.ts'
import { judge, type Outcome } from '../wallet/outcome.ts'
import type { OwnerTransfer, OwnerWallet, SignedTransfer } from './wallet.ts'

/** From signing until the wallet refuses it, by the chain's clock. */
const validForS = 180
/** A final block so much later shows that it was never executed. */
const expiryMarginS = 30
/** From the wallet's transaction until the arrival is given up. */
const arrivalMs = 120_000
const lookMs = 1_000
const resendMs = 15_000
const pageSize = 100

/** What a transfer needs and leaves, before anything is signed. */
export interface TransferPlan {
  readonly wallet: AccountState
  /** What is at the destination. */
  readonly destination: AccountState
  /** As it is sent: coins for an account without a contract do not come back. */
  readonly transfer: OwnerTransfer
  readonly seqno: number
  /** The wallet's contract is not there yet and comes with the transfer. */
  readonly deploys: boolean
  /** The most that it costs besides its amount. */
  readonly feeNano: bigint
  /** What the wallet lacks for it; 0 if nothing. */
  readonly missingNano: bigint
}

/** Looks at both accounts. Rejects with `MoneyError('wallet-blocked')`, or with what keeps it from reading the chain. */
export async function planTransfer(
  chain: Chain,
  wallet: OwnerWallet,
  wanted: Omit<OwnerTransfer, 'isBounceable'>,
): Promise<TransferPlan> {
  const [state, destination, fees] = await Promise.all([
    chain.account(wallet.address),
    chain.account(wanted.to),
    chain.fees(),
  ])
  const transfer = { ...wanted, isBounceable: destination.status === 'active' }
  const deploys = state.status !== 'active'
  const feeNano = wallet.estimateFee(transfer, fees, deploys)
  const { valueNano } = transfer
  const neededNano = valueNano === 'everything' ? feeNano + 1n : valueNano + feeNano
  const missingNano = neededNano > state.balanceNano ? neededNano - state.balanceNano : 0n
  const seqno = wallet.seqnoIn(state)
  return { wallet: state, destination, transfer, seqno, deploys, feeNano, missingNano }
}

export interface SendOptions {
  readonly chain: Chain
  readonly world: World
  readonly wallet: OwnerWallet
  readonly key: PaymentKey
  readonly signal: AbortSignal
  /** Hears how far it is. */
  readonly progress?: (step: 'handed-in' | 'left') => void
}

/**
 * Signs a transfer, hands it in and follows it until both transactions are final. It can be executed once at most,
 * for some minutes. Rejects with `MoneyError`: `wallet-balance` where the wallet cannot pay, `transaction-failed` where it
 * expired unexecuted, `closed` when the signal aborts, after which it may still be executed; or with why the chain
 * would not take it.
 */
export async function sendTransfer(plan: TransferPlan, options: SendOptions): Promise<Outcome> {
  const { wallet, chain, key, progress } = options
  const { seqno, deploys, transfer, missingNano } = plan
  if (missingNano > 0n)
    throw new MoneyError('wallet-balance', `The wallet lacks ${missingNano} nanotons for this`)
  const validUntilS = plan.wallet.at.timeS + validForS
  const signed = wallet.sign(transfer, { key, seqno, validUntilS, deploys })
  await chain.send(signed.bytes)
  progress?.('handed-in')
  const left = await execution(signed, { afterLt: plan.wallet.lastLt, validUntilS }, options)
  const sent = left.outMessages.find(
    ({ destination }) => destination !== undefined && sameAddress(destination, transfer.to),
  )
  if (sent === undefined) return { kind: 'not-sent', words: notSent(left) }
  progress?.('left')
  return arrival({ signed, left, to: transfer.to }, options)
}

/** The wallet's transaction. Sources forget messages, so it is handed in again now and then. */
async function execution(
  { bodyHash, bytes }: SignedTransfer,
  { afterLt, validUntilS }: { afterLt: bigint; validUntilS: number },
  options: SendOptions,
): Promise<ChainTransaction> {
  const { chain, world, wallet } = options
  let sentAt = world.monotonic()
  for (let lookedTo = afterLt; ;) {
    const { timeS } = await chain.head()
    const page = await chain.transactions(wallet.address, { afterLt: lookedTo, most: pageSize })
    for (const transaction of page) {
      const { inMessage } = transaction
      if (inMessage?.kind === 'external-in' && inMessage.body.hash().toString('hex') === bodyHash)
        return transaction
      lookedTo = transaction.lt
    }
    if (page.length === pageSize) continue
    if (timeS > validUntilS + expiryMarginS) {
      throw new MoneyError(
        'transaction-failed',
        'The wallet did not execute the transfer before it expired, and never will. Nothing was sent: try again',
      )
    }
    if (world.monotonic() - sentAt > resendMs) {
      sentAt = world.monotonic()
      // The wallet refuses it where it was executed meanwhile; the next look shows that.
      await chain.send(bytes).catch(() => {})
    }
    await pause(options)
  }
}

/** What the destination made of the message. */
async function arrival(
  { signed, left, to }: { signed: SignedTransfer; left: ChainTransaction; to: ContractAddress },
  options: SendOptions,
): Promise<Outcome> {
  const { chain, world, wallet } = options
  const until = world.monotonic() + arrivalMs
  for (let lookedTo = left.lt; ;) {
    const page = await chain.transactions(to, { afterLt: lookedTo, most: pageSize })
    for (const transaction of page) {
      const { inMessage } = transaction
      const isIt =
        inMessage?.kind === 'internal' &&
        !inMessage.isBounced &&
        inMessage.source !== undefined &&
        sameAddress(inMessage.source, wallet.address) &&
        inMessage.body.hash().toString('hex') === signed.messageBodyHash
      if (isIt) return judge(transaction, wallet.address)
      lookedTo = transaction.lt
    }
    if (page.length === pageSize) continue
    if (world.monotonic() > until) {
      const words = `It left the wallet, and the chain does not show it at ${addressKey(to)} yet. Look there later`
      return { kind: 'unknown', words }
    }
    await pause(options)
  }
}

function notSent(left: ChainTransaction): string {
  const why = describeFailure(left)
  return `The wallet executed the transfer and sent nothing: ${why ?? 'it could not pay for it, or nothing can be sent there'}`
}

function pause({ world, signal }: SendOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      timer.cancel()
      reject(
        new MoneyError(
          'closed',
          'Waiting was stopped. The transfer was handed in and may still be executed: look at the wallet',
        ),
      )
    }
    const timer = world.after(lookMs, () => {
      signal.removeEventListener('abort', stop)
      resolve()
    })
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}
