import {
  type AccountKey,
  addressKey,
  type ContractAddress,
  type Ledger,
  type PaymentKey,
  signPayment,
} from '@cocoon/money'
import type { ProxySignedPaymentAny, World } from '@cocoon/wire'
import type { ClientContract } from './client-contracts.ts'

/** A client of this proxy as the ledger and the signatures know it. */
export interface ClientAccount {
  readonly key: AccountKey
  readonly contract: ContractAddress
  signed: SignedTotal | undefined
}

export interface WorkerAccount {
  readonly key: AccountKey
  readonly contract: ContractAddress
  signed: SignedTotal | undefined
}

interface SignedTotal {
  tokens: bigint
  payment: ProxySignedPaymentAny
}

const emptyPayment: ProxySignedPaymentAny = { _: 'proxy.signedPaymentEmpty' }

/**
 * Accounts and their signed totals. Only what is committed to the chain is signed, and signed once: a
 * signature is kept until the total it covers grows.
 */
export class Payments {
  readonly #ledger: Ledger
  readonly #key: PaymentKey
  readonly #excessesTo: ContractAddress
  readonly #world: World
  readonly #clients = new Map<AccountKey, ClientAccount>()
  readonly #workers = new Map<AccountKey, WorkerAccount>()

  constructor(options: { ledger: Ledger; key: PaymentKey; excessesTo: ContractAddress; world: World }) {
    this.#ledger = options.ledger
    this.#key = options.key
    this.#excessesTo = options.excessesTo
    this.#world = options.world
  }

  get publicKey(): Uint8Array {
    return this.#key.publicKey
  }

  async openClient(
    owner: ContractAddress,
    contract: ContractAddress,
    { credit }: ClientContract,
  ): Promise<ClientAccount> {
    const key = addressKey(owner)
    await this.#ledger.openClient(key, credit)
    return open(this.#clients, key, () => ({ key, contract, signed: undefined }))
  }

  async openWorker(owner: ContractAddress, contract: ContractAddress): Promise<WorkerAccount> {
    const key = addressKey(owner)
    await this.#ledger.openWorker(key)
    return open(this.#workers, key, () => ({ key, contract, signed: undefined }))
  }

  /** Looks at what other processes on the same books charged. */
  async refresh(): Promise<void> {
    await this.#ledger.refresh?.()
  }

  /** The newest signature for the client, made now if the committed total has grown. */
  toClient(account: ClientAccount): ProxySignedPaymentAny {
    return this.#sign('client', account, this.#ledger.client(account.key).committedToChain)
  }

  toWorker(account: WorkerAccount): ProxySignedPaymentAny {
    return this.#sign('worker', account, this.workerCommitted(account))
  }

  /** What has been signed already. */
  knownToClient(owner: AccountKey): ProxySignedPaymentAny {
    return this.#clients.get(owner)?.signed?.payment ?? emptyPayment
  }

  knownToWorker(account: WorkerAccount): ProxySignedPaymentAny {
    return account.signed?.payment ?? emptyPayment
  }

  workerCommitted(account: WorkerAccount): bigint {
    return this.#ledger.worker(account.key).committedToChain
  }

  clientTotals(account: ClientAccount): { dbTokens: bigint; maxTokens: bigint } {
    const { committedToDb, max } = this.#ledger.client(account.key)
    return { dbTokens: committedToDb, maxTokens: max }
  }

  workerTotals(account: WorkerAccount): { dbTokens: bigint; maxTokens: bigint } {
    const { committedToDb, max } = this.#ledger.worker(account.key)
    return { dbTokens: committedToDb, maxTokens: max }
  }

  #sign(
    party: 'client' | 'worker',
    account: ClientAccount | WorkerAccount,
    tokens: bigint,
  ): ProxySignedPaymentAny {
    if (account.signed === undefined || account.signed.tokens !== tokens) {
      const { key, contract } = account
      this.#ledger.recordSigned(party, key, tokens)
      const data = signPayment({
        kind: party === 'client' ? 'client-charge' : 'worker-payout',
        key: this.#key,
        queryId: new DataView(this.#world.random(8).buffer).getBigUint64(0),
        tokens,
        contract,
        excessesTo: this.#excessesTo,
      })
      account.signed = { tokens, payment: { _: 'proxy.signedPayment', data } }
    }
    return account.signed.payment
  }
}

const maxRemembered = 20_000

function open<A>(accounts: Map<AccountKey, A>, key: AccountKey, create: () => A): A {
  let account = accounts.get(key)
  // A forgotten account costs one more signature, nothing else.
  if (account === undefined && accounts.size >= maxRemembered) accounts.clear()
  if (account === undefined) accounts.set(key, (account = create()))
  return account
}
