import type { ProxySignedPaymentAny } from '@cocoon/wire'
import { addressKey, type ContractAddress } from './address.ts'
import { Channel, type ChannelTotals } from './channel.ts'
import type { ProxyTerms } from './proxy-terms.ts'
import type { RootConfig } from './root-config.ts'

/** Where a client or worker keeps its channels, and what it does on the chain for them. */
export interface Channels {
  /**
   * The channel with this proxy, the same one for every connection. `contract` is the own contract there,
   * derived from `config`. Rejects with a MoneyError that says why nothing may be owed or earned there.
   */
  open(of: { terms: ProxyTerms; contract: ContractAddress; config: RootConfig }): Promise<Channel>
  /**
   * The proxy knows of less than it has told before. Takes it, or throws `MoneyError('rolled-back')` where the
   * difference is worth something.
   */
  rolledBack(channel: Channel, payment: ProxySignedPaymentAny, totals: ChannelTotals): void
  /** All of them, by the key of the proxy contract's address. */
  all(): Iterable<[proxyContract: string, channel: Channel]>
}

/** Channels of a client, which proves to a proxy that it owns its contract. */
export interface ClientChannels extends Channels {
  /** Proves it without a transaction, where the contract carries its SHA-256. */
  secretFor(channel: Channel): Uint8Array
  /** Has the client's contract register the proxy's nonce. Resolves once the transaction is on its way. */
  register(channel: Channel, nonce: bigint): Promise<void>
  /** The proxy has let this client in. */
  agreed(channel: Channel): void
}

/** Channels of a network without a chain: they end with the process, and a proxy may begin anew. */
export class ChannelsWithoutChain implements ClientChannels {
  readonly #secret: Uint8Array
  readonly #kind: Channel['kind']
  readonly #channels = new Map<string, Channel>()

  constructor(kind: Channel['kind'], secret: Uint8Array = new Uint8Array(0)) {
    this.#kind = kind
    this.#secret = secret
  }

  async open({ terms, contract }: { terms: ProxyTerms; contract: ContractAddress }): Promise<Channel> {
    const key = addressKey(terms.contract)
    let channel = this.#channels.get(key)
    if (channel === undefined) {
      channel = new Channel({ kind: this.#kind, contract, publicKey: terms.publicKey })
      this.#channels.set(key, channel)
    }
    return channel
  }

  rolledBack(channel: Channel, payment: ProxySignedPaymentAny, totals: ChannelTotals): void {
    channel.reset(payment, totals)
  }

  all(): Iterable<[proxyContract: string, channel: Channel]> {
    return this.#channels
  }

  secretFor(): Uint8Array {
    return this.#secret
  }

  async register(): Promise<void> {}

  agreed(): void {}
}
