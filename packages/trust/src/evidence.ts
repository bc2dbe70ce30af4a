import type { Bytes } from './bytes.ts'
import type { Collateral } from './collateral/collateral.ts'

/** What a party shows about the machine that it runs on. */
export interface Evidence {
  /** Raw quote; its report data is `reportData` of the certificate's public key. At most 32768 bytes. */
  readonly quote: Uint8Array
  /** What it takes to judge the quote. Stapled to it where there is room, so that nobody has to fetch it. */
  readonly collateral?: Collateral
}

/** Verifiers of the network refuse longer quotes. */
export const maxQuoteBytes = 32_768

/** What a quote must say about a certificate: SHA-512 of its raw public key, 64 bytes. */
export async function reportData(publicKey: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-512', publicKey))
}

/** The stand-in for a quote where no TEE is involved: the report data alone. Proves nothing. */
export async function fakeTdxEvidence(publicKey: Bytes): Promise<Evidence> {
  return { quote: await reportData(publicKey) }
}
