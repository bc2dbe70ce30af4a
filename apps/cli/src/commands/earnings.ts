import { formatAddress, parseAddress, type TallyRow } from '@cocoon/money'
import { type AccountFlags, rolePlace } from '../account/place.ts'
import { tallyRows } from '../account/tally-rows.ts'
import { type Context, foreign, print, printJson, tinted } from '../context.ts'
import { CliError } from '../error.ts'
import { coinOf, decimalCoins, inCoins } from '../http/coins.ts'
import { grouped } from '../http/page.ts'
import type { RoleName } from '../roles/role.ts'
import { table } from '../table.ts'

export type Grouping = 'hour' | 'day' | 'model' | 'partner'

export interface EarningsFlags extends AccountFlags {
  by: Grouping
  /** Milliseconds since the epoch, or before now where negative. */
  since: number
  until?: string
  csv?: true
}

/** Sums of one group. */
interface Group {
  readonly name: string
  requests: bigint
  tokens: bigint
  units: bigint
  nano: bigint
}

const verbs: Record<RoleName, string> = { client: 'spent', worker: 'earned', proxy: 'commission' }

/** `cocoon earnings`. */
export async function runEarnings(
  context: Context,
  named: RoleName | undefined,
  flags: EarningsFlags,
): Promise<void> {
  if (flags.csv && flags.json) throw new CliError('usage', 'Give --csv or --json, not both.')
  const { stdout, world, environment } = context
  const place = await rolePlace(context, named, flags)
  const nowMs = world.now()
  const sinceMs = flags.since < 0 ? nowMs + flags.since : flags.since
  const untilMs = flags.until === undefined ? nowMs + 1 : Date.parse(flags.until)
  if (untilMs <= sinceMs)
    throw new CliError('usage', 'The time ends before it begins.', { advice: 'Correct --since or --until.' })
  // An hour that has begun belongs to the time.
  const range = { fromS: Math.floor(sinceMs / 3_600_000) * 3600, toS: Math.ceil(untilMs / 1000) }
  const groups = groupsOf(await tallyRows(context, place, range), flags.by)
  const verb = verbs[place.role]
  if (flags.csv) return print(stdout, ...csvLines(groups, flags.by, verb))
  if (flags.json) {
    const spans = { role: place.role, by: flags.by, from: iso(range.fromS), to: iso(range.toS) }
    return printJson(stdout, { ...spans, rows: groups.map(group => groupJson(group, flags.by, verb)) })
  }
  const coin = coinOf(environment, flags.coin)
  if (groups.length === 0) {
    return print(stdout, `Nothing was ${verb === 'commission' ? 'earned' : verb} since ${iso(range.fromS)}.`)
  }
  const total = groups.reduce((sum, { nano }) => sum + nano, 0n)
  const faint = (text: string): string => tinted('faint', text, stdout)
  print(stdout, `${tinted('strong', inCoins(total, coin), stdout)} ${verb} since ${iso(range.fromS)}.`, '')
  const rows = groups.map(({ name, requests, tokens, units, nano }) => [
    foreign(name, 80),
    grouped(requests),
    ...(hasTokens(groups) ? [grouped(tokens)] : []),
    grouped(units),
    inCoins(nano, coin),
  ])
  const head = [flags.by, 'requests', ...(hasTokens(groups) ? ['tokens'] : []), 'price units', verb]
  print(stdout, ...table([head.map(faint), ...rows]))
}

function groupsOf(rows: readonly TallyRow[], by: Grouping): Group[] {
  const groups = new Map<string, Group>()
  for (const row of rows) {
    const name = nameOf(row, by)
    const group = groups.get(name) ?? { name, requests: 0n, tokens: 0n, units: 0n, nano: 0n }
    groups.set(name, group)
    group.requests += row.requests
    group.tokens += row.promptTokens + row.completionTokens
    group.units += row.adjustedTokens
    group.nano += row.nano
  }
  return [...groups.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function nameOf({ hourS, model, counterparty }: TallyRow, by: Grouping): string {
  switch (by) {
    case 'hour':
      return `${iso(hourS).slice(0, 16)}Z`
    case 'day':
      return iso(hourS).slice(0, 10)
    case 'model':
      return model === '' ? 'others' : model
    case 'partner':
      return partnerOf(counterparty)
  }
}

/** Addresses are shown in the form that explorers take. */
function partnerOf(counterparty: string): string {
  if (counterparty === '') return 'others'
  try {
    return formatAddress(parseAddress(counterparty))
  } catch {
    return counterparty
  }
}

/** Workers alone know what the model counted. */
function hasTokens(groups: readonly Group[]): boolean {
  return groups.some(({ tokens }) => tokens > 0n)
}

function groupJson(
  { name, requests, tokens, units, nano }: Group,
  by: Grouping,
  verb: string,
): Record<string, unknown> {
  return {
    [by]: name,
    requests: Number(requests),
    ...(tokens > 0n && { tokens: String(tokens) }),
    price_units: String(units),
    [`${verb}_nano`]: String(nano),
    [verb]: decimalCoins(nano),
  }
}

function csvLines(groups: readonly Group[], by: Grouping, verb: string): string[] {
  return [
    [by, 'requests', 'tokens', 'price_units', `${verb}_nano`, verb].join(','),
    ...groups.map(({ name, requests, tokens, units, nano }) =>
      [csvText(name), requests, tokens, units, nano, decimalCoins(nano)].join(','),
    ),
  ]
}

/** Names come from peers: no cell of theirs is a formula or breaks the line. */
function csvText(text: string): string {
  const plain = foreign(text, 200)
  const safe = /^[=+\-@\t]/.test(plain) ? `'${plain}` : plain
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}
