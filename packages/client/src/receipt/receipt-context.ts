import type { Prices } from '@cocoon/money/pricing'
import type { CryptoBackend, QuotePolicy, TrustedRoot } from '@cocoon/trust'
import type { KnownLog } from '@cocoon/trust/log'
import type { GpuRules, Registry, SealCrypto } from '@cocoon/trust/seal'

/** What a receipt is held against, and what it is checked with. What is absent is not checked, and said so. */
export interface ReceiptContext {
  /** Unix milliseconds. Nothing holds because of it: all is checked as of the receipt, which only must not be later. */
  readonly nowMs: number
  readonly policy: QuotePolicy
  /** Verifies quotes. */
  readonly crypto: CryptoBackend
  /** Everything else. */
  readonly sealCrypto: SealCrypto
  /** Counts beside Intel's. What it vouches for is shown as simulated, whatever the policy says. */
  readonly simulatedRoot?: TrustedRoot | undefined
  /** What is asked of graphics cards. Without it those that are shown are verified as far as the file goes. */
  readonly gpu?: GpuRules | undefined
  readonly registry?: KnownRegistry | undefined
  /** Prices that are known, by version of the parameters. */
  readonly prices?: readonly KnownPrices[] | undefined
  /** Keys whose cosignatures the log's checkpoint needs. */
  readonly witnesses?: KnownLog['witnesses'] | undefined
  readonly chain?: ReceiptChain | undefined
  /** What the caller has of the query and the answer. */
  readonly texts?: ReceiptTexts | undefined
}

export interface KnownRegistry extends Registry {
  /** Where it is from, for people. */
  readonly source: string
  /** Address of the root contract, raw form; absent in a network without a chain. */
  readonly root?: string | undefined
}

export interface KnownPrices extends Prices {
  readonly paramsVersion: number
  /** Where they are from, for people. */
  readonly source: string
}

export interface ReceiptTexts {
  /** JSON body of the request. */
  readonly prompt?: Uint8Array | undefined
  /** Body of the answer. */
  readonly answer?: Uint8Array | undefined
}

/** What is asked of the chain. All of it may reject where the chain does not answer: then nothing was checked. */
export interface ReceiptChain {
  /** `TON`, or what stands in its place. */
  readonly name: string
  /** It is a chain of somebody's own, on which anybody can write anything. */
  readonly isSimulated: boolean
  /** A proxy's contract by its raw address; undefined where there is none. */
  proxy(address: string): Promise<ProxyOnChain | undefined>
  /** The message in this transaction of the contract, if the proxy's own wallet sent it to announce a state. */
  anchor(address: string, at: { transaction: string; lt: bigint }): Promise<AnchorOnChain | undefined>
  /** Undefined for a block that there is not. */
  block(seqno: number): Promise<{ rootHash: string; timeMs: number } | undefined>
}

export interface ProxyOnChain {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** Root contract, raw form. */
  readonly root: string
}

export interface AnchorOnChain {
  readonly seqno: number
  /** 32 bytes. */
  readonly sessionHash: Uint8Array
  readonly timeMs: number
}
