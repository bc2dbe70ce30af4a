import { type ContractAddress, type Payment, verifyPayment } from '@cocoon/money'
import { type ProxySignedPaymentAny, WireError, sameBytes } from '@cocoon/wire'

/** What this client knows of its account at one proxy. */
export class Channel {
  readonly contract: ContractAddress
  readonly #publicKey: Uint8Array
  /** Adjusted tokens used in all, as the proxy says; never goes back. */
  maxTokens = 0n
  /** Of these, in the proxy's database. */
  dbTokens = 0n
  /** Of these, signed for. */
  signedTokens = 0n
  /** The newest signature: what the proxy may charge, and proof of it. */
  payment: Uint8Array | undefined

  constructor(options: { contract: ContractAddress; publicKey: Uint8Array }) {
    this.contract = options.contract
    this.#publicKey = options.publicKey
  }

  /** Takes what the proxy states. Throws a WireError on a payment that does not verify, and takes nothing then. */
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
    if (tokens < this.signedTokens) return
    this.signedTokens = tokens
    this.payment = new Uint8Array(data)
  }

  #verified(data: Uint8Array): Payment {
    try {
      return verifyPayment(data, {
        kind: 'client-charge',
        contract: this.contract,
        publicKey: this.#publicKey,
      })
    } catch (cause) {
      throw new WireError('malformed', 'a signed payment that does not verify', { cause })
    }
  }
}
