import { addressKey, canBePaid, type ContractAddress, sameAddress } from '../address.ts'
import type { Chain, ChainTransaction } from '../chain/chain.ts'
import { clientContractAddress } from '../contracts/client.ts'
import { proxyContractAddress } from '../contracts/proxy.ts'
import { readProxyMessage, type ProxyMessage } from '../contracts/proxy-message.ts'
import { workerContractAddress } from '../contracts/worker.ts'
import { MoneyError } from '../error.ts'
import type { AccountKey } from '../ledger.ts'
import type { RootConfig } from '../root-config.ts'

/** Transactions of a proxy's contract that an audit reads in all. */
const maxAuditedTransactions = 1_000_000
/** Transactions that one call of `readAnchors` reads. */
const maxPageTransactions = 1_000

/** A message that announces a state of a proxy's books, as the chain shows it. */
export interface ChainAnchor {
  /** Number of the state. */
  readonly seqno: number
  /** `anchorHash` of what opens it. */
  readonly sessionHash: Uint8Array
  readonly source: ContractAddress
  /** 64 hex digits. */
  readonly transactionHash: string
  readonly lt: bigint
  /** Unix seconds. */
  readonly timeS: number
}

export interface AnchorPage {
  /** Oldest first. */
  readonly anchors: readonly ChainAnchor[]
  /** Where to go on: the next call's `afterLt`; undefined at the end of what the chain has. */
  readonly nextLt: bigint | undefined
}

/**
 * The anchors among the transactions of a proxy's contract after `afterLt`, from 0 if absent, of which one call reads
 * `most`, 1 000 if absent and at most. Anybody may send such a message: only those of `nodeWallet`, the proxy's,
 * count and are returned. Rejects as `Chain.transactions` does.
 */
export async function readAnchors(
  chain: Chain,
  { proxyContract, nodeWallet }: { proxyContract: ContractAddress; nodeWallet: ContractAddress },
  { afterLt = 0n, most = maxPageTransactions }: { afterLt?: bigint; most?: number } = {},
): Promise<AnchorPage> {
  const range = { afterLt, most: Math.max(1, Math.min(most, maxPageTransactions)) }
  const transactions = await chain.transactions(proxyContract, range)
  const anchors = transactions.flatMap(transaction => {
    const told = proxyMessageIn(transaction)
    if (told?.message.kind !== 'saved-state' || !sameAddress(told.source, nodeWallet)) return []
    const { seqno, sessionHash } = told.message
    const { hash: transactionHash, lt, timeS } = transaction
    return [{ seqno, sessionHash, source: told.source, transactionHash, lt, timeS }]
  })
  return { anchors, nextLt: transactions.at(-1)?.lt }
}

/** What makes a proxy's contract and those of its clients and workers. */
export interface AuditedProxy {
  /** The terms that the proxy's contract was made under. */
  readonly config: RootConfig
  readonly root: ContractAddress
  readonly proxyOwner: ContractAddress
  readonly proxyPublicKey: Uint8Array
}

/** Adjusted tokens that the chain has settled, in all. */
export interface SettledTotals {
  /** Clients were charged for them. */
  readonly clients: bigint
  /** Workers were paid for them. */
  readonly workers: bigint
  /** The newest transaction of the proxy's contract that was looked at; 0 without one. */
  readonly lastLt: bigint
}

/**
 * What clients of a proxy were charged and its workers were paid, by the chain alone: the last report that each of
 * their contracts sent to the proxy's. A report counts where it comes from the contract that its owner has with this
 * proxy. Reads the whole history of the contract; rejects as `Chain.transactions` does, and with `limit` for one of
 * more than a million transactions.
 */
export async function settledTotals(chain: Chain, proxy: AuditedProxy): Promise<SettledTotals> {
  const { config, proxyPublicKey } = proxy
  const proxyContract = proxyContractAddress(config, proxy)
  const at = { proxyContract, proxyPublicKey }
  const charged = new Map<AccountKey, bigint>()
  const paid = new Map<AccountKey, bigint>()
  let lastLt = 0n
  for await (const transaction of history(chain, proxyContract)) {
    lastLt = transaction.lt
    const told = proxyMessageIn(transaction)
    if (told?.message.kind === 'client-report') {
      const { clientOwner, account } = told.message
      const isReport =
        canBePaid(clientOwner) &&
        sameAddress(told.source, clientContractAddress(config, { clientOwner, ...at }))
      if (isReport) charged.set(addressKey(clientOwner), account.chargedTokens)
    } else if (told?.message.kind === 'worker-report') {
      const { workerOwner, paidTokens } = told.message
      const isReport =
        canBePaid(workerOwner) &&
        sameAddress(told.source, workerContractAddress(config, { workerOwner, ...at }))
      if (isReport) paid.set(addressKey(workerOwner), paidTokens)
    }
  }
  return { clients: sumOf(charged), workers: sumOf(paid), lastLt }
}

/**
 * What a transaction of a proxy's contract was told, and by whom. Undefined for one that failed there: the contract
 * that sent the message takes its change back and tells of that. One that brought too little for any computation,
 * as an anchor does, did not fail.
 */
export function proxyMessageIn({
  inMessage,
  isSuccess,
  exitCode,
}: ChainTransaction): { message: ProxyMessage; source: ContractAddress } | undefined {
  const wasRefused = !isSuccess && exitCode !== undefined
  if (inMessage?.source === undefined || inMessage.isBounced || wasRefused) return undefined
  const message = readProxyMessage(inMessage.body)
  return message && { message, source: inMessage.source }
}

async function* history(chain: Chain, contract: ContractAddress): AsyncGenerator<ChainTransaction> {
  let afterLt = 0n
  for (let read = 0; ;) {
    const page = await chain.transactions(contract, { afterLt, most: maxPageTransactions })
    const last = page.at(-1)
    if (last === undefined) return
    read += page.length
    if (read > maxAuditedTransactions) {
      throw new MoneyError('limit', `The contract has more than ${maxAuditedTransactions} transactions`)
    }
    yield* page
    afterLt = last.lt
  }
}

function sumOf(totals: ReadonlyMap<AccountKey, bigint>): bigint {
  return [...totals.values()].reduce((sum, tokens) => sum + tokens, 0n)
}
