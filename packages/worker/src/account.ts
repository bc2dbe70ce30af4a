import { type ContractAddress, type Payment, verifyPayment } from '@cocoon/money'
import { type ProxySignedPaymentAny, WireError, sameBytes } from '@cocoon/wire'

/** What this worker knows of its earnings at one proxy contract, in adjusted tokens. It outlives a connection. */
export class Account {
  readonly contract: ContractAddress
  readonly publicKey: Uint8Array
  /** Earned in all, as the proxy says. */
  maxTokens = 0n
  /** Of these, in the proxy's database. */
  dbTokens = 0n
  /** Of these, signed for: what can be cashed whatever the proxy does. */
  signedTokens = 0n
  payment: Uint8Array | undefined

  constructor(options: { contract: ContractAddress; publicKey: Uint8Array }) {
    this.contract = options.contract
    this.publicKey = options.publicKey
  }

  /**
   * Takes what the proxy states. A total below a known one changes nothing. Throws a WireError on a payment
   * that does not verify, and takes nothing then.
   */
  update(payment: ProxySignedPaymentAny, totals?: { dbTokens: bigint; maxTokens: bigint }): void {
    if (
      payment._ === 'proxy.signedPayment' &&
      !(this.payment !== undefined && sameBytes(payment.data, this.payment))
    )
      this.#take(payment.data)
    if (totals === undefined) return
    if (totals.maxTokens > this.maxTokens) this.maxTokens = totals.maxTokens
    if (totals.dbTokens > this.dbTokens) this.dbTokens = totals.dbTokens
  }

  #take(data: Uint8Array): void {
    const { tokens } = this.#verified(data)
    if (this.payment !== undefined && tokens < this.signedTokens) return
    this.signedTokens = tokens
    this.payment = new Uint8Array(data)
  }

  #verified(data: Uint8Array): Payment {
    const { contract, publicKey } = this
    try {
      return verifyPayment(data, { kind: 'worker-payout', contract, publicKey })
    } catch (cause) {
      throw new WireError('malformed', 'a signed payment that does not verify', { cause })
    }
  }

  /**
   * The proxy began its books anew, which costs nothing in a network without a chain: what it states now is
   * all there is. Throws as `update` does, and forgets nothing then.
   */
  reset(payment: ProxySignedPaymentAny, totals: { dbTokens: bigint; maxTokens: bigint }): void {
    const anew = new Account(this)
    anew.update(payment, totals)
    this.maxTokens = anew.maxTokens
    this.dbTokens = anew.dbTokens
    this.signedTokens = anew.signedTokens
    this.payment = anew.payment
  }
}
