import { contractAddress, type ContractAddress } from '../address.ts'
import { Channel } from '../channel.ts'
import { MoneyError } from '../error.ts'
import type { AccountKey } from '../ledger.ts'
import type { Store } from '../store/store.ts'

/** A channel, and what its owner wants of it. */
export interface BookedChannel {
  /** Raw form of the proxy contract's address. */
  readonly proxyContract: AccountKey
  readonly channel: Channel
  /** Of the registry under which the contract was made. */
  readonly paramsVersion: number
  /** Unix seconds at which the registry was first seen to have other prices or codes. */
  outdatedAtS: number | undefined
  /** Somebody asked to close it. */
  isLeaving: boolean
  /** Closed on the chain, for good. */
  isClosed: boolean
  /** A client's: charged before anything was counted here; undefined before the first look at the contract. */
  baseTokens: bigint | undefined
  /** A client's: registrations through the chain since the proxy last let it in, and the last one. */
  registrations: number
  registeredAtS: number
}

/** The form in the store. */
interface StoredChannel {
  readonly contract: string
  readonly publicKey: string
  readonly paramsVersion: number
  readonly maxTokens: string
  readonly dbTokens: string
  /** Base64; absent before the first. */
  readonly payment: string | undefined
  readonly outdatedAtS: number | undefined
  readonly isLeaving: boolean
  readonly isClosed: boolean
  readonly grantedTokens?: string
  readonly baseTokens?: string
  readonly registrations?: number
  readonly registeredAtS?: number
}

/** Channels with all proxies, durable: what was signed is kept until it is settled. */
export class ChannelBook {
  readonly #store: Store
  readonly #kind: Channel['kind']
  readonly #booked = new Map<AccountKey, BookedChannel>()
  /** As they were last written. */
  readonly #written = new Map<AccountKey, string>()

  constructor(store: Store, kind: Channel['kind']) {
    this.#store = store
    this.#kind = kind
    for (const [key, value] of store.entries(prefix)) {
      const proxyContract = key.slice(prefix.length)
      this.#booked.set(proxyContract, this.#read(proxyContract, value))
      this.#written.set(proxyContract, value)
    }
  }

  get(proxyContract: AccountKey): BookedChannel | undefined {
    return this.#booked.get(proxyContract)
  }

  all(): Iterable<BookedChannel> {
    return this.#booked.values()
  }

  /** The channel as it is booked, or booked now and durable. */
  async open(of: {
    proxyContract: AccountKey
    contract: ContractAddress
    publicKey: Uint8Array
    paramsVersion: number
  }): Promise<BookedChannel> {
    const { proxyContract, contract, publicKey, paramsVersion } = of
    let booked = this.#booked.get(proxyContract)
    if (booked === undefined) {
      const channel = new Channel({ kind: this.#kind, contract, publicKey })
      booked = {
        proxyContract,
        channel,
        paramsVersion,
        outdatedAtS: undefined,
        isLeaving: false,
        isClosed: false,
        baseTokens: undefined,
        registrations: 0,
        registeredAtS: 0,
      }
      this.#booked.set(proxyContract, booked)
    }
    await this.save()
    return booked
  }

  /** Writes what changed since the last time. */
  async save(): Promise<void> {
    const changes = new Map<string, string>()
    for (const booked of this.#booked.values()) {
      const value = write(booked)
      if (this.#written.get(booked.proxyContract) !== value) changes.set(prefix + booked.proxyContract, value)
    }
    if (changes.size === 0) return
    await this.#store.write(changes)
    for (const [key, value] of changes) this.#written.set(key.slice(prefix.length), value)
  }

  #read(proxyContract: AccountKey, value: string): BookedChannel {
    try {
      const stored = JSON.parse(value) as StoredChannel
      const [workchain = '', hash = ''] = stored.contract.split(':')
      const channel = new Channel({
        kind: this.#kind,
        contract: contractAddress(Number(workchain), hash),
        publicKey: new Uint8Array(Buffer.from(stored.publicKey, 'hex')),
      })
      channel.update(
        stored.payment === undefined
          ? { _: 'proxy.signedPaymentEmpty' }
          : { _: 'proxy.signedPayment', data: new Uint8Array(Buffer.from(stored.payment, 'base64')) },
        { maxTokens: BigInt(stored.maxTokens), dbTokens: BigInt(stored.dbTokens) },
      )
      channel.grantedTokens = BigInt(stored.grantedTokens ?? '0')
      const { paramsVersion, outdatedAtS, isLeaving, isClosed } = stored
      const { baseTokens, registrations = 0, registeredAtS = 0 } = stored
      return {
        proxyContract,
        channel,
        paramsVersion,
        outdatedAtS,
        isLeaving,
        isClosed,
        baseTokens: baseTokens === undefined ? undefined : BigInt(baseTokens),
        registrations,
        registeredAtS,
      }
    } catch (cause) {
      throw new MoneyError('storage', `The record of the channel with ${proxyContract} cannot be read`, {
        cause,
      })
    }
  }
}

const prefix = 'channel/'

function write(booked: BookedChannel): string {
  const { channel, paramsVersion, outdatedAtS, isLeaving, isClosed } = booked
  const { baseTokens, registrations, registeredAtS } = booked
  const { contract, publicKey, maxTokens, dbTokens, payment, grantedTokens } = channel
  const stored: StoredChannel = {
    contract: `${contract.workchain}:${contract.hash}`,
    publicKey: Buffer.from(publicKey).toString('hex'),
    paramsVersion,
    maxTokens: String(maxTokens),
    dbTokens: String(dbTokens),
    payment: payment && Buffer.from(payment).toString('base64'),
    outdatedAtS,
    isLeaving,
    isClosed,
    grantedTokens: String(grantedTokens),
    ...(baseTokens !== undefined && { baseTokens: String(baseTokens) }),
    registrations,
    registeredAtS,
  }
  return JSON.stringify(stored)
}

/** What a role has booked with proxies, for people. Throws `MoneyError('storage')`. */
export function readChannels(store: Store, kind: Channel['kind']): BookedChannel[] {
  return [...new ChannelBook(store, kind).all()]
}
