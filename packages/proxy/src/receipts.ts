import { type AdjustedTokens, adjustUsage, type RootConfig } from '@cocoon/money'
import { TrustError } from '@cocoon/trust'
import {
  disputeReasons,
  readReceipt,
  type Receipt,
  type SealCrypto,
  type SignedBytes,
  type SignedReceipt,
  verifyReceipt,
} from '@cocoon/trust/seal'
import {
  bytesKey,
  KeptBytes,
  NewestMap,
  sameBytes,
  type SealedSignedReceipt,
  type TokensUsed,
  type World,
} from '@cocoon/wire'
import type { AnnouncedIdentity } from './identity-book.ts'

/** What a proxy knows of a query that a receipt is for. */
export interface ReceiptFacts {
  /** Of the header. */
  readonly requestId: Uint8Array
  readonly announced: AnnouncedIdentity
  /** What the worker was told that it is paid. */
  readonly coefficient: number
  readonly maxTokens: number
  /** Of the sealed query's body, and of all chunks of the answer. */
  readonly bodyBytes: number
  readonly answerBytes: number
}

/** What a worker is told of whose receipts do not hold. */
export interface ReceiptSigner {
  /** The worker, whatever connections it has. */
  readonly worker: string
  /** Its signature is wrong: nothing that it says is worth anything. */
  distrust(why: string): void
  /** Several clients do not accept what it signed. */
  recordDispute(): void
}

/** Whose receipts are judged, for whom. */
export interface ReceiptParties {
  readonly signer: ReceiptSigner
  /** The account, whatever connections it has. */
  readonly client: string
}

/** A receipt that a client may still dispute. */
interface Kept {
  /** The signature, and what it is of. */
  readonly bytes: Uint8Array
  readonly parties: ReceiptParties
  readonly announced: AnnouncedIdentity
  readonly keptUntil: number
  isDisputed: boolean
}

const limits = {
  /** Receipts that can be disputed, and for how long. */
  kept: 10_000,
  keptMs: 600_000,
  /** The first so many of an identity are verified, and one of so many after those. */
  verifiedFirst: 16,
  verifiedOneOf: 64,
  /** Clients whose disputes within `disputeMs` count as one failed query. */
  disputants: 3,
  disputeMs: 3_600_000,
  /** Identities whose receipts are counted. */
  counted: 10_000,
} as const

const signatureBytes = 64
/** Beyond what the ciphertext can hold: tokens that a reader does not see. */
const slackTokens = 64

/** Judges the receipts of sealed answers: by these a proxy charges without reading anything. */
export class Receipts {
  readonly #world: World
  readonly #crypto: SealCrypto
  readonly #proxyKey: Uint8Array
  readonly #distrusted: (announced: AnnouncedIdentity, why: string) => void
  readonly #kept = new NewestMap<Kept>(limits.kept)
  readonly #keptBytes = new KeptBytes()
  /** By identity: how many of its receipts have come. */
  readonly #seen = new NewestMap<{ count: number }>(limits.counted)
  /** By worker: which accounts, and when. */
  readonly #disputes = new Map<string, Map<string, number>>()

  /** `distrusted` hears of identities that have signed wrongly. */
  constructor(options: {
    world: World
    crypto: SealCrypto
    proxyKey: Uint8Array
    distrusted: (announced: AnnouncedIdentity, why: string) => void
  }) {
    this.#distrusted = options.distrusted
    this.#world = options.world
    this.#crypto = options.crypto
    this.#proxyKey = options.proxyKey
  }

  /**
   * What a receipt charges, or why it does not hold, in words. Once it holds, the client can dispute it. Signatures
   * are verified now and then: asymmetric cryptography for each query would cost more than all the rest.
   */
  settle(
    sent: SealedSignedReceipt,
    facts: ReceiptFacts,
    config: RootConfig,
    parties: ReceiptParties,
  ): { receipt: Receipt; tokens: TokensUsed } | string {
    const signed = readOrWhy(sent)
    if (typeof signed === 'string') return signed
    const { receipt } = signed
    const due = this.#judge(receipt, facts, config)
    if (typeof due === 'string') return due
    const { announced } = facts
    if (this.#isSample(announced.key) && !this.#isSigned(signed, announced)) {
      this.#distrust(parties.signer, announced)
      return 'its signature is wrong'
    }
    this.#keep(signed, announced, parties)
    return { receipt, tokens: tokensOf(due) }
  }

