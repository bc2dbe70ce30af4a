import type { RootConfig } from './root-config.ts'
import { tokensCovered } from './rounding.ts'

/** What a client's contract allows the client, in adjusted tokens. */
export interface ClientCredit {
  /** Prepaid since the contract was created, whether charged or not. */
  readonly paid: bigint
  /** Guarantee: how far uncharged use may run ahead. */
  readonly stake: bigint
  /** Already charged on chain. */
  readonly charged: bigint
  /** Logical time of the transaction that told it: of two credits the later one holds. 0 where there is no chain. */
  readonly lt: bigint
}

/** What stands for the tokens of a network whose tokens cost nothing. */
const freeTokens = 10n ** 12n

/** Credit of every client in a network without a chain: the least stake, paid and never charged. */
export function creditWithoutChain(
  config: Pick<RootConfig, 'pricePerTokenNano' | 'minClientStakeNano'>,
): ClientCredit {
  const stake = tokensFor(config.minClientStakeNano, config.pricePerTokenNano)
  return { paid: 10n ** 15n, stake, charged: 0n, lt: 0n }
}

/** Totals on the chain have 64 bits: nobody ever uses more. A contract may state amounts of any size. */
const mostTokens = (1n << 64n) - 1n

/** Credit from the amounts in a client's contract. A fraction of a token does not count. */
export function creditFromContract(
  contract: { balanceNano: bigint; stakeNano: bigint; chargedTokens: bigint; lt: bigint },
  { pricePerTokenNano }: Pick<RootConfig, 'pricePerTokenNano'>,
): ClientCredit {
  return {
    paid: atMost(tokensFor(contract.balanceNano, pricePerTokenNano) + contract.chargedTokens),
    stake: atMost(tokensFor(contract.stakeNano, pricePerTokenNano)),
    charged: contract.chargedTokens,
    lt: contract.lt,
  }
}

/** How many tokens a client may have used in total: what is paid, and not further uncharged than the stake. */
export function spendLimit({ paid, stake, charged }: ClientCredit): bigint {
  return paid < stake + charged ? paid : stake + charged
}

function tokensFor(nano: bigint, pricePerTokenNano: bigint): bigint {
  return pricePerTokenNano === 0n ? freeTokens : tokensCovered(nano, pricePerTokenNano)
}

function atMost(tokens: bigint): bigint {
  return tokens < mostTokens ? tokens : mostTokens
}
