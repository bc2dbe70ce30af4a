import { addressKey, parseAddress } from '@cocoon/money'
import { type AccountFlags, askRole, orderRole, rolePlace, type RolePlace } from '../account/place.ts'
import { clientStats, proxyStats, readStats, workerStats } from '../account/running.ts'
import { type Context, foreign, print, printJson, tinted } from '../context.ts'
import { CliError } from '../error.ts'
import { coinOf, inCoins } from '../http/coins.ts'
import { told } from '../money-error.ts'
import { cancelled, promptsOf } from '../prompts.ts'
import type { RoleName } from '../roles/role.ts'

export interface CloseFlags extends AccountFlags {
  proxy?: string
  yes?: true
}

/** What a role is told to do, and what comes of it. */
interface Closing {
  readonly orders: ReadonlyArray<{ path: string; proxy: string | undefined; nano: bigint }>
  /** Said before anything is done. */
  readonly what: readonly string[]
}

/** `cocoon close`: a client closes its contracts, a worker cashes, a proxy retires. */
export async function runClose(
  context: Context,
  named: RoleName | undefined,
  flags: CloseFlags,
): Promise<void> {
  const { stdout, environment } = context
  const place = await rolePlace(context, named, flags)
  const stats = await askRole(place, '/jsonstats')
  if (stats === undefined) {
    throw new CliError('unreachable', `No ${place.role} runs on port ${place.port} of this machine.`, {
      advice: 'Start it: it closes its contracts itself. --port or --config says where it is.',
    })
  }
  const coin = coinOf(environment, flags.coin)
  const only =
    flags.proxy === undefined
      ? undefined
      : await told(async () => addressKey(parseAddress(flags.proxy ?? '')))
  const closing = closings[place.role](place, stats, { coin, only })
  if (closing.orders.length === 0) {
    if (flags.json) return printJson(stdout, { role: place.role, ordered: [] })
    return print(stdout, ...closing.what)
  }
  if (!flags.json) print(stdout, ...closing.what)
  await confirm(context, flags)
  for (const { path } of closing.orders) await orderRole(place, path)
  if (flags.json) {
    const ordered = closing.orders.map(({ proxy, nano }) => ({
      ...(proxy !== undefined && { proxy }),
      nano: String(nano),
    }))
    return printJson(stdout, { role: place.role, ordered })
  }
  print(stdout, tinted('strong', 'Ordered.', stdout), `\`cocoon balance ${place.role}\` shows how far it is.`)
}

type Wanted = { readonly coin: string; readonly only: string | undefined }

const closings: Record<RoleName, (place: RolePlace, stats: unknown, wanted: Wanted) => Closing> = {
  client: (place, stats, { coin, only }) => {
    const { proxies, root_contract_config: root } = readStats(place, clientStats, stats)
    const open = proxies.filter(({ state, proxy_sc_address: proxy }) => state === 0 && isMeant(proxy, only))
    const orders = open.map(proxy => ({
      path: `/request/close?proxy=${encodeURIComponent(proxy.proxy_sc_address)}`,
      proxy: proxy.proxy_sc_address,
      nano: proxy.balance - (proxy.tokens_used_proxy_max - proxy.tokens_charged) * root.price_per_token,
    }))
    if (orders.length === 0) return nothing('This client has no open contract there.')
    const wait = duration(root.client_delay_before_close)
    return {
      orders,
      what: [
        ...orders.map(
          ({ proxy, nano }) => `${inCoins(nano > 0n ? nano : 0n, coin)} come back from ${foreign(proxy, 80)}`,
        ),
        `to the wallet of this client: at once if the proxy settles, after ${wait} in any case. A closed contract opens`,
        'no more: this client cannot use that proxy again until the registry changes.',
      ],
    }
  },
  worker: (place, stats, { coin, only }) => {
    const { proxies, root_contract_config: root, localconfig } = readStats(place, workerStats, stats)
    const orders = proxies
      .map(proxy => ({
        path: `/request/payout?proxy=${encodeURIComponent(proxy.proxy_sc_address)}`,
        proxy: proxy.proxy_sc_address,
        nano:
          (proxy.earned_tokens_committed_to_blockchain - proxy.cached_out_tokens) * root.worker_fee_per_token,
      }))
      .filter(({ proxy, nano }) => nano > 0n && isMeant(proxy, only))
    if (orders.length === 0) return nothing('Nothing is signed and not paid yet.')
    return {
      orders,
      what: orders.map(
        ({ proxy, nano }) =>
          `${inCoins(nano, coin)} go from ${foreign(proxy, 80)} to ${foreign(localconfig.owner_address, 80)}.`,
      ),
    }
  },
  proxy: (place, stats, { coin }) => {
    const { smartcontract, localconfig, root_contract_config: root } = readStats(place, proxyStats, stats)
    const nano = smartcontract.stake + smartcontract.balance
    return {
      orders: [{ path: '/request/retire', proxy: undefined, nano }],
      what: [
        `This proxy takes no more queries, settles with its clients and workers, and closes its contract`,
        `${foreign(smartcontract.address, 80)} for good. ${inCoins(nano, coin)} and what clients still owe go to`,
        `${foreign(localconfig.owner_address, 80)} then, ${duration(root.proxy_delay_before_close)} after it began to close at the earliest.`,
      ],
    }
  },
}

function nothing(why: string): Closing {
  return { orders: [], what: [why] }
}

function isMeant(proxy: string, only: string | undefined): boolean {
  return only === undefined || addressKey(parseAddress(proxy)) === only
}

async function confirm(context: Context, flags: CloseFlags): Promise<void> {
  if (flags.yes) return
  const prompts = flags.json ? undefined : await promptsOf(context)
  if (prompts === undefined) {
    throw new CliError('usage', 'Nobody confirmed it.', { advice: 'Give --yes to go on without a question.' })
  }
  if (!(await prompts.confirm('Go on?'))) throw cancelled()
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`
}
