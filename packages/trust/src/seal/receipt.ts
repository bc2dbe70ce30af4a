import {
  decode,
  encode,
  sameBytes,
  type SealedReceipt,
  sealedReceipt,
  type SealedSignedReceipt,
} from '@cocoon/wire'
import { joinBriefly } from '../bytes.ts'
import { TrustError } from '../error.ts'
import { labels, u32 } from './labels.ts'
import type { RunningHash, SealCrypto, SigningKey } from './seal-crypto.ts'

/** What a worker says of one answer. */
export interface Receipt {
  /** Of the proxy, 32 bytes. */
  readonly proxyKey: Uint8Array
  /** Digest, 32 bytes. */
  readonly identity: Uint8Array
  /** Of the query's header, 32 bytes. */
  readonly requestId: Uint8Array
  /** `name@commit:weights-hash`. */
  readonly model: string
  readonly requestCommitment: Uint8Array
  readonly answerCommitment: Uint8Array
  readonly outcome: ReceiptOutcome
  /** HTTP. */
  readonly status: number
  /** Thousandths. */
  readonly coefficient: number
  /** Tokens of the model. Cached ones are part of the prompt, reasoning ones of the completion. */
  readonly promptTokens: number
  readonly cachedTokens: number
  readonly completionTokens: number
  readonly reasoningTokens: number
  /** Adjusted tokens. */
  readonly chargedTokens: bigint
  /** Nanotons for an adjusted token. */
  readonly pricePerTokenNano: bigint
  readonly paramsVersion: number
  /** Unix milliseconds. */
  readonly startedAtMs: number
  readonly finishedAtMs: number
}

const outcomes = ['complete', 'cancelled', 'failed'] as const
export type ReceiptOutcome = (typeof outcomes)[number]

/** What was signed, and how. */
export interface SignedBytes {
  /** Boxed `sealed.receipt`. */
  readonly bytes: Uint8Array
  /** 64 bytes. */
  readonly signature: Uint8Array
}

/** A receipt and what was signed. */
export interface SignedReceipt extends SignedBytes {
  readonly receipt: Receipt
}

const encoder = new TextEncoder()

/** Longest receipt, bytes. */
export const maxReceiptBytes = 2048

/** Why a client does not accept a receipt, as the network numbers it. */
export const disputeReasons = {
  signature: 1,
  field: 2,
  counts: 3,
  charge: 4,
  missing: 5,
  unlogged: 6,
} as const

/** What commits to a request: docs/PROTOCOL.md, "The receipt". */
export function requestCommitment(
  crypto: Pick<SealCrypto, 'sha256'>,
  request: {
    readonly requestSalt: Uint8Array
    readonly header: Uint8Array
    readonly path: string
    readonly body: Uint8Array
  },
): Uint8Array {
  const { requestSalt, header, path, body } = request
  const pathBytes = encoder.encode(path)
  return crypto.sha256(
    labels.requestCommitment,
    requestSalt,
    u32(header.length),
    header,
    u32(pathBytes.length),
    pathBytes,
    body,
  )
}

/** What commits to an answer, of which the body comes piece by piece. */
export function startAnswerCommitment(
  crypto: Pick<SealCrypto, 'startSha256'>,
  answerSalt: Uint8Array,
  status: number,
): RunningHash {
  const hash = crypto.startSha256()
  hash.update(joinBriefly(labels.answerCommitment, answerSalt, u32(status)))
  return hash
}

export function signReceipt(key: SigningKey, receipt: Receipt): SealedSignedReceipt {
  const bytes = encodeReceipt(receipt)
  return {
    _: 'sealed.signedReceipt',
    receipt: bytes,
    signature: key.sign(joinBriefly(labels.receipt, bytes)),
  }
}

