import {
  type ClientSettlement,
  type ContractAddress,
  formatAddress,
  MoneyError,
  parseAddress,
  addressKey,
  type ProxySettlement,
  type WorkerSettlement,
} from '@cocoon/money'
import { type ChainSide, registryProblems, walletProblems } from '../roles/chain-side.ts'
import type { ProxyGenerations } from '../roles/proxy-generations.ts'
import { inCoins } from './coins.ts'
import type { Section } from './page.ts'
import { type Action, errorBody, needsChain } from './surface.ts'

/** The wallet with the keys of the reference's `/jsonstats`; of a network without a chain, nothing but its address. */
export function walletJson(address: string, chainSide: ChainSide | undefined): Record<string, unknown> {
  const view = chainSide?.wallet.view
  return {
    address,
    balance: view?.balanceNano ?? 0,
    seqno: view?.seqno ?? 0,
    pending_transactions_cnt: view?.waiting ?? 0,
    active_transactions_cnt: view?.onTheirWay ?? 0,
  }
}

/** What of `status` the chain knows. */
export function chainStatusJson(chainSide: ChainSide | undefined): Record<string, unknown> {
  if (chainSide === undefined) return {}
  const { wallet, registry } = chainSide
  return {
    wallet_balance: wallet.view.balanceNano ?? 0,
    ton_last_synced_at: registry.view.seenAtS ?? 0,
  }
}

/** What the chain keeps a role from, in words. */
export function chainProblems(chainSide: ChainSide | undefined): string[] {
  return chainSide === undefined ? [] : [...registryProblems(chainSide), ...walletProblems(chainSide)]
}

export function walletSection(
  wallet: ContractAddress,
  chainSide: ChainSide | undefined,
  testnet: boolean,
): Section {
  const address = formatAddress(wallet, { testnet })
  if (chainSide === undefined) return { title: 'Wallet', facts: [['address', `${address}, without a chain`]] }
  const { view } = chainSide.wallet
  const { config, ageS } = chainSide.registry.view
  return {
    title: 'Wallet',
    facts: [
      ['address', address],
      ['balance', view.balanceNano === undefined ? 'not known yet' : inCoins(view.balanceNano)],
      ['transactions that wait', String(view.waiting)],
      ['on their way', String(view.onTheirWay)],
      ['registry', `version ${config?.version ?? '–'}, seen ${ageS ?? '–'} s ago`],
    ],
  }
}

export function proxyActions(generations: ProxyGenerations | undefined): Array<[string, Action]> {
  if (generations === undefined) return without('payout', 'charge', 'withdraw', 'retire')
  const settlement = (): ProxySettlement => generations.current.settlement
  return [
    ['/request/payout', asked('worker', owner => settlement().payNow(addressKey(owner)))],
    ['/request/charge', asked('client', async owner => settlement().chargeNow(addressKey(owner)))],
    ['/request/withdraw', () => done(async () => settlement().withdrawNow())],
    ['/request/retire', () => done(() => generations.retire())],
  ]
}

export function clientActions(settlement: ClientSettlement | undefined): Array<[string, Action]> {
  if (settlement === undefined) return without('charge', 'close', 'topup', 'withdraw')
  const at = (act: (proxyContract: string) => Promise<void>): Action =>
    asked('proxy', proxy => act(addressKey(proxy)))
  return [
    ['/request/charge', at(proxy => settlement.charge(proxy))],
    [
      '/request/close',
      parameters => {
        const acceptLoss = parameters.get('accept_loss') === 'true'
        return at(proxy => settlement.close(proxy, { acceptLoss }))(parameters)
      },
    ],
    ['/request/topup', at(proxy => settlement.topUp(proxy))],
    ['/request/withdraw', at(proxy => settlement.withdraw(proxy))],
  ]
}

export function workerActions(settlement: WorkerSettlement | undefined): Array<[string, Action]> {
  if (settlement === undefined) return without('payout')
  return [['/request/payout', asked('proxy', proxy => settlement.payout(addressKey(proxy)))]]
}

function without(...names: string[]): Array<[string, Action]> {
  return names.map(name => [`/request/${name}`, needsChain])
}

/** An action about one address, which a parameter names. */
function asked(parameter: string, act: (address: ContractAddress) => Promise<void>): Action {
  return parameters => {
    const text = parameters.get(parameter) ?? ''
    return done(async () => act(parseAddress(text)))
  }
}

/** Orders are carried out after this: the answer says that they were taken. */
async function done(act: () => Promise<void>): Promise<Awaited<ReturnType<Action>>> {
  try {
    await act()
    return { status: 200, body: { ordered: true } }
  } catch (error) {
    if (!(error instanceof MoneyError)) throw error
    return {
      status: error.code === 'account-unknown' ? 404 : 400,
      body: errorBody(error.code, error.message),
    }
  }
}
