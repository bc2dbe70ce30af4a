/** When a proxy acts on the chain. Amounts in nanotons. */
export interface ProxyPolicy {
  /** The guarantee to hold in the own contract; without it what the registry asks of every proxy. */
  readonly stakeNano: bigint | undefined
  /** A client is charged once this much is committed and not charged, or half of its stake if that is less. */
  readonly chargeAtNano: bigint
  /** A worker that does not cash by itself is paid out at this much. */
  readonly payoutAtNano: bigint
  /** The own commission is taken out at this much. */
  readonly withdrawAtNano: bigint
  /** A state of the books is announced once this much was earned since the last one... */
  readonly anchorAtNano: bigint
  /** ...but not sooner after it than this, */
  readonly anchorSoonestMs: number
  /** and after this long if what was earned is worth the transaction, */
  readonly anchorLatestMs: number
  readonly anchorWorthNano: bigint
  /** or after this long, if anything was earned at all. */
  readonly anchorLastMs: number
  /** How often it is looked whether anything is due. */
  readonly tickMs: number
}

export const proxyPolicy: ProxyPolicy = {
  stakeNano: undefined,
  chargeAtNano: 10_000_000_000n,
  payoutAtNano: 50_000_000_000n,
  withdrawAtNano: 10_000_000_000n,
  anchorAtNano: 7_500_000_000n,
  anchorSoonestMs: 30_000,
  anchorLatestMs: 600_000,
  anchorWorthNano: 300_000_000n,
  anchorLastMs: 86_400_000,
  tickMs: 1_000,
}

/** When a client acts on the chain. */
export interface ClientPolicy {
  /** Kept as the stake; without it, and at the least, what the registry asks. */
  readonly stakeNano: bigint | undefined
  /** What is paid in at a time; without it the stake. */
  readonly topUpNano: bigint | undefined
  /** Share of the stake below which the balance is filled up, and above which uncharged use is charged, in percent. */
  readonly topUpBelowPercent: bigint
  readonly chargeAbovePercent: bigint
  /** Whether a proxy must hold the guarantee that the registry asks of it before anything is paid in. */
  readonly requireProxyStake: boolean
  readonly tickMs: number
}

export const clientPolicy: ClientPolicy = {
  stakeNano: undefined,
  topUpNano: undefined,
  topUpBelowPercent: 50n,
  chargeAbovePercent: 75n,
  requireProxyStake: true,
  tickMs: 1_500,
}

/** When a worker acts on the chain. */
export interface WorkerPolicy {
  /** Earnings are cashed at this much, */
  readonly payoutAtNano: bigint
  /** and at this much once nothing was earned for `idleMs`. */
  readonly idlePayoutAtNano: bigint
  readonly idleMs: number
  readonly tickMs: number
}

export const workerPolicy: WorkerPolicy = {
  payoutAtNano: 20_000_000_000n,
  idlePayoutAtNano: 1_000_000_000n,
  idleMs: 600_000,
  tickMs: 10_000,
}

/**
 * Attached to each message besides the amounts that it moves. What is not used comes back; contracts ask for 0.1
 * TON, and for 0.21 at the first message to a new one.
 */
export const attachedNano = 300_000_000n
