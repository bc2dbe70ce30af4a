import type { AnchorOnChain, ProxyOnChain, ReceiptChain } from '@cocoon/client'
import {
  addressKey,
  type Chain,
  type ContractAddress,
  MoneyError,
  parseAddress,
  type ProxyContractData,
  readAnchors,
  readProxyData,
} from '@cocoon/money'
import type { PersonChain } from '../config/person-chain.ts'

/** The chain as receipts are held against it. `wallet` is the proxy's; found out if absent. */
export function receiptChain(
  { chain, devnet }: PersonChain,
  wallet: ContractAddress | undefined,
): ReceiptChain {
  return {
    name: devnet === undefined ? 'TON' : 'a local test chain',
    isSimulated: devnet !== undefined,
    proxy: address => proxyOnChain(chain, parseAddress(address)),
    anchor: async (address, at) => {
      const proxyContract = parseAddress(address)
      const nodeWallet = wallet ?? (await makerOf(chain, proxyContract))
      return nodeWallet && anchorAt(chain, { proxyContract, nodeWallet }, at)
    },
    block: async seqno => {
      try {
        const { rootHash, timeS } = await chain.blockHash(seqno)
        return { rootHash, timeMs: timeS * 1000 }
      } catch (error) {
        if (!(error instanceof MoneyError) || error.code !== 'chain-history') throw error
        // It is not made yet, or too old for the source: the one refutes an identity, the other does not.
        if (seqno > (await chain.head()).seqno) return undefined
        throw error
      }
    },
  }
}

/** What a proxy's contract says; undefined where there is none. Rejects as `Chain.account` does. */
export async function readProxy(
  chain: Chain,
  contract: ContractAddress,
): Promise<ProxyContractData | undefined> {
  const { data } = await chain.account(contract)
  return data && readProxyData(data)
}

async function proxyOnChain(chain: Chain, contract: ContractAddress): Promise<ProxyOnChain | undefined> {
  try {
    const data = await readProxy(chain, contract)
    return data && { publicKey: data.proxyPublicKey, root: addressKey(data.root) }
  } catch (error) {
    if (error instanceof MoneyError && error.code === 'contract-data') return undefined
    throw error
  }
}

async function anchorAt(
  chain: Chain,
  parties: { proxyContract: ContractAddress; nodeWallet: ContractAddress },
  { transaction, lt }: { transaction: string; lt: bigint },
): Promise<AnchorOnChain | undefined> {
  if (lt === 0n) return undefined
  const { anchors } = await readAnchors(chain, parties, { afterLt: lt - 1n, most: 1 })
  const found = anchors.find(anchor => anchor.lt === lt && anchor.transactionHash === transaction)
  return found && { seqno: found.seqno, sessionHash: found.sessionHash, timeMs: found.timeS * 1000 }
}

/**
 * The wallet that made a proxy's contract: the sender of the first message that its code took. Coins that came before
 * there was a code count for nothing. Nobody else knows the key that the address is derived from before that.
 */
export async function makerOf(chain: Chain, contract: ContractAddress): Promise<ContractAddress | undefined> {
  for (let afterLt = 0n; ;) {
    const page = await chain.transactions(contract, { afterLt, most: 100 })
    const first = page.find(({ exitCode }) => exitCode !== undefined)
    const last = page.at(-1)
    if (first !== undefined || last === undefined) return first?.inMessage?.source
    afterLt = last.lt
  }
}