/** Reads a receipt, whose signature is not verified yet. Throws `receipt-invalid`. */
export function readReceipt({ receipt: bytes, signature }: SealedSignedReceipt): SignedReceipt {
  if (bytes.length > maxReceiptBytes) throw invalid(`it has ${bytes.length} bytes`)
  if (signature.length !== 64) throw invalid(`its signature has ${signature.length} bytes`)
  const fields = attempt(() => decode(sealedReceipt, bytes))
  if (fields === undefined) throw invalid('it is no boxed sealed.receipt')
  const receipt = receiptOf(fields)
  if (!sameBytes(encode(sealedReceipt, fields), bytes)) throw invalid('it is not in the one form that it has')
  return { receipt, bytes, signature }
}

export function verifyReceipt(
  crypto: Pick<SealCrypto, 'verify'>,
  { bytes, signature }: SignedBytes,
  signingKey: Uint8Array,
): boolean {
  return crypto.verify(signingKey, joinBriefly(labels.receipt, bytes), signature)
}

/** What a log has of a receipt: 32 bytes. */
export function receiptDigest(
  crypto: Pick<SealCrypto, 'sha256'>,
  { receipt, signature }: Pick<SealedSignedReceipt, 'receipt' | 'signature'>,
): Uint8Array {
  return crypto.sha256(labels.receiptDigest, receipt, signature)
}

function encodeReceipt(receipt: Receipt): Uint8Array {
  return encode(sealedReceipt, {
    _: 'sealed.receipt',
    proxyKey: receipt.proxyKey,
    identity: receipt.identity,
    requestId: receipt.requestId,
    model: receipt.model,
    requestCommitment: receipt.requestCommitment,
    answerCommitment: receipt.answerCommitment,
    outcome: outcomes.indexOf(receipt.outcome),
    status: receipt.status,
    coefficient: receipt.coefficient,
    promptTokens: BigInt(receipt.promptTokens),
    cachedTokens: BigInt(receipt.cachedTokens),
    completionTokens: BigInt(receipt.completionTokens),
    reasoningTokens: BigInt(receipt.reasoningTokens),
    chargedTokens: receipt.chargedTokens,
    pricePerToken: receipt.pricePerTokenNano,
    paramsVersion: receipt.paramsVersion,
    startedAt: BigInt(receipt.startedAtMs),
    finishedAt: BigInt(receipt.finishedAtMs),
  })
}

function receiptOf(fields: SealedReceipt): Receipt {
  const {
    proxyKey,
    identity,
    requestId,
    model,
    requestCommitment: request,
    answerCommitment: answer,
  } = fields
  const outcome = outcomes[fields.outcome]
  if (outcome === undefined) throw invalid(`its outcome is ${fields.outcome}`)
  if (fields.coefficient < 0 || fields.coefficient >= 1e9) throw invalid('its coefficient is none')
  if (fields.chargedTokens < 0n || fields.pricePerToken < 0n) throw invalid('an amount of it is negative')
  if (fields.cachedTokens > fields.promptTokens || fields.reasoningTokens > fields.completionTokens) {
    throw invalid('a part of its tokens is more than the whole')
  }
  return {
    proxyKey,
    identity,
    requestId,
    model,
    requestCommitment: request,
    answerCommitment: answer,
    outcome,
    status: fields.status,
    coefficient: fields.coefficient,
    promptTokens: count(fields.promptTokens),
    cachedTokens: count(fields.cachedTokens),
    completionTokens: count(fields.completionTokens),
    reasoningTokens: count(fields.reasoningTokens),
    chargedTokens: fields.chargedTokens,
    pricePerTokenNano: fields.pricePerToken,
    paramsVersion: fields.paramsVersion,
    startedAtMs: time(fields.startedAt),
    finishedAtMs: time(fields.finishedAt),
  }
}

/** Whatever can be priced is below 2^31. */
function count(tokens: bigint): number {
  if (tokens < 0n || tokens >= 2n ** 31n) throw invalid(`it counts ${tokens} tokens`)
  return Number(tokens)
}

function time(ms: bigint): number {
  if (ms < 0n || ms > 2n ** 52n) throw invalid('a time of it is none')
  return Number(ms)
}

function invalid(why: string): TrustError {
  return new TrustError('receipt-invalid', `The receipt is malformed: ${why}.`)
}

function attempt<Value>(run: () => Value): Value | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}
