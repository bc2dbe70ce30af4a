import { contractAddress, addressKey, parseAddress, type ContractAddress } from '../address.ts'
import type { ClientAccount } from '../contracts/client.ts'
import type { AccountKey } from '../ledger.ts'
import { MoneyError } from '../error.ts'
import type { Store } from '../store/store.ts'

/** What the contract of a client last told the proxy's. */
export interface ClientRecord extends ClientAccount {
  readonly owner: ContractAddress
  /** Logical time of the transaction that told it. */
  readonly lt: bigint
}

/** The form in the store. */
interface StoredClient {
  readonly phase: ClientAccount['phase']
  readonly balance: string
  readonly stake: string
  readonly charged: string
  readonly secretHash: string
  /** Absent in records of releases that did not note it. */
  readonly lt?: string
}

/** Contracts of a proxy's clients, as they last told of themselves, and what the chain has paid to workers. */
export class ContractRecords {
  readonly #clients = new Map<AccountKey, ClientRecord>()
  readonly #closedWorkers = new Set<AccountKey>()
  readonly #paid = new Map<AccountKey, bigint>()
  readonly #prefix: string

  constructor(store: Store, prefix: string) {
    this.#prefix = prefix
    for (const [key, value] of store.entries(`${prefix}/client/`)) {
      const owner = parseAddress(key.slice(`${prefix}/client/`.length))
      this.#clients.set(addressKey(owner), { owner, ...readClient(key, value) })
    }
    for (const [key, value] of store.entries(`${prefix}/worker/`)) {
      const [paid = '0', phase] = value.split(' ')
      this.#takeWorker(key.slice(`${prefix}/worker/`.length), BigInt(paid), phase === 'closed')
    }
  }

  client(owner: AccountKey): ClientRecord | undefined {
    return this.#clients.get(owner)
  }

  clients(): Iterable<[AccountKey, ClientRecord]> {
    return this.#clients
  }

  paid(worker: AccountKey): bigint {
    return this.#paid.get(worker) ?? 0n
  }

  isWorkerClosed(worker: AccountKey): boolean {
    return this.#closedWorkers.has(worker)
  }

  paidTotals(): Iterable<[AccountKey, bigint]> {
    return this.#paid
  }

  /** Takes a newer state and says what to write. */
  takeClient(owner: ContractAddress, account: ClientAccount, lt: bigint): [key: string, value: string] {
    const key = addressKey(owner)
    this.#clients.set(key, { owner: contractAddress(owner.workchain, owner.hash), ...account, lt })
    const { phase, balanceNano, stakeNano, chargedTokens, secretHash } = account
    const stored: StoredClient = {
      phase,
      balance: String(balanceNano),
      stake: String(stakeNano),
      charged: String(chargedTokens),
      secretHash,
      lt: String(lt),
    }
    return [`${this.#prefix}/client/${key}`, JSON.stringify(stored)]
  }

  takeWorker(owner: ContractAddress, paidTokens: bigint, isClosed: boolean): [key: string, value: string] {
    const key = addressKey(owner)
    this.#takeWorker(key, paidTokens, isClosed)
    return [
      `${this.#prefix}/worker/${key}`,
      `${this.paid(key)} ${this.isWorkerClosed(key) ? 'closed' : 'open'}`,
    ]
  }

  #takeWorker(key: AccountKey, paidTokens: bigint, isClosed: boolean): void {
    if (paidTokens >= this.paid(key)) this.#paid.set(key, paidTokens)
    if (isClosed) this.#closedWorkers.add(key)
    else this.#closedWorkers.delete(key)
  }
}

function readClient(key: string, value: string): Omit<ClientRecord, 'owner'> {
  try {
    const { phase, balance, stake, charged, secretHash, lt = '0' } = JSON.parse(value) as StoredClient
    return {
      phase,
      balanceNano: BigInt(balance),
      stakeNano: BigInt(stake),
      chargedTokens: BigInt(charged),
      secretHash,
      lt: BigInt(lt),
    }
  } catch (cause) {
    throw new MoneyError('storage', `The record ${key} cannot be read`, { cause })
  }
}
