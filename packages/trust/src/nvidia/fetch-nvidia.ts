import { sameBytes } from '@cocoon/wire'
import { sha256 } from '@noble/hashes/sha2.js'
import { type Bytes, fromBase64, fromHex } from '../bytes.ts'
import { httpGet, type HttpGetOptions } from '../collateral/http-get.ts'
import { TrustError } from '../error.ts'
import { certificateIdOf, encodeRevocationNonce, encodeRevocationRequest } from './certificate-id.ts'
import { parseVendorCertificate, respondersOf } from './chain.ts'
import type { SuppliedReference } from './check-reference.ts'
import { parseReference } from './reference.ts'
import { parseRevocationAnswer } from './revocation-answer.ts'
import { revocableSubjects } from './revocation.ts'

/** Where NVIDIA answers. What evidence itself names as an address is never gone to. */
export const nvidiaServices = {
  references: 'https://rim.attestation.nvidia.com/v1/rim/',
  responder: 'http://ocsp.ndis.nvidia.com',
} as const

export interface FetchNvidiaOptions extends Omit<HttpGetOptions, 'post'> {
  readonly services?: { readonly references: string; readonly responder: string }
}

/**
 * Fetches a reference document by its id. What comes is as good as what is read from a file: it is verified where
 * it is used. Throws `fetch-failed`.
 */
export async function fetchReference(id: string, options: FetchNvidiaOptions): Promise<SuppliedReference> {
  const { services = nvidiaServices } = options
  const { body } = await httpGet(services.references + encodeURIComponent(id), options)
  const answer = parseObject(body)
  const document = fromBase64(textOf(answer, 'rim'))
  const stated = fromHex(textOf(answer, 'sha256'))
  if (textOf(answer, 'id') !== id || !document) throw failed(`another document than ${id} came`)
  if (stated && !sameBytes(sha256(document), stated)) throw failed(`${id} came incomplete`)
  return { id, document }
}

/**
 * Asks NVIDIA's responder about the certificates of chains (DER, leaf first) and gives its answers as they came.
 * Throws `fetch-failed`, `certificate-malformed` and `revocation-malformed`.
 */
export async function fetchRevocation(
  chains: ReadonlyArray<readonly Bytes[]>,
  options: FetchNvidiaOptions,
): Promise<Bytes[]> {
  const { services = nvidiaServices, world } = options
  const asked = new Set<string>()
  const answers: Bytes[] = []
  for (const chain of chains) {
    const certificates = chain.map(parseVendorCertificate)
    for (const { certificate, issuer } of revocableSubjects(certificates, hasResponder)) {
      const id = certificateIdOf(certificate, issuer, 'SHA-256')
      const key = `${id.serial.join()} ${id.issuerKeyHash.join()}`
      if (asked.has(key)) continue
      asked.add(key)
      const nonce = world.random(32)
      const post = {
        contentType: 'application/ocsp-request',
        body: encodeRevocationRequest(id, nonce),
      }
      const { body } = await httpGet(services.responder, { ...options, post })
      const answered = parseRevocationAnswer(body).nonce
      if (answered && !sameBytes(answered, encodeRevocationNonce(nonce))) {
        throw failed(`the answer on "${certificate.commonName}" is to another question`)
      }
      answers.push(body)
    }
  }
  return answers
}

/** The chain that a reference document is signed with, DER. Throws `reference-malformed`. */
export function referenceChainOf(document: Uint8Array): Bytes[] {
  return parseReference(document).chain.map(({ der }) => der)
}

function hasResponder(certificate: Parameters<typeof respondersOf>[0]): boolean {
  return respondersOf(certificate).length > 0
}

function parseObject(body: Bytes): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(body))
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>
  } catch {
    // The same as another kind of value.
  }
  throw failed('the answer is no JSON object')
}

function textOf(answer: Readonly<Record<string, unknown>>, name: string): string {
  const value = Object.hasOwn(answer, name) ? answer[name] : undefined
  return typeof value === 'string' ? value : ''
}

function failed(why: string): TrustError {
  return new TrustError(
    'fetch-failed',
    `NVIDIA gave nothing to go by: ${why}. Try again later, or use a file.`,
  )
}
