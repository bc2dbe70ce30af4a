import { z } from 'zod'
import { CliError } from '../error.ts'
import type { RoleName } from '../roles/role.ts'
import type { RolePlace } from './place.ts'
import { clientStanding, proxyStanding, type Standing, workerStanding } from './standing.ts'

/** Counters are numbers, or decimal text where a number would not be exact. */
const amount = z.union([z.number().int(), z.string().regex(/^-?\d{1,40}$/)]).transform(value => BigInt(value))
const wallet = z.object({ balance: amount })
const prices = z.object({
  price_per_token: amount,
  worker_fee_per_token: amount,
  client_delay_before_close: z.number(),
  proxy_delay_before_close: z.number(),
})

export const clientStats = z.object({
  wallet,
  root_contract_config: prices,
  proxies: z.array(
    z.object({
      proxy_sc_address: z.string(),
      state: z.number(),
      tokens_charged: amount,
      tokens_used_proxy_max: amount,
      balance: amount.default(0n),
      stake: amount.default(0n),
    }),
  ),
})

export const workerStats = z.object({
  wallet,
  root_contract_config: prices,
  localconfig: z.object({ owner_address: z.string() }),
  proxies: z.array(
    z.object({
      proxy_sc_address: z.string(),
      earned_tokens_max_known: amount,
      earned_tokens_committed_to_blockchain: amount,
      cached_out_tokens: amount,
    }),
  ),
})

export const proxyStats = z.object({
  wallet,
  root_contract_config: prices,
  localconfig: z.object({ owner_address: z.string() }),
  smartcontract: z.object({ address: z.string(), balance: amount, stake: amount }),
  workers: z.array(z.object({ unpayed_tokens: amount })),
  clients: z.array(z.object({ tokens_to_charge: amount })),
})

const phases = ['open', 'closing', 'closed'] as const

/** Reads what a role's `/jsonstats` says. Throws `refused` for another program's. */
export function readStats<Shape>(place: RolePlace, shape: z.ZodType<Shape>, stats: unknown): Shape {
  const parsed = shape.safeParse(stats)
  if (parsed.success) return parsed.data
  throw new CliError('refused', `What answers on port ${place.port} is no Cocoon ${place.role}.`, {
    advice: 'Correct --port, or --config.',
  })
}

/** The standing of a role that runs. */
export const runningStanding: Record<RoleName, (place: RolePlace, stats: unknown) => Standing> = {
  client: (place, stats) => {
    const { wallet: own, root_contract_config: root, proxies } = readStats(place, clientStats, stats)
    const parts = proxies.map(proxy => ({
      proxy: proxy.proxy_sc_address,
      state: phases[proxy.state] ?? 'open',
      balanceNano: proxy.balance,
      stakeNano: proxy.stake,
      uncharged: proxy.tokens_used_proxy_max - proxy.tokens_charged,
    }))
    return clientStanding(parts, { priceNano: root.price_per_token, walletNano: own.balance })
  },
  worker: (place, stats) => {
    const { wallet: own, root_contract_config: root, proxies } = readStats(place, workerStats, stats)
    const parts = proxies.map(proxy => ({
      proxy: proxy.proxy_sc_address,
      earned: proxy.earned_tokens_max_known,
      signed: proxy.earned_tokens_committed_to_blockchain,
      paid: proxy.cached_out_tokens,
    }))
    return workerStanding(parts, { feeNano: root.worker_fee_per_token, walletNano: own.balance })
  },
  proxy: (place, stats) => {
    const {
      wallet: own,
      root_contract_config: root,
      smartcontract,
      ...rest
    } = readStats(place, proxyStats, stats)
    const toCharge = rest.clients.reduce((total, client) => total + client.tokens_to_charge, 0n)
    const toPay = rest.workers.reduce((total, worker) => total + worker.unpayed_tokens, 0n)
    return proxyStanding({
      earnedNano: smartcontract.balance,
      stakeNano: smartcontract.stake,
      poolNano: undefined,
      toChargeNano: toCharge * root.price_per_token,
      toPayNano: toPay * root.worker_fee_per_token,
      walletNano: own.balance,
    })
  },
}
