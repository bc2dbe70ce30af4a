import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type BookedChannel,
  type Chain,
  compiledCode,
  createPaymentKey,
  formatAddress,
  nodeWalletAddress,
  openSqliteStore,
  parseAddress,
  ProxySettlement,
  readChannels,
  readClientData,
  readProxyData,
  readWorkerData,
  type RootConfig,
} from '@cocoon/money'
import { configuredAddress } from '../config/address.ts'
import { parseRunnerConfig } from '../config/runner-config.ts'
import type { Context } from '../context.ts'
import { readRegistry } from '../setup/registry.ts'
import type { RolePlace } from './place.ts'
import { clientStanding, proxyStanding, type Standing, workerStanding } from './standing.ts'

interface Reading {
  readonly chain: Chain
  readonly config: RootConfig
  readonly walletNano: bigint
  readonly place: RolePlace
  readonly context: Context
}

/** The standing of a role that does not run, from its configuration, its records and the chain. */
export async function chainStanding(context: Context, place: RolePlace, chain: Chain): Promise<Standing> {
  const runner = parseRunnerConfig('proxyRunner.config', place.json, {
    path: place.path ?? '',
    environment: context.environment,
  })
  const owner = configuredAddress('owner_address', runner.ownerAddress)
  const root = configuredAddress('root_contract_address', runner.rootContractAddress)
  const { config } = await readRegistry(chain, root)
  const { publicKey } = createPaymentKey(runner.nodeWalletKey)
  const wallet = nodeWalletAddress({ publicKey, owner, code: compiledCode('wallet') })
  const { balanceNano: walletNano } = await chain.account(wallet)
  const reading = { chain, config, walletNano, place, context }
  if (place.role === 'client') return ofClient(reading)
  if (place.role === 'worker') return ofWorker(reading)
  const key = createPaymentKey(runner.machineSpecificPrivateKey)
  const contract = await chain.account(ProxySettlement.contractOf({ config, key, owner, root }))
  const data = contract.data === undefined ? undefined : readProxyData(contract.data)
  const standing = proxyStanding({
    earnedNano: data?.balanceNano ?? 0n,
    stakeNano: data?.stakeNano ?? 0n,
    poolNano: contract.balanceNano,
    toChargeNano: 0n,
    toPayNano: 0n,
    walletNano,
  })
  // What is used and not charged is in books that only a running proxy opens.
  return { ...standing, lines: standing.lines.filter(({ key: name }) => !name.startsWith('to_')) }
}

async function ofClient({ chain, config, walletNano, place, context }: Reading): Promise<Standing> {
  const channels = await channelsOf(context, place, 'client-charge')
  const parts = await Promise.all(
    channels.map(async ({ proxyContract, channel }) => {
      const { data } = await chain.account(channel.contract)
      const account = data === undefined ? undefined : readClientData(data)
      return {
        proxy: formatAddress(parseAddress(proxyContract)),
        state: account?.phase ?? ('open' as const),
        balanceNano: account?.balanceNano ?? 0n,
        stakeNano: account?.stakeNano ?? 0n,
        uncharged: channel.maxTokens - (account?.chargedTokens ?? 0n),
      }
    }),
  )
  return clientStanding(parts, { priceNano: config.pricePerTokenNano, walletNano })
}

async function ofWorker({ chain, config, walletNano, place, context }: Reading): Promise<Standing> {
  const channels = await channelsOf(context, place, 'worker-payout')
  const parts = await Promise.all(
    channels.map(async ({ proxyContract, channel }) => {
      const { data } = await chain.account(channel.contract)
      return {
        proxy: formatAddress(parseAddress(proxyContract)),
        earned: channel.maxTokens,
        signed: channel.signedTokens,
        paid: data === undefined ? 0n : readWorkerData(data).paidTokens,
      }
    }),
  )
  return workerStanding(parts, { feeNano: config.workerFeePerTokenNano, walletNano })
}

/** What the role's records know of proxies; nothing where it never ran. */
async function channelsOf(
  { world }: Context,
  { directory }: RolePlace,
  kind: 'client-charge' | 'worker-payout',
): Promise<BookedChannel[]> {
  const path = join(directory, 'records.sqlite')
  if ((await stat(path).catch(() => undefined)) === undefined) return []
  await using store = await openSqliteStore({ path, world })
  return readChannels(store, kind)
}
