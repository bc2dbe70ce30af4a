import { addressKey, creditFromContract, type ProxySettlement, type RootConfig } from '@cocoon/money'
import type { ClientContracts } from './client-contracts.ts'

/** What the contracts of clients told the proxy's contract, as its settlement follows it. */
export function contractsOnChain(
  settlement: Pick<ProxySettlement, 'client' | 'expectNonce'>,
  config: Pick<RootConfig, 'pricePerTokenNano'>,
): ClientContracts {
  return {
    find: async owner => {
      const record = settlement.client(addressKey(owner))
      return (
        record && {
          status: record.phase,
          credit: creditFromContract(record, config),
          secretHash: new Uint8Array(Buffer.from(record.secretHash, 'hex')),
        }
      )
    },
    isOpen: owner => settlement.client(owner)?.phase === 'open',
    expectRegistration: owner => settlement.expectNonce(addressKey(owner)),
  }
}