  /** A client does not accept the receipt of this request of its own. `client`: its account. */
  dispute(client: string, requestId: Uint8Array, reason: number): 'unknown' | 'signature' | 'recorded' {
    const kept = this.#kept.get(bytesKey(requestId))
    const isOver = kept === undefined || kept.keptUntil <= this.#world.monotonic()
    if (isOver || kept.parties.client !== client || kept.isDisputed) return 'unknown'
    kept.isDisputed = true
    const { parties, announced } = kept
    if (reason === disputeReasons.signature && !this.#isSigned(signedOf(kept), announced)) {
      this.#distrust(parties.signer, announced)
      return 'signature'
    }
    this.#record(parties.signer, client)
    return 'recorded'
  }

  /** A client does not accept what has come of an answer so far: there is no receipt to judge, so it is a claim. */
  disputeUnderWay({ signer, client }: ReceiptParties): void {
    this.#record(signer, client)
  }

  /** What its counts cost, or why it does not hold. */
  #judge(receipt: Receipt, facts: ReceiptFacts, config: RootConfig): AdjustedTokens | string {
    const { announced, requestId, coefficient, maxTokens, bodyBytes, answerBytes } = facts
    const { promptTokens, completionTokens, reasoningTokens } = receipt
    const isOurs =
      sameBytes(receipt.proxyKey, this.#proxyKey) &&
      sameBytes(receipt.identity, announced.digest) &&
      sameBytes(receipt.requestId, requestId) &&
      receipt.model === announced.identity.model
    if (!isOurs) return 'it is for another query, machine or proxy'
    if (receipt.coefficient !== coefficient) return 'its coefficient is another one'
    if (
      receipt.pricePerTokenNano !== config.pricePerTokenNano ||
      receipt.paramsVersion !== config.paramsVersion
    )
      return 'its price is another one'
    if (promptTokens > bodyBytes) return 'it counts more prompt tokens than the query has bytes'
    if (completionTokens > maxTokens) return 'it counts more completion tokens than were allowed'
    if (completionTokens - reasoningTokens > answerBytes + slackTokens)
      return 'it counts more completion tokens than the answer has bytes'
    const due = adjustUsage(receipt, coefficient, config)
    return due.total === receipt.chargedTokens ? due : 'its sum is not what its counts cost'
  }

  #isSample(key: string): boolean {
    const known = this.#seen.get(key)
    if (known === undefined) this.#seen.set(key, { count: 1 })
    else known.count++
    if (known === undefined || known.count <= limits.verifiedFirst) return true
    const [byte = 0] = this.#world.random(1)
    return byte % limits.verifiedOneOf === 0
  }

  #isSigned(signed: SignedBytes, { identity }: AnnouncedIdentity): boolean {
    return verifyReceipt(this.#crypto, signed, identity.signingKey)
  }

  #keep(
    { receipt, bytes, signature }: SignedReceipt,
    announced: AnnouncedIdentity,
    parties: ReceiptParties,
  ): void {
    const now = this.#world.monotonic()
    this.#kept.dropWhile(({ keptUntil }) => keptUntil <= now)
    this.#kept.set(bytesKey(receipt.requestId), {
      bytes: this.#keptBytes.copy(signature, bytes),
      parties,
      announced,
      keptUntil: now + limits.keptMs,
      isDisputed: false,
    })
  }

  #distrust(signer: ReceiptSigner, announced: AnnouncedIdentity): void {
    const why = 'the signature of its receipt is wrong'
    this.#distrusted(announced, why)
    signer.distrust(why)
  }

  #record(signer: ReceiptSigner, client: string): void {
    const now = this.#world.monotonic()
    for (const [other, times] of this.#disputes) {
      for (const [who, at] of times) if (now - at > limits.disputeMs) times.delete(who)
      if (times.size === 0) this.#disputes.delete(other)
    }
    const { worker } = signer
    const times = this.#disputes.get(worker) ?? new Map<string, number>()
    this.#disputes.set(worker, times.set(client, now))
    if (times.size < limits.disputants) return
    this.#disputes.delete(worker)
    signer.recordDispute()
  }
}

function signedOf({ bytes }: Kept): SignedBytes {
  return { signature: bytes.subarray(0, signatureBytes), bytes: bytes.subarray(signatureBytes) }
}

function tokensOf({ prompt, cached, completion, reasoning, total }: AdjustedTokens): TokensUsed {
  return {
    _: 'tokensUsed',
    promptTokensUsed: prompt,
    cachedTokensUsed: cached,
    completionTokensUsed: completion,
    reasoningTokensUsed: reasoning,
    totalTokensUsed: total,
  }
}

function readOrWhy(sent: SealedSignedReceipt): SignedReceipt | string {
  try {
    return readReceipt(sent)
  } catch (error) {
    if (error instanceof TrustError) return error.message
    throw error
  }
}
