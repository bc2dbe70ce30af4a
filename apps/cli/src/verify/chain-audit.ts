import {
  addressKey,
  type Chain,
  type ChainAnchor,
  type ContractAddress,
  proxyContractAddress,
  type ProxyContractData,
  readAnchors,
  type RootConfig,
  sameAddress,
  settledTotals,
} from '@cocoon/money'
import { sameBytes, toHex } from '@cocoon/wire'
import { type AuditFinding, count, grouped, type ReadLog } from './log-audit.ts'
import { configOf } from './network.ts'
import { openedHash, type PublishedAnchor } from './published-anchors.ts'

/** An anchor that is this new may not be published yet. */
const publishedWithinS = 120

/** Every anchor of a proxy on the chain, oldest first. */
export async function anchorsOnChain(
  chain: Chain,
  parties: { proxyContract: ContractAddress; nodeWallet: ContractAddress },
  step: (anchors: number) => void,
): Promise<ChainAnchor[]> {
  const anchors: ChainAnchor[] = []
  for (let afterLt: bigint | undefined = 0n; afterLt !== undefined;) {
    const page = await readAnchors(chain, parties, { afterLt })
    anchors.push(...page.anchors)
    step(anchors.length)
    afterLt = page.nextLt
  }
  return anchors
}

/** Whether the published anchors open to heads of this log, in its order. */
export function judgeAnchors(
  published: readonly PublishedAnchor[],
  { head, roots, isWhole }: ReadLog,
): AuditFinding {
  const finding = (state: AuditFinding['state'], sentence: string): AuditFinding => ({
    name: 'Anchors',
    state,
    sentence,
  })
  if (!isWhole) return finding('not-checked', 'Not checked: the log could not be read to its end.')
  let before = 0
  for (const { seqno, size: text, root } of published) {
    const size = Number(text)
    if (size > head.size)
      return finding(
        'failed',
        `Anchor ${seqno} is of ${grouped(size)} entries, and the log shows ${grouped(head.size)}.`,
      )
    if (size < before)
      return finding(
        'failed',
        `Anchor ${seqno} is of ${grouped(size)} entries, after one of ${grouped(before)}.`,
      )
    // Without entries it may also stand for no log at all.
    const isNone = size === 0 && /^0+$/.test(root)
    const due = roots.get(size)
    if (!isNone && (due === undefined || toHex(due) !== root)) {
      return finding(
        'failed',
        `Anchor ${seqno}, of ${grouped(size)} entries, is of another history than the log shows.`,
      )
    }
    before = size
  }
  return finding(
    'checked',
    `${count(published.length, 'anchor')} published, each of a head of this log, in order.`,
  )
}

