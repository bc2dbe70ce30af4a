/** What a role has, owes and is owed, in nanotons. */
export interface Standing {
  readonly lines: readonly Line[]
  /** Of a client: what is left to spend. */
  readonly leftNano?: bigint | undefined
  readonly accounts: readonly AccountStanding[]
  readonly troubles: readonly string[]
}

export interface Line {
  /** As the JSON calls it, with `_nano` behind. */
  readonly key: string
  readonly label: string
  readonly nano: bigint
  readonly note?: string
}

/** With one proxy. */
export interface AccountStanding {
  /** Address of the proxy's contract. */
  readonly proxy: string
  readonly state: string
  readonly amounts: Readonly<Record<string, bigint>>
}

/** A client's contract at one proxy, however it was read. */
export interface ClientPart {
  readonly proxy: string
  readonly state: 'open' | 'closing' | 'closed'
  readonly balanceNano: bigint
  readonly stakeNano: bigint
  /** Used and not charged yet. */
  readonly uncharged: bigint
}

export function clientStanding(
  parts: readonly ClientPart[],
  { priceNano, walletNano }: { priceNano: bigint; walletNano: bigint },
): Standing {
  const open = parts.filter(({ state }) => state !== 'closed')
  const depositedNano = sum(open.map(({ balanceNano }) => balanceNano))
  const usedNano = sum(open.map(({ uncharged }) => uncharged * priceNano))
  return {
    lines: [
      {
        key: 'deposited',
        label: 'deposited',
        nano: depositedNano,
        note: `at ${counted(open.length, 'proxy', 'proxies')}`,
      },
      {
        key: 'stake',
        label: 'of it stake',
        nano: sum(open.map(({ stakeNano }) => stakeNano)),
        note: 'comes back when a contract closes',
      },
      { key: 'used', label: 'used, not charged yet', nano: usedNano },
      { key: 'wallet', label: 'wallet', nano: walletNano, note: 'pays in more when a deposit runs low' },
    ],
    leftNano: atLeast0(depositedNano - usedNano),
    accounts: parts.map(({ proxy, state, balanceNano, stakeNano, uncharged }) => ({
      proxy,
      state,
      amounts: { deposited: balanceNano, stake: stakeNano, used: uncharged * priceNano },
    })),
    troubles: [],
  }
}

/** A worker's contract at one proxy. */
export interface WorkerPart {
  readonly proxy: string
  readonly earned: bigint
  readonly signed: bigint
  readonly paid: bigint
}

export function workerStanding(
  parts: readonly WorkerPart[],
  { feeNano, walletNano }: { feeNano: bigint; walletNano: bigint },
): Standing {
  const amounts = parts.map(({ earned, signed, paid }) => ({
    paid: paid * feeNano,
    signed: atLeast0(signed - paid) * feeNano,
    unsigned: atLeast0(earned - (signed > paid ? signed : paid)) * feeNano,
  }))
  return {
    lines: [
      { key: 'paid', label: 'paid to the owner', nano: sum(amounts.map(({ paid }) => paid)) },
      {
        key: 'signed',
        label: 'signed, not paid yet',
        nano: sum(amounts.map(({ signed }) => signed)),
        note: '`cocoon close worker` cashes it now',
      },
      {
        key: 'unsigned',
        label: 'earned, not signed yet',
        nano: sum(amounts.map(({ unsigned }) => unsigned)),
      },
      { key: 'wallet', label: 'wallet', nano: walletNano, note: 'pays the fees of the chain' },
    ],
    accounts: parts.map(({ proxy }, index) => ({ proxy, state: 'open', amounts: amounts[index] ?? {} })),
    troubles: [],
  }
}

export interface ProxyPart {
  readonly earnedNano: bigint
  readonly stakeNano: bigint
  /** All that the contract holds; absent where the chain was not asked. */
  readonly poolNano: bigint | undefined
  readonly toChargeNano: bigint
  readonly toPayNano: bigint
  readonly walletNano: bigint
}

export function proxyStanding(part: ProxyPart): Standing {
  const { earnedNano, stakeNano, poolNano, toChargeNano, toPayNano, walletNano } = part
  return {
    lines: [
      { key: 'earned', label: 'earned, not taken out', nano: earnedNano },
      { key: 'stake', label: 'stake', nano: stakeNano, note: 'comes back when the contract closes' },
      ...(poolNano === undefined
        ? []
        : [{ key: 'pool', label: 'pool', nano: poolNano, note: 'deposits of clients, stake and earnings' }]),
      {
        key: 'to_charge',
        label: 'used, to be charged',
        nano: toChargeNano,
        note: 'by clients that are connected',
      },
      { key: 'to_pay', label: 'to be paid to workers', nano: toPayNano, note: 'that are connected' },
      { key: 'wallet', label: 'wallet', nano: walletNano, note: 'pays the fees of the chain' },
    ],
    accounts: [],
    troubles: [],
  }
}

/** How long a balance lasts at a pace, in words; undefined where nothing is spent. */
export function lastingText(leftNano: bigint, spentNano: bigint, overS: number): string | undefined {
  if (spentNano <= 0n) return undefined
  if (leftNano <= 0n) return 'nothing is left'
  const seconds = Number((leftNano * BigInt(overS)) / spentNano)
  const [amount, unit] =
    seconds < 2 * 3600
      ? [seconds / 60, 'min']
      : seconds < 2 * 86_400
        ? [seconds / 3600, 'h']
        : [seconds / 86_400, 'days']
  if (seconds > 3650 * 86_400) return 'lasts more than 10 years at the pace of the last 24 h'
  return `lasts about ${Math.max(1, Math.round(amount))} ${unit} at the pace of the last 24 h`
}

export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n)
}

function atLeast0(amount: bigint): bigint {
  return amount > 0n ? amount : 0n
}
