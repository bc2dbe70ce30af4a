import { toHex } from '@cocoon/wire'
import { TrustError } from '../error.ts'
import { parseQuote } from '../quote/parse-quote.ts'
import { platformIdentity } from '../x509/sgx-extension.ts'
import { readChain } from '../verify/chain.ts'

/** Which collateral a quote needs. Nothing of it is verified: collateral for another platform is of no use. */
export interface CollateralKey {
  readonly tee: 'sgx' | 'tdx'
  /** 12 hexadecimal digits in upper case. */
  readonly fmspc: string
  /** Which authority issued the PCK, and therefore issues the list that may revoke it. */
  readonly ca: 'platform' | 'processor'
}

/** Throws `evidence-invalid` and `certificate-malformed`. */
export function collateralKeyOf(quoteBytes: Uint8Array): CollateralKey {
  const { body, pckChain } = parseQuote(quoteBytes, { ignoreTrailing: true })
  const [leaf, intermediate] = readChain(pckChain, 3)
  const ca = authorities.get(intermediate!.commonName)
  if (!ca) {
    throw new TrustError('evidence-invalid', 'The PCK certificate of the quote is issued by nobody known.')
  }
  return { tee: body.tee, fmspc: toHex(platformIdentity(leaf!).fmspc).toUpperCase(), ca }
}

const authorities: ReadonlyMap<string, CollateralKey['ca']> = new Map([
  ['Intel SGX PCK Platform CA', 'platform'],
  ['Intel SGX PCK Processor CA', 'processor'],
])
