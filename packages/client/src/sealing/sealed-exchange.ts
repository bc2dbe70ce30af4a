import { adjustUsage } from '@cocoon/money/pricing'
import { TrustError } from '@cocoon/trust'
import {
  AnswerOpener,
  disputeReasons,
  type NamedKey,
  type OpenedQuery,
  readReceipt,
  type Receipt,
  requestCommitment,
  type RunningHash,
  type SealCrypto,
  type SenderSession,
  type SignedBytes,
  type SignedReceipt,
  startAnswerCommitment,
  type VerifiedIdentity,
  verifyReceipt,
} from '@cocoon/trust/seal'
import {
  checkHeaderCount,
  decode,
  type HttpResponse,
  httpResponse,
  sameBytes,
  type SealedQuery,
  type SealedSignedReceipt,
} from '@cocoon/wire'
import type { SealedTerms } from './sealer.ts'
import { StatedUsage } from './stated-usage.ts'

/** A machine that the query was sealed to. */
export interface SealedRecipient {
  readonly verified: VerifiedIdentity
  readonly named: NamedKey
  /** Absent where each query has its own. */
  readonly session: SenderSession | undefined
}

export interface SealedExchangeOptions {
  readonly crypto: SealCrypto
  readonly sealed: SealedQuery
  readonly header: Uint8Array
  readonly routing: OpenedQuery['routing']
  readonly content: OpenedQuery['content']
  readonly recipients: readonly SealedRecipient[]
  readonly terms: SealedTerms
}

/** What proves a sealed answer to others. */
export interface AnswerEvidence {
  readonly signed: SignedBytes
  readonly verified: Pick<VerifiedIdentity, 'evidence'>
  /** Boxed `sealed.header` of the query. */
  readonly header: Uint8Array
  /** 32 bytes each. */
  readonly requestSalt: Uint8Array
  readonly answerSalt: Uint8Array
}

/** What is left of a sealed answer, once all of it was found right. */
export interface SealedProof extends AnswerEvidence {
  readonly signed: SignedReceipt
  readonly verified: VerifiedIdentity
  readonly recipients: number
  /** Adjusted tokens: what the proxy says that it charged, never more than the receipt. */
  readonly chargedTokens: bigint
}

/** Why an answer is not accepted, by the number that the proxy is told. */
export class ReceiptFault extends TrustError {
  readonly reason: number

  constructor(reason: number, message: string, options?: ErrorOptions) {
    super('receipt-invalid', message, options)
    this.reason = reason
  }
}

/** Tokens that a reader does not see; what a template adds to a prompt. */
const slackTokens = { completion: 64, prompt: 256 } as const

/** One sealed query and its answer: opens what comes, in order, and verifies the receipt at the end. */
export class SealedExchange {
  readonly #options: SealedExchangeOptions
  readonly #usage = new StatedUsage()
  #recipient: SealedRecipient | undefined
  #opener: AnswerOpener | undefined
  #commitment: RunningHash | undefined
  #status = 0
  #bodyBytes = 0
  #isOver = false

  constructor(options: SealedExchangeOptions) {
    this.#options = options
  }

  get query(): SealedQuery {
    return this.#options.sealed
  }

  get requestId(): Uint8Array {
    return this.#options.routing.requestId
  }

  /** Every machine that could read the query rests on a root that proves nothing. */
  get isSimulated(): boolean {
    return this.#options.recipients.some(({ verified }) => verified.simulated)
  }

  /** Digests of the machines that it was sealed to. */
  get recipients(): readonly Uint8Array[] {
    return this.#options.routing.recipients
  }

  /** Whether it was sealed to the machine with this digest. */
  isFor(identity: Uint8Array): boolean {
    return this.recipients.some(recipient => sameBytes(recipient, identity))
  }

