import {
  type ChainFees,
  clientBody,
  contractAddress,
  deploymentValue,
  estimateOperation,
  externalFee,
  proxyBody,
  proxyPolicy,
  proxyStateInit,
  type RootConfig,
  walletReserveNano,
  workerPolicy,
} from '@cocoon/money'
import type { RoleName } from '../roles/role.ts'

/** What a role is expected to do, for a forecast. */
export interface Load {
  readonly requestsPerDay: bigint
  /** Price units of one request, as `cocoon earnings` lists them. */
  readonly tokensPerRequest: bigint
  /** Contracts on the other side: proxies of a client or worker, clients and workers of a proxy. */
  readonly partners: bigint
}

/** One line of a forecast. */
export interface Cost {
  readonly what: string
  readonly nano: bigint
  readonly why: string
}

export interface Forecast {
  /** What the role's wallet has to hold before it starts. */
  readonly start: readonly Cost[]
  readonly fundNano: bigint
  /** In 30 days at the load. */
  readonly month: readonly Cost[]
}

const days = 30n
/** A coin is the usual unit of a deposit: what is sent first is rounded up to a tenth of one. */
const roundNano = 100_000_000n
/** A role's wallet keeps this much above what its contract asks for. */
const marginNano = 100_000_000n
/** Goes along with each message and comes back but for the cost; two are under way at a time. */
const underWayNano = 600_000_000n
const nobody = contractAddress(0, new Uint8Array(32))

/** What a role takes at the start and in a month, from the chain's own prices. */
export function forecast(
  role: RoleName,
  { config, fees, load }: { config: RootConfig; fees: ChainFees; load: Load },
): Forecast {
  const { start, month } = forecasts[role]({ config, fees, load })
  const kept: Cost[] = [
    {
      what: 'reserve of the wallet',
      nano: walletReserveNano + marginNano,
      why: 'stays there; below it the wallet sends nothing',
    },
    { what: 'under way', nano: underWayNano, why: 'goes along with transactions and comes back' },
  ]
  const all = [...start, ...kept]
  const sumNano = all.reduce((sum, { nano }) => sum + nano, 0n)
  return { start: all, fundNano: roundedUp(sumNano, roundNano), month }
}

interface Basis {
  readonly config: RootConfig
  readonly fees: ChainFees
  readonly load: Load
}

type Part = Pick<Forecast, 'start' | 'month'>

