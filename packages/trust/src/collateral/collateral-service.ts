import { type Bytes, fromHex } from '../bytes.ts'
import { TrustError } from '../error.ts'
import type { Collateral } from './collateral.ts'
import type { CollateralKey } from './collateral-key.ts'
import { type HttpAnswer, httpGet, type HttpGetOptions } from './http-get.ts'
import { memberTexts } from './strict-json.ts'

/** Where collateral comes from: Intel's service, or a caching one that speaks as it does. */
export interface CollateralService {
  /** Such as `https://pccs.example:8081`. */
  readonly baseUrl: string
  /** Where the root's revocation list lies. Caching services have it under their own address. */
  readonly rootCrlUrl?: string
}

export const intelCollateralService: CollateralService = {
  baseUrl: 'https://api.trustedservices.intel.com',
  rootCrlUrl: 'https://certificates.trustedservices.intel.com/IntelSGXRootCA.der',
}

/** Reads an address of a service as people write it. Throws `fetch-failed`. */
export function collateralService(url: string): CollateralService {
  const baseUrl = url.replace(/\/+$/, '').replace(/\/(?:sgx|tdx)\/certification\/v\d$/, '')
  if (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol)) {
    throw new TrustError(
      'fetch-failed',
      'The collateral service has to be named by an http or https address.',
    )
  }
  return baseUrl === intelCollateralService.baseUrl ? intelCollateralService : { baseUrl }
}

/**
 * Fetches all that a quote of this kind needs. Nothing is verified here: that is done with every quote, wherever
 * its collateral is from. Throws `fetch-failed`.
 */
export async function fetchCollateral(
  service: CollateralService,
  { tee, fmspc, ca }: CollateralKey,
  options: HttpGetOptions,
): Promise<Collateral> {
  const { baseUrl, rootCrlUrl = `${baseUrl}/sgx/certification/v4/rootcacrl` } = service
  const path = `${baseUrl}/${tee}/certification/v4`
  const [tcb, qe, pckCrl, rootCrl] = await Promise.all([
    httpGet(`${path}/tcb?fmspc=${fmspc}`, options),
    httpGet(`${path}/qe/identity`, options),
    httpGet(`${baseUrl}/sgx/certification/v4/pckcrl?ca=${ca}&encoding=der`, options),
    httpGet(rootCrlUrl, options),
  ])
  const tcbInfo = signedMember(tcb, 'tcbInfo')
  const qeIdentity = signedMember(qe, 'enclaveIdentity')
  return {
    rootCaCrl: crlBytes(rootCrl.body),
    pckCrl: crlBytes(pckCrl.body),
    ...optionalChain('pckCrlIssuerChain', pckCrl, ['SGX-PCK-CRL-Issuer-Chain']),
    tcbInfo: tcbInfo.text,
    tcbInfoSignature: tcbInfo.signature,
    ...optionalChain('tcbInfoIssuerChain', tcb, ['TCB-Info-Issuer-Chain', 'SGX-TCB-Info-Issuer-Chain']),
    qeIdentity: qeIdentity.text,
    qeIdentitySignature: qeIdentity.signature,
    ...optionalChain('qeIdentityIssuerChain', qe, ['SGX-Enclave-Identity-Issuer-Chain']),
  }
}

/** `{"tcbInfo":{...},"signature":"..."}`: the raw text of the first, and the bytes of the second. */
function signedMember({ body }: HttpAnswer, name: string): { text: string; signature: Bytes } {
  try {
    const members = memberTexts(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body))
    const text = members.get(name)
    const signature = fromHex(members.get('signature')?.replace(/^"(.*)"$/, '$1') ?? 'none')
    if (text === undefined || !signature) throw new TypeError(`There is no ${name} with a signature.`)
    return { text, signature }
  } catch (cause) {
    throw new TrustError('fetch-failed', `The service answers with something else than ${name}.`, { cause })
  }
}

/** PEM, encoded as in an address. One that is missing is noticed by the verifier. */
function optionalChain<Name extends keyof Collateral>(
  field: Name,
  answer: HttpAnswer,
  headers: readonly string[],
): Partial<Record<Name, string>> {
  const encoded = headers.map(name => answer.header(name)).find(value => value !== undefined)
  if (encoded === undefined) return {}
  try {
    return { [field]: decodeURIComponent(encoded) } as Record<Name, string>
  } catch (cause) {
    throw new TrustError('fetch-failed', 'The service answers with an issuer chain that is not encoded.', {
      cause,
    })
  }
}

/** DER, which some services write in hexadecimal. */
function crlBytes(body: Bytes): Bytes {
  if (body[0] === 0x30 && body[1] !== undefined && body[1] >= 0x80) return body
  return fromHex(new TextDecoder('latin1').decode(body).trim()) ?? body
}
