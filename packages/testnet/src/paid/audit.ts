import {
  addressKey,
  type Chain,
  type ChainTransaction,
  clientContractAddress,
  type ContractAddress,
  readClientData,
  readProxyData,
  readProxyMessage,
  readWorkerData,
  type RootConfig,
  sameAddress,
  workerContractAddress,
} from '@cocoon/money'
import { check } from '../error.ts'

/** Whose money the audit follows. */
export interface AuditedParties {
  readonly chain: Chain
  readonly config: RootConfig
  /** Of the proxy. */
  readonly contract: ContractAddress
  readonly proxyPublicKey: Uint8Array
  readonly proxyOwner: ContractAddress
  /** Node wallets of the clients. */
  readonly clients: readonly ContractAddress[]
  /** Owners of the workers. */
  readonly workers: readonly ContractAddress[]
}

/** What the chain says about one proxy contract. Amounts in nanotons, in all of its time. */
export interface ChainAudit {
  readonly topUpsNano: bigint
  readonly backToClientsNano: bigint
  readonly toWorkersNano: bigint
  readonly toProxyOwnerNano: bigint
  /** What clients still have. */
  readonly balancesNano: bigint
  /** What the proxy has earned and not taken out. */
  readonly commissionNano: bigint
  readonly stakeNano: bigint
  readonly chargedTokens: bigint
  readonly paidTokens: bigint
}

const pageSize = 64

/**
 * Adds up what all contracts say and what the proxy contract has received and paid. Rejects with
 * `TestnetError('check-failed')` unless
 *
 *     paid in by clients = balances + charged x price + paid back
 *     received by workers = paid x fee
 *     taken out by the proxy + still to be taken = paid x (price - fee)
 *     coins of the contract >= balances + commission + stake + charged and not paid
 */
export async function auditChain(parties: AuditedParties): Promise<ChainAudit> {
  const { chain, config, contract } = parties
  const audit = { ...(await flowsOf(parties)), ...(await statesOf(parties)) }
  const { pricePerTokenNano: price, workerFeePerTokenNano: fee } = config
  const { chargedTokens: charged, paidTokens: paid } = audit
  const same = (what: string, a: bigint, b: bigint): void => check(a === b, `${what}: ${a} and ${b} nanotons`)
  same(
    'What clients paid in is their balance, what they used and what came back',
    audit.topUpsNano,
    audit.balancesNano + charged * price + audit.backToClientsNano,
  )
  same('What workers received is what they were paid for', audit.toWorkersNano, paid * fee)
  same(
    'The commission is the rest of the price',
    audit.toProxyOwnerNano + audit.commissionNano,
    paid * (price - fee),
  )
  const { balanceNano } = await chain.account(contract)
  const owedNano = audit.balancesNano + audit.commissionNano + audit.stakeNano + (charged - paid) * price
  check(balanceNano >= owedNano, `The pool of ${balanceNano} nanotons covers the ${owedNano} that it owes`)
  return audit
}

type Flows = Pick<ChainAudit, 'topUpsNano' | 'backToClientsNano' | 'toWorkersNano' | 'toProxyOwnerNano'>

async function flowsOf(parties: AuditedParties): Promise<Flows> {
  const { chain, contract, proxyOwner } = parties
  const sums = { topUpsNano: 0n, backToClientsNano: 0n, toWorkersNano: 0n, toProxyOwnerNano: 0n }
  const isOneOf = (among: readonly ContractAddress[], address: ContractAddress): boolean =>
    among.some(one => sameAddress(one, address))
  for (const { isSuccess, inMessage, outMessages } of await allTransactions(chain, contract)) {
    if (!isSuccess || inMessage === undefined) continue
    const message = readProxyMessage(inMessage.body)
    if (message?.kind === 'client-report' && message.request?.kind === 'top-up') {
      sums.topUpsNano += message.request.nano
    }
    for (const { destination, body, valueNano } of outMessages) {
      const out = readProxyMessage(body)
      if (out?.kind !== 'operation' || out.operation !== 'payout' || destination === undefined) continue
      if (isOneOf(parties.clients, destination)) sums.backToClientsNano += valueNano
      else if (isOneOf(parties.workers, destination)) sums.toWorkersNano += valueNano
      else if (sameAddress(destination, proxyOwner)) sums.toProxyOwnerNano += valueNano
      else check(false, `${addressKey(destination)} got ${valueNano} nanotons, and is none of the parties`)
    }
  }
  return sums
}

async function statesOf({
  chain,
  config,
  contract: proxyContract,
  proxyPublicKey,
  clients,
  workers,
}: AuditedParties): Promise<Omit<ChainAudit, keyof Flows>> {
  const sums = { balancesNano: 0n, chargedTokens: 0n, paidTokens: 0n }
  const at = { proxyContract, proxyPublicKey }
  for (const clientOwner of clients) {
    const { data } = await chain.account(clientContractAddress(config, { clientOwner, ...at }))
    if (data === undefined) continue
    const { balanceNano, chargedTokens } = readClientData(data)
    sums.balancesNano += balanceNano
    sums.chargedTokens += chargedTokens
  }
  for (const workerOwner of workers) {
    const { data } = await chain.account(workerContractAddress(config, { workerOwner, ...at }))
    if (data !== undefined) sums.paidTokens += readWorkerData(data).paidTokens
  }
  const { data } = await chain.account(proxyContract)
  check(data !== undefined, 'The proxy contract is deployed')
  const { balanceNano: commissionNano, stakeNano } = readProxyData(data)
  return { ...sums, commissionNano, stakeNano }
}

async function allTransactions(chain: Chain, address: ContractAddress): Promise<ChainTransaction[]> {
  const all: ChainTransaction[] = []
  for (;;) {
    const page = await chain.transactions(address, { afterLt: all.at(-1)?.lt ?? 0n, most: pageSize })
    all.push(...page)
    if (page.length < pageSize) return all
  }
}
