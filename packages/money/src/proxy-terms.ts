import type { ProxyParams } from '@cocoon/wire'
import { addressKey, type ContractAddress, parseAddress, sameAddress } from './address.ts'
import { proxyContractAddress } from './contracts/proxy.ts'
import { MoneyError } from './error.ts'
import type { RootConfig } from './root-config.ts'

/** Who a proxy says it is, checked against what the registry makes of it. */
export interface ProxyTerms {
  /** 0 to what this side announced. */
  version: number
  publicKey: Uint8Array
  owner: ContractAddress
  contract: ContractAddress
}

/**
 * Checks the parameters that a proxy states in a handshake: both sides hold the same configuration exactly
 * if the contract address comes out the same. Throws `MoneyError('contract')` or `('address')`.
 */
export function checkProxyTerms(
  params: ProxyParams,
  expected: { config: RootConfig; root: ContractAddress; newestVersion: number },
): ProxyTerms {
  if ((params.flags & 3) === 0) throw new MoneyError('contract', 'The proxy is too old to talk to')
  if (params.isTest !== expected.config.isTest) {
    throw new MoneyError('contract', 'The proxy and this side differ in test mode')
  }
  const version = params.protoVersion ?? 0
  if (version < 0 || version > expected.newestVersion) {
    throw new MoneyError('contract', `The proxy chose protocol version ${version}, which was not offered`)
  }
  const owner = parseAddress(params.proxyOwnerAddress)
  const contract = proxyContractAddress(expected.config, {
    proxyPublicKey: params.proxyPublicKey,
    proxyOwner: owner,
    root: expected.root,
  })
  expectAddress('proxy', params.proxyScAddress, contract)
  return { version, publicKey: new Uint8Array(params.proxyPublicKey), owner, contract }
}

/** Throws `MoneyError('contract')` unless the peer's text names the address that was computed here. */
export function expectAddress(what: string, stated: string, computed: ContractAddress): void {
  if (sameAddress(parseAddress(stated), computed)) return
  throw new MoneyError(
    'contract',
    `The ${what} contract is ${addressKey(computed)} by this side's root configuration, and the proxy says otherwise. ` +
      'Both need the same root configuration.',
  )
}
