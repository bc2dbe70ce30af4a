import { type ProxySignedPaymentAny, sameBytes, WireError } from '@cocoon/wire'
import type { ContractAddress } from './address.ts'
import { type Payment, verifyPayment } from './payment.ts'

export interface ChannelTotals {
  readonly dbTokens: bigint
  readonly maxTokens: bigint
}

export interface ChannelTerms {
  /** What the proxy signs here: charges of a client, or payouts of a worker. */
  readonly kind: 'client-charge' | 'worker-payout'
  /** The client's or worker's own contract. */
  readonly contract: ContractAddress
  /** Of the proxy. */
  readonly publicKey: Uint8Array
}

/**
 * What a client or worker knows of its account at one proxy contract, in adjusted tokens since that contract was
 * made. It outlives a connection.
 */
export class Channel implements ChannelTerms {
  readonly kind: ChannelTerms['kind']
  readonly contract: ContractAddress
  readonly publicKey: Uint8Array
  /** Used or earned in all, as the proxy says; never goes back. */
  maxTokens = 0n
  /** Of these, in the proxy's database. */
  dbTokens = 0n
  /** Of these, signed for: what can be settled whatever the proxy does. */
  signedTokens = 0n
  /** The newest signature, a bag of cells. */
  payment: Uint8Array | undefined
  /** A client's: the most that its queries so far can cost. */
  grantedTokens = 0n

  constructor({ kind, contract, publicKey }: ChannelTerms) {
    this.kind = kind
    this.contract = contract
    this.publicKey = publicKey
  }

  /**
   * Takes what the proxy states. A total below a known one changes nothing. Throws a WireError on a payment
   * that does not verify, and takes nothing then.
   */
  update(payment: ProxySignedPaymentAny, totals?: ChannelTotals): void {
    if (
      payment._ === 'proxy.signedPayment' &&
      !(this.payment !== undefined && sameBytes(payment.data, this.payment))
    )
      this.#take(payment.data)
    if (totals === undefined) return
    if (totals.maxTokens > this.maxTokens) this.maxTokens = totals.maxTokens
    if (totals.dbTokens > this.dbTokens) this.dbTokens = totals.dbTokens
  }

  /**
   * The proxy began its books anew, which costs nothing in a network without a chain: what it states now is
   * all there is. Throws as `update` does, and forgets nothing then.
   */
  reset(payment: ProxySignedPaymentAny, totals: ChannelTotals): void {
    const anew = new Channel(this)
    anew.update(payment, totals)
    this.maxTokens = anew.maxTokens
    this.dbTokens = anew.dbTokens
    this.signedTokens = anew.signedTokens
    this.payment = anew.payment
  }

  #take(data: Uint8Array): void {
    const { tokens } = this.#verified(data)
    if (this.payment !== undefined && tokens < this.signedTokens) return
    this.signedTokens = tokens
    this.payment = new Uint8Array(data)
  }

  #verified(data: Uint8Array): Payment {
    const { kind, contract, publicKey } = this
    try {
      return verifyPayment(data, { kind, contract, publicKey })
    } catch (cause) {
      throw new WireError('malformed', 'a signed payment that does not verify', { cause })
    }
  }
}