const forecasts: Record<RoleName, (basis: Basis) => Part> = {
  client: ({ config, fees, load }) => {
    const { minClientStakeNano: depositNano, pricePerTokenNano } = config
    const spentNano = tokensOf(load) * pricePerTokenNano
    const topUps = depositNano === 0n ? 0n : ceiling(spentNano, depositNano)
    const topUpNano = costOf('client-top-up', fees)
    const openNano = costOf('client-register', fees) + costOf('client-change-secret-and-top-up', fees)
    const { partners } = load
    return {
      start: [
        {
          what: 'deposit',
          nano: partners * depositNano,
          why: `at ${proxies(partners)}; what is not used comes back`,
        },
        { what: 'contracts', nano: partners * keptByChild(fees), why: 'stays in them until they close' },
        { what: 'fees of the chain', nano: partners * openNano, why: 'registering and paying in' },
      ],
      month: [
        {
          what: 'answers',
          nano: spentNano,
          why: `${load.requestsPerDay} a day of ${load.tokensPerRequest} price units`,
        },
        { what: 'fees of the chain', nano: topUps * topUpNano, why: `about ${counted(topUps, 'top-up')}` },
      ],
    }
  },
  worker: ({ config, fees, load }) => {
    const earnedNano = tokensOf(load) * config.workerFeePerTokenNano
    const full = earnedNano / workerPolicy.payoutAtNano
    const idle = earnedNano >= workerPolicy.idlePayoutAtNano ? days : 0n
    const payouts = full > idle ? full : idle
    const { partners } = load
    return {
      start: [
        {
          what: 'contracts',
          nano: partners * keptByChild(fees),
          why: `one at ${proxies(partners)}, with the first payout`,
        },
        {
          what: 'fees of the chain',
          nano: partners * costOf('worker-payout', fees),
          why: 'the first payout',
        },
      ],
      month: [
        {
          what: 'earned',
          nano: -earnedNano,
          why: `${load.requestsPerDay} answers a day of ${load.tokensPerRequest} price units`,
        },
        {
          what: 'fees of the chain',
          nano: payouts * costOf('worker-payout', fees),
          why: `up to ${counted(payouts, 'payout')}`,
        },
      ],
    }
  },
  proxy: ({ config, fees, load }) => {
    const { minProxyStakeNano, minClientStakeNano, pricePerTokenNano, workerFeePerTokenNano } = config
    const tokens = tokensOf(load)
    const chargeAtNano = least(
      proxyPolicy.chargeAtNano,
      minClientStakeNano / clientShare || proxyPolicy.chargeAtNano,
    )
    const charges = ceiling(tokens * pricePerTokenNano, chargeAtNano) + load.partners
    const payouts = ceiling(tokens * workerFeePerTokenNano, proxyPolicy.payoutAtNano) + load.partners
    const worthy = ceiling(tokens * pricePerTokenNano, proxyPolicy.anchorWorthNano)
    const most = days * (86_400_000n / BigInt(proxyPolicy.anchorLatestMs))
    const anchors = tokens === 0n ? 0n : least(most, worthy > days ? worthy : days)
    const anchor = proxyBody.saveState({ queryId: 0n, seqno: 0, sessionHash: new Uint8Array(32) })
    const anchorNano = externalFee(fees, [{ to: nobody, valueNano: 1n, body: anchor }])
    const init = proxyStateInit(config, {
      proxyPublicKey: new Uint8Array(32),
      proxyOwner: nobody,
      root: nobody,
    })
    return {
      start: [
        {
          what: 'stake',
          nano: minProxyStakeNano,
          why: 'the guarantee that the registry asks; comes back when it closes',
        },
        {
          what: 'contract',
          nano: deploymentValue(init, fees, 'proxy'),
          why: "its deployment, with a year's rent",
        },
      ],
      month: [
        {
          what: 'commission',
          nano: -tokens * (pricePerTokenNano - workerFeePerTokenNano),
          why: `${load.requestsPerDay} answers a day of ${load.tokensPerRequest} price units`,
        },
        {
          what: 'charging',
          nano: charges * costOf('client-charge', fees),
          why: `about ${counted(charges, 'charge')}`,
        },
        {
          what: 'paying out',
          nano: payouts * costOf('worker-payout', fees),
          why: `about ${counted(payouts, 'payout')}, if workers do not cash by themselves`,
        },
        {
          what: 'announcing the books',
          nano: anchors * anchorNano,
          why: `at most ${anchors}, one in ten minutes with work`,
        },
      ],
    }
  },
}

/** A client is charged at half of its stake at the latest. */
const clientShare = 2n

function costOf(operation: Parameters<typeof estimateOperation>[0], fees: ChainFees): bigint {
  const { costNano } = estimateOperation(operation, fees)
  const body = clientBody.topUp({ queryId: 0n, excessesTo: nobody, nano: 1n })
  return costNano + externalFee(fees, [{ to: nobody, valueNano: 1n, body }])
}

/** What a new contract of a client or worker keeps of the first coins. */
function keptByChild(fees: ChainFees): bigint {
  const plenty = 10n ** 12n
  return (
    estimateOperation('client-register', fees).attachNano -
    estimateOperation('client-register', fees, plenty).attachNano
  )
}

function tokensOf({ requestsPerDay, tokensPerRequest }: Load): bigint {
  return days * requestsPerDay * tokensPerRequest
}

function proxies(count: bigint): string {
  return count === 1n ? 'one proxy' : `${count} proxies`
}

function counted(count: bigint, what: string): string {
  return count === 1n ? `1 ${what}` : `${count} ${what}s`
}

function ceiling(amount: bigint, unit: bigint): bigint {
  return (amount + unit - 1n) / unit
}

function roundedUp(amount: bigint, unit: bigint): bigint {
  return ceiling(amount, unit) * unit
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
