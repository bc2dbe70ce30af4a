import type { Bytes } from '../bytes.ts'
import { type CollateralKey, collateralKeyOf } from '../collateral/collateral-key.ts'
import type { Collateral } from '../collateral/collateral.ts'
import { type Evidence, reportData } from '../evidence.ts'
import type { QuoteProducer } from './quote-producer.ts'

export interface EvidenceMakerOptions {
  readonly producer: QuoteProducer
  /** Where the collateral is from that is stapled to the quotes. Without it peers have to get their own. */
  readonly collateral?: (key: CollateralKey) => Promise<Collateral>
  /** Hears of collateral that could not be had. The evidence is made without it. */
  readonly onFailure?: (cause: unknown) => void
}

/** Quotes of this machine over report data of 64 bytes, with their collateral. */
export function quoteMaker(options: EvidenceMakerOptions): (reportData: Uint8Array) => Promise<Evidence> {
  const { producer, collateral, onFailure } = options
  return async data => {
    const quote = await producer.quote(Uint8Array.from(data))
    if (!collateral) return { quote }
    try {
      return { quote, collateral: await collateral(collateralKeyOf(quote)) }
    } catch (cause) {
      onFailure?.(cause)
      return { quote }
    }
  }
}

/** What `createCertificate` asks for evidence: a quote of this machine over the key, with its collateral. */
export function evidenceMaker(options: EvidenceMakerOptions): (publicKey: Bytes) => Promise<Evidence> {
  const quote = quoteMaker(options)
  return async publicKey => quote(await reportData(publicKey))
}