/** Whether what is published is what the chain has, neither more nor less. */
export function judgeChain(
  published: readonly PublishedAnchor[] | undefined,
  onChain: readonly ChainAnchor[],
  { nowS, isSimulated }: { nowS: number; isSimulated: boolean },
): AuditFinding {
  const name = 'Chain'
  const place = isSimulated ? 'a local test chain' : 'TON'
  if (published === undefined) {
    return onChain.length === 0
      ? {
          name,
          state: 'not-checked',
          sentence: `Not checked: there is no anchor yet, on ${place} or beside the log.`,
        }
      : {
          name,
          state: 'failed',
          sentence: `${count(onChain.length, 'anchor')} on ${place}, and the log does not say what opens them.`,
        }
  }
  const opened = new Set(published.map(openedHash))
  const lastLt = BigInt(published.at(-1)?.lt ?? 0)
  const isNew = ({ lt, timeS }: ChainAnchor): boolean => lt > lastLt && nowS - timeS < publishedWithinS
  const firstLt = BigInt(published[0]?.lt ?? 0)
  const old = onChain.filter(({ lt }) => lt < firstLt).length
  const unopened = onChain.find(
    anchor => anchor.lt >= firstLt && !opened.has(toHex(anchor.sessionHash)) && !isNew(anchor),
  )
  if (unopened !== undefined) {
    const { seqno, transactionHash } = unopened
    return {
      name,
      state: 'failed',
      sentence: `Nothing opens anchor ${seqno} on ${place}, in transaction ${transactionHash}.`,
    }
  }
  const byTransaction = new Map(onChain.map(anchor => [anchor.transactionHash, anchor]))
  const lastOnChain = onChain.at(-1)?.lt ?? 0n
  const missing = published.find(anchor => {
    const found = byTransaction.get(anchor.transaction)
    if (found === undefined) return BigInt(anchor.lt) <= lastOnChain
    return (
      toHex(found.sessionHash) !== openedHash(anchor) ||
      found.seqno !== anchor.seqno ||
      found.lt !== BigInt(anchor.lt) ||
      found.timeS * 1000 !== Date.parse(anchor.at)
    )
  })
  if (missing !== undefined) {
    return {
      name,
      state: 'failed',
      sentence: `Anchor ${missing.seqno} is published, and is not so on ${place}.`,
    }
  }
  if (old > 0) {
    const sentence = `Not checked: ${count(old, 'anchor')} on ${place} are older than the first of the ${published.length} that the log opens.`
    return { name, state: 'not-checked', sentence }
  }
  return {
    name,
    state: isSimulated ? 'simulated' : 'checked',
    sentence: `${count(onChain.length, 'anchor')} on ${place}, and the log opens them all.`,
  }
}

export interface Settlement {
  readonly clients: bigint
  readonly workers: bigint
}

/** What the contracts have settled; undefined where the contract's address does not stand for its terms. */
export async function settlementOf(
  chain: Chain,
  { config, proxy, contract }: { config: RootConfig; proxy: ProxyContractData; contract: ContractAddress },
): Promise<Settlement | undefined> {
  const terms = configOf(config, proxy)
  if (!sameAddress(proxyContractAddress(terms, proxy), contract)) return undefined
  const { proxyOwner, proxyPublicKey, root } = proxy
  return settledTotals(chain, { config: terms, root, proxyOwner, proxyPublicKey })
}

/** Whether no more was settled than the log charges. */
export function judgeSettlement(
  settlement: Settlement | undefined,
  { charged, isWhole }: ReadLog,
  isSimulated: boolean,
): AuditFinding {
  const finding = (state: AuditFinding['state'], sentence: string): AuditFinding => ({
    name: 'Money',
    state,
    sentence,
  })
  if (settlement === undefined)
    return finding('not-checked', 'Not checked: the contracts of clients and workers are not known.')
  if (!isWhole) return finding('not-checked', 'Not checked: the log could not be read to its end.')
  const { clients, workers } = settlement
  const sides = [
    ['clients were charged', clients],
    ['workers were paid', workers],
  ] as const
  for (const [side, settled] of sides) {
    if (settled <= charged) continue
    return finding(
      'failed',
      `By the chain ${side} for ${grouped(settled)} units, ${grouped(settled - charged)} more than the log has.`,
    )
  }
  const open = (settled: bigint): string =>
    settled === charged ? 'nothing is open' : `${grouped(charged - settled)} are open`
  return finding(
    isSimulated ? 'simulated' : 'checked',
    `Of ${grouped(charged)} units clients were charged for ${grouped(clients)} (${open(clients)}), ` +
      `and workers paid for ${grouped(workers)} (${open(workers)}).`,
  )
}

/** Whether the log is of the proxy whose contract its name has. */
export function judgeKey(
  publicKey: Uint8Array,
  proxy: ProxyContractData | undefined,
  contract: ContractAddress,
): AuditFinding | undefined {
  if (proxy === undefined || sameBytes(publicKey, proxy.proxyPublicKey)) return undefined
  return {
    name: 'Head',
    state: 'failed',
    sentence: `The contract ${addressKey(contract)} has another key than the log.`,
  }
}
