import { type ContractAddress, sameAddress } from '../address.ts'
import type { Chain, ChainMessage, ChainTransaction } from '../chain/chain.ts'
import { describeFailure } from '../contracts/exit.ts'
import { MoneyError } from '../error.ts'
import { readComment } from './comment.ts'

/** One transfer of a wallet, as a person sees it. */
export interface WalletEntry {
  readonly kind: 'received' | 'sent' | 'returned' | 'failed'
  /** The other side; absent for what failed. */
  readonly counterparty: ContractAddress | undefined
  readonly valueNano: bigint
  /** Text from elsewhere. */
  readonly comment: string | undefined
  /** Why it failed, in words. */
  readonly failure: string | undefined
  /** Unix seconds. */
  readonly timeS: number
  readonly lt: bigint
  /** 64 hex digits. */
  readonly hash: string
  /** What the wallet paid for the transaction, also where that sent several transfers. */
  readonly feesNano: bigint
}

/** Logical times of about an hour of the main network: what is asked for first. */
const firstSpan = 20_000_000_000n
const pageSize = 100
/** Pages of one look: an account with more has its newest entries left out. */
const maxPages = 20

/** The newest transfers of an account, newest first. Rejects with what keeps it from reading the chain. */
export async function walletHistory(
  chain: Chain,
  address: ContractAddress,
  { lastLt, most }: { lastLt: bigint; most: number },
): Promise<WalletEntry[]> {
  if (lastLt === 0n) return []
  for (let span = firstSpan; ; span *= 64n) {
    const afterLt = lastLt > span ? lastLt - span : 0n
    const found = await transactionsAfter(chain, address, afterLt)
    const entries = found.flatMap(transaction => entriesOf(transaction)).toReversed()
    if (entries.length >= most || afterLt === 0n) return entries.slice(0, most)
  }
}

async function transactionsAfter(
  chain: Chain,
  address: ContractAddress,
  afterLt: bigint,
): Promise<ChainTransaction[]> {
  const found: ChainTransaction[] = []
  for (let page = 0; page < maxPages; page++) {
    const lookedTo = found.at(-1)?.lt ?? afterLt
    const more = await chain
      .transactions(address, { afterLt: lookedTo, most: pageSize })
      .catch((error: unknown) => {
        // Sources without an archive keep the newest only.
        if (error instanceof MoneyError && error.code === 'chain-history') return []
        throw error
      })
    found.push(...more)
    if (more.length < pageSize) break
  }
  return found
}

/** A transaction as transfers: one that came in, or those that went out. */
function entriesOf(transaction: ChainTransaction): WalletEntry[] {
  const { inMessage, outMessages, timeS, lt, hash, feesNano } = transaction
  const at = { timeS, lt, hash, feesNano, failure: undefined }
  if (inMessage?.kind === 'internal') {
    const kind = inMessage.isBounced ? 'returned' : 'received'
    const came = { ...at, kind, ...partOf(inMessage, inMessage.source) } as const
    return [came, ...sentBy(outMessages, at, inMessage)]
  }
  const sent = sentBy(outMessages, at)
  if (sent.length > 0) return sent
  const failure = describeFailure(transaction) ?? 'It sent nothing'
  return [{ ...at, kind: 'failed', counterparty: undefined, valueNano: 0n, comment: undefined, failure }]
}

/** What left. A message that only bounces is told by the one that came. */
function sentBy(
  outMessages: readonly ChainMessage[],
  at: Pick<WalletEntry, 'timeS' | 'lt' | 'hash' | 'feesNano' | 'failure'>,
  answered?: ChainMessage,
): WalletEntry[] {
  return outMessages
    .filter(({ kind, isBounced }) => kind === 'internal' && !isBounced)
    .filter(({ destination }) => !isBack(destination, answered))
    .map(message => ({ ...at, kind: 'sent', ...partOf(message, message.destination) }))
}

function isBack(destination: ContractAddress | undefined, answered: ChainMessage | undefined): boolean {
  const source = answered?.source
  return destination !== undefined && source !== undefined && sameAddress(destination, source)
}

function partOf(
  message: ChainMessage,
  counterparty: ContractAddress | undefined,
): Pick<WalletEntry, 'counterparty' | 'valueNano' | 'comment'> {
  const comment = message.isBounced ? undefined : readComment(message.body)
  return { counterparty, valueNano: message.valueNano, comment }
}
