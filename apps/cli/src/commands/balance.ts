import { chainStanding } from '../account/on-chain.ts'
import { type AccountFlags, askRole, rolePlace, type RolePlace } from '../account/place.ts'
import { proxyStats, readStats, runningStanding } from '../account/running.ts'
import { lastingText, proxyStanding, type Standing } from '../account/standing.ts'
import { tallyRows } from '../account/tally-rows.ts'
import { parseAddress } from '@cocoon/money'
import { openPersonChain } from '../config/person-chain.ts'
import { type Context, foreign, print, printJson, tinted } from '../context.ts'
import { CliError } from '../error.ts'
import { coinOf, decimalCoins, inCoins } from '../http/coins.ts'
import { told } from '../money-error.ts'
import type { RoleName } from '../roles/role.ts'
import { table } from '../table.ts'

const dayS = 86_400

/** `cocoon balance`. */
export async function runBalance(
  context: Context,
  named: RoleName | undefined,
  flags: AccountFlags,
): Promise<void> {
  if (named === undefined && flags.config === undefined && flags.port === undefined)
    return balanceOfAll(context, flags)
  const { stdout, environment } = context
  const place = await rolePlace(context, named, flags)
  const stats = await askRole(place, '/jsonstats')
  const standing =
    stats === undefined
      ? await standingOnChain(context, place, flags)
      : await standingOf(context, { place, stats, flags })
  const lasts = await lasting(context, place, standing)
  const coin = coinOf(environment, flags.coin)
  if (flags.json)
    return printJson(stdout, standingJson(place, standing, { isRunning: stats !== undefined, lasts }))
  const source =
    stats === undefined ? 'does not run: from the chain and its records' : `runs on port ${place.port}`
  print(stdout, tinted('faint', `The ${place.role} ${source}.`, stdout), '')
  if (standing.leftNano !== undefined) {
    const left = tinted('strong', inCoins(standing.leftNano, coin), stdout)
    print(stdout, `${left} left to spend${lasts === undefined ? '' : `: ${lasts}`}.`, '')
  }
  print(
    stdout,
    ...table(
      standing.lines.map(({ label, nano, note = '' }) => [
        label,
        inCoins(nano, coin),
        tinted('faint', note, stdout),
      ]),
    ),
  )
  if (standing.accounts.length > 1) print(stdout, '', ...accountLines(standing, coin))
}

/** All roles that run on their usual ports. */
async function balanceOfAll(context: Context, flags: AccountFlags): Promise<void> {
  const roles: RoleName[] = []
  for (const role of ['client', 'proxy', 'worker'] as const) {
    const place = await rolePlace(context, role, flags)
    if ((await askRole(place, '/jsonstats')) !== undefined) roles.push(role)
  }
  if (roles.length === 0) {
    throw new CliError('unreachable', 'No role runs on its usual port of this machine.', {
      advice: 'Name the role and its --port, or give its configuration with --config.',
    })
  }
  for (const [index, role] of roles.entries()) {
    if (index > 0 && !flags.json) print(context.stdout, '')
    await runBalance(context, role, flags)
  }
}

/** With the pool, where the command knows of a chain that tells it. */
async function standingOf(
  context: Context,
  { place, stats, flags }: { place: RolePlace; stats: unknown; flags: AccountFlags },
): Promise<Standing> {
  const standing = runningStanding[place.role](place, stats)
  const knowsChain = flags.chain !== undefined || context.environment['COCOON_CHAIN'] !== undefined
  if (place.role !== 'proxy' || (!knowsChain && place.tonConfigFilename === '')) return standing
  const contract = readStats(place, proxyStats, stats).smartcontract.address
  await using network = await told(() => openPersonChain(context, flags, place.tonConfigFilename))
  const { balanceNano } = await told(() => network.chain.account(parseAddress(contract)))
  const amounts = Object.fromEntries(standing.lines.map(({ key, nano }) => [key, nano]))
  return proxyStanding({
    earnedNano: amounts['earned'] ?? 0n,
    stakeNano: amounts['stake'] ?? 0n,
    poolNano: balanceNano,
    toChargeNano: amounts['to_charge'] ?? 0n,
    toPayNano: amounts['to_pay'] ?? 0n,
    walletNano: amounts['wallet'] ?? 0n,
  })
}

async function standingOnChain(context: Context, place: RolePlace, flags: AccountFlags): Promise<Standing> {
  if (place.path === undefined) {
    throw new CliError('unreachable', `No ${place.role} runs on port ${place.port} of this machine.`, {
      advice: 'Start it, correct --port, or give its configuration with --config to read the chain instead.',
    })
  }
  await using network = await told(() => openPersonChain(context, flags, place.tonConfigFilename))
  return await told(() => chainStanding(context, place, network.chain))
}

/** How long a client's balance lasts; undefined where it spends nothing, or nothing is known of that. */
async function lasting(
  context: Context,
  place: RolePlace,
  { leftNano }: Standing,
): Promise<string | undefined> {
  if (leftNano === undefined) return undefined
  const toS = Math.floor(context.world.now() / 1000) + 1
  try {
    const rows = await tallyRows(context, place, { fromS: toS - dayS, toS })
    const spentNano = rows.reduce((total, { nano }) => total + nano, 0n)
    return lastingText(leftNano, spentNano, dayS)
  } catch {
    return undefined
  }
}

function accountLines({ accounts }: Standing, coin: string): string[] {
  const head = ['proxy', 'state', ...Object.keys(accounts[0]?.amounts ?? {})]
  return table([
    head,
    ...accounts.map(({ proxy, state, amounts }) => [
      foreign(proxy, 80),
      state,
      ...Object.values(amounts).map(nano => inCoins(nano, coin)),
    ]),
  ])
}

function standingJson(
  { role, port }: RolePlace,
  { lines, leftNano, accounts }: Standing,
  { isRunning, lasts }: { isRunning: boolean; lasts: string | undefined },
): Record<string, unknown> {
  const nanoJson = (amounts: Iterable<[string, bigint]>): Record<string, string> =>
    Object.fromEntries([...amounts].map(([name, nano]) => [`${name}_nano`, String(nano)]))
  return {
    role,
    port,
    running: isRunning,
    ...(leftNano !== undefined && { left_nano: String(leftNano), left: decimalCoins(leftNano) }),
    ...(lasts !== undefined && { lasts }),
    ...nanoJson(lines.map(({ key, nano }) => [key, nano])),
    proxies: accounts.map(({ proxy, state, amounts }) => ({
      proxy,
      state,
      ...nanoJson(Object.entries(amounts)),
    })),
  }
}
