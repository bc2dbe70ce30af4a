import {
  type AccountKey,
  type ClientCredit,
  type ContractAddress,
  creditWithoutChain,
  type RootConfig,
} from '@cocoon/money'

/** Where a proxy learns what its clients' contracts say. */
export interface ClientContracts {
  /** Undefined for an owner whose contract has never shown itself to this proxy. */
  find(owner: ContractAddress): Promise<ClientContract | undefined>
  /** Whether queries of this owner are taken: not once its contract closes. Constant time. */
  isOpen(owner: AccountKey): boolean
  /** Chooses a nonce and looks out for the transaction by which the owner's contract registers it, until disposed. */
  expectRegistration(owner: ContractAddress): Registration
}

export interface Registration extends Disposable {
  /** Unsigned, 64 bits. */
  readonly nonce: bigint
  /** Resolves once the chain has it; never rejects. Pending for good where it never comes. */
  readonly seen: Promise<void>
}

export interface ClientContract {
  status: 'open' | 'closing' | 'closed'
  credit: ClientCredit
  /** SHA-256 of the secret that opens a session without a transaction, 32 bytes. */
  secretHash: Uint8Array
}

/**
 * Without a chain every client has an open contract with the same credit, its secret is the empty string, and
 * every nonce counts as registered.
 */
export function contractsWithoutChain(config: RootConfig): ClientContracts {
  return {
    find: async () => ({
      status: 'open',
      credit: creditWithoutChain(config),
      secretHash: new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(0))),
    }),
    isOpen: () => true,
    expectRegistration: () => ({ nonce: 0n, seen: Promise.resolve(), [Symbol.dispose]: () => {} }),
  }
}