  /** The first chunk: status, headers and the body so far. Throws a TrustError where it is not what it should be. */
  begin(
    first: { readonly identity: Uint8Array; readonly nonce: bigint; readonly chunk: Uint8Array },
    isFinal: boolean,
  ): HttpResponse {
    const { recipients, crypto, content } = this.#options
    if (this.#opener !== undefined) throw altered('it began twice')
    if (this.#isOver) throw altered('it came too late')
    const recipient = recipients.find(({ verified }) => sameBytes(verified.digest, first.identity))
    if (recipient === undefined) throw altered('a machine answered that it was not sealed to')
    this.#recipient = recipient
    this.#opener = new AnswerOpener(crypto, { key: recipient.named.key, nonce: first.nonce })
    const response = this.#readResponse(this.#opener.open(first.chunk, isFinal))
    this.#status = response.statusCode
    this.#commitment = startAnswerCommitment(crypto, content.answerSalt, response.statusCode)
    this.#take(response.payload)
    return response
  }

  /** More of the body. Throws a TrustError likewise. */
  part(chunk: Uint8Array, isFinal: boolean): Uint8Array {
    if (this.#opener === undefined) throw altered('it did not begin')
    if (this.#isOver) throw altered('it goes on after its end')
    const bytes = this.#opener.open(chunk, isFinal)
    this.#take(bytes)
    return bytes
  }

  /** Nothing is opened any more: erases the keys. To be called however the query ends. */
  end(): void {
    this.#isOver = true
    for (const { named } of this.#options.recipients) named.key.fill(0)
  }

  /** Verifies the receipt of the whole answer. Throws a ReceiptFault where anything of it does not hold. */
  finish(sent: SealedSignedReceipt, chargedTokens: bigint): SealedProof {
    const { header, content, recipients } = this.#options
    const { verified, session } = this.#recipient!
    this.end()
    if (this.#opener?.isFinished !== true) throw fault('missing', 'The answer ended before its end.')
    const signed = this.#signedBy(verified, sent)
    this.#checkQuery(signed.receipt, verified)
    this.#checkAnswer(signed.receipt)
    this.#checkCounts(signed.receipt)
    this.#checkCharge(signed.receipt, chargedTokens)
    // It has opened a query of this session, so it knows it.
    if (session !== undefined) session.isKnown = true
    const { requestSalt, answerSalt } = content
    return { signed, verified, header, requestSalt, answerSalt, recipients: recipients.length, chargedTokens }
  }

  /**
   * Verifies what is charged for an answer that ended before its end: how much of it the machine made is known to the
   * machine alone. Throws a ReceiptFault likewise.
   */
  checkCutOff(sent: SealedSignedReceipt, chargedTokens: bigint): void {
    if (this.#recipient === undefined)
      throw fault('charge', 'Nothing of the answer came, and it was charged.')
    const { verified } = this.#recipient
    this.end()
    const { receipt } = this.#signedBy(verified, sent)
    this.#checkQuery(receipt, verified)
    if (receipt.completionTokens > this.#options.routing.maxTokens)
      throw fault('counts', 'The receipt counts more tokens than were allowed.')
    this.#checkCharge(receipt, chargedTokens)
  }

  #signedBy({ identity }: VerifiedIdentity, sent: SealedSignedReceipt): SignedReceipt {
    const signed = readOrThrow(sent)
    if (verifyReceipt(this.#options.crypto, signed, identity.signingKey)) return signed
    throw fault('signature', 'The receipt is not signed by the machine that answered.')
  }

  #checkAnswer(receipt: Receipt): void {
    const isOurs =
      receipt.outcome === 'complete' && sameBytes(receipt.answerCommitment, this.#commitment!.digest())
    if (!isOurs) throw fault('field', 'The receipt is for another answer.')
  }

  #checkQuery(receipt: Receipt, { digest, identity }: VerifiedIdentity): void {
    const { crypto, header, routing, content, terms } = this.#options
    const { requestSalt, path, body } = content
    const { proxyKey, prices } = terms
    const isOurs =
      receipt.status === this.#status &&
      receipt.model === identity.model &&
      sameBytes(receipt.identity, digest) &&
      sameBytes(receipt.requestId, routing.requestId) &&
      (proxyKey === undefined || sameBytes(receipt.proxyKey, proxyKey)) &&
      sameBytes(receipt.requestCommitment, requestCommitment(crypto, { requestSalt, header, path, body }))
    if (!isOurs) throw fault('field', 'The receipt is for another query.')
    const isPriced =
      receipt.coefficient <= routing.maxCoefficient &&
      receipt.pricePerTokenNano === prices.pricePerTokenNano &&
      receipt.paramsVersion === prices.paramsVersion
    if (!isPriced) throw fault('field', 'The receipt has another price than was agreed.')
  }

  #checkCounts({ promptTokens, completionTokens, reasoningTokens }: Receipt): void {
    const { routing, content } = this.#options
    const seen = completionTokens - reasoningTokens
    const stated = this.#usage.stated()
    const isPlausible =
      completionTokens <= routing.maxTokens &&
      seen <= this.#bodyBytes + slackTokens.completion &&
      promptTokens <= content.body.length + slackTokens.prompt &&
      promptTokens <= (stated.promptTokens ?? Infinity) &&
      completionTokens <= (stated.completionTokens ?? Infinity)
    if (!isPlausible)
      throw fault('counts', 'The receipt counts more tokens than the answer and its text have.')
  }

  #checkCharge(receipt: Receipt, chargedTokens: bigint): void {
    const due = adjustUsage(receipt, receipt.coefficient, this.#options.terms.prices).total
    if (receipt.chargedTokens !== due || chargedTokens > due) {
      throw fault('charge', `The answer costs ${due} adjusted tokens, and more was charged.`)
    }
    if (receipt.status >= 400 && due > 0n)
      throw fault('charge', 'A refusal was charged, which costs nothing.')
  }

  #readResponse(content: Uint8Array): HttpResponse {
    const response = decodeOrUndefined(content)
    if (response === undefined || response.statusCode < 200 || response.statusCode > 599) {
      throw altered('its head is none')
    }
    return response
  }

  #take(bytes: Uint8Array): void {
    this.#bodyBytes += bytes.length
    this.#commitment!.update(bytes)
    this.#usage.push(bytes)
  }
}

function decodeOrUndefined(content: Uint8Array): HttpResponse | undefined {
  try {
    checkHeaderCount(content)
    return decode(httpResponse, content)
  } catch {
    return undefined
  }
}

function readOrThrow(sent: SealedSignedReceipt): SignedReceipt {
  try {
    return readReceipt(sent)
  } catch (cause) {
    throw fault('field', 'The receipt is malformed.', cause)
  }
}

function fault(reason: keyof typeof disputeReasons, message: string, cause?: unknown): ReceiptFault {
  return new ReceiptFault(disputeReasons[reason], message, { cause })
}

function altered(why: string): TrustError {
  return new TrustError('answer-altered', `The sealed answer was altered on its way: ${why}.`)
}
