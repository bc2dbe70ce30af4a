import { type ContractAddress, type Payment, verifyPayment } from '@cocoon/money'
import { type ProxySignedPaymentAny, WireError } from '@cocoon/wire'

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
   * that does not verify.
   */
  update(payment: ProxySignedPaymentAny, totals?: { dbTokens: bigint; maxTokens: bigint }): void {
    if (totals !== undefined) {
      if (totals.maxTokens > this.maxTokens) this.maxTokens = totals.maxTokens
      if (totals.dbTokens > this.dbTokens) this.dbTokens = totals.dbTokens
    }
    if (payment._ === 'proxy.signedPaymentEmpty' || sameBytes(payment.data, this.payment)) return
    const { tokens } = this.#verified(payment.data)
    if (this.payment !== undefined && tokens < this.signedTokens) return
    this.signedTokens = tokens
    this.payment = new Uint8Array(payment.data)
  }

  #verified(data: Uint8Array): Payment {
    const { contract, publicKey } = this
    try {
      return verifyPayment(data, { kind: 'worker-payout', contract, publicKey })
    } catch (cause) {
      throw new WireError('malformed', 'a signed payment that does not verify', { cause })
    }
  }

  /** The proxy began its books anew, which costs nothing in a network without a chain. */
  reset(): void {
    this.maxTokens = 0n
    this.dbTokens = 0n
    this.signedTokens = 0n
    this.payment = undefined
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array | undefined): boolean {
  if (b === undefined || a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
