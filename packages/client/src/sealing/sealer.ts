import type { Prices } from '@cocoon/money/pricing'
import {
  type SealCrypto,
  sealQuery,
  SenderSession,
  singleKey,
  type VerifiedIdentity,
} from '@cocoon/trust/seal'
import { bytesKey, type World } from '@cocoon/wire'
import type { Candidate } from './offer-book.ts'
import { SealedExchange, type SealedRecipient } from './sealed-exchange.ts'

export interface SealerOptions {
  readonly world: Pick<World, 'now' | 'monotonic' | 'random'>
  readonly crypto: SealCrypto
  /**
   * `session`: one encapsulation serves many queries to a machine, which lets the proxy see that they are of one
   * client. `query`: each has its own.
   */
  readonly linkage?: 'session' | 'query'
  /** Has answers come in chunks of this size at this pace, so that neither tells of the text. */
  readonly shape?: { readonly chunkBytes: number; readonly cadenceMs: number } | undefined
}

/** A query as it is to be sealed. */
export interface PlainQuery {
  /** Base name. */
  readonly model: string
  readonly path: string
  /** JSON, UTF-8. */
  readonly body: Uint8Array
  /** Completion tokens over all choices. */
  readonly maxTokens: number
  /** For the whole answer, milliseconds. */
  readonly timeoutMs: number
}

/** What a receipt is held against. */
export interface SealedTerms {
  /** Of the proxy, 32 bytes; undefined where it is not known from a source of one's own. */
  readonly proxyKey: Uint8Array | undefined
  readonly prices: Prices & { readonly paramsVersion: number }
}

/** Beyond the timeout, for the way there and back. */
const slackMs = 30_000
/** Sealing sessions at once. */
const maxSessions = 1_024

/** Seals queries to verified machines, and keeps a sealing session with each. */
export class Sealer {
  readonly #options: SealerOptions
  /** Least lately used first. */
  readonly #sessions = new Map<string, SenderSession>()

  constructor(options: SealerOptions) {
    this.#options = options
  }

  get crypto(): SealCrypto {
    return this.#options.crypto
  }

  /** Seals a query to at least one machine. */
  seal(query: PlainQuery, candidates: readonly Candidate[], terms: SealedTerms): SealedExchange {
    const { world, crypto, shape = { chunkBytes: 0, cadenceMs: 0 } } = this.#options
    const random = (sizeBytes: number): Uint8Array => world.random(sizeBytes)
    const recipients = candidates.map(({ verified }) => this.#recipient(verified))
    const routing = {
      requestId: random(32),
      model: query.model,
      maxCoefficient: Math.max(...candidates.map(({ coefficient }) => coefficient)),
      maxTokens: query.maxTokens,
      expiresAtMs: Math.floor(world.now() + query.timeoutMs + slackMs),
      recipients: candidates.map(({ verified }) => verified.digest),
    }
    const content = {
      path: query.path,
      body: query.body,
      requestSalt: random(32),
      answerSalt: random(32),
      chunkBytes: shape.chunkBytes,
      cadenceMs: shape.cadenceMs,
    }
    const { query: sealed, header } = sealQuery(
      crypto,
      routing,
      content,
      recipients.map(({ named }) => named),
      random,
    )
    return new SealedExchange({ crypto, sealed, header, routing, content, recipients, terms })
  }

  /** Begins another session with a machine before the next query. */
  forget(identity: Uint8Array): void {
    this.#sessions.delete(bytesKey(identity))
  }

  #recipient(verified: VerifiedIdentity): SealedRecipient {
    const { world, crypto, linkage = 'session' } = this.#options
    const { digest: identity, sealKey } = verified
    const sender = { identity, sealKey, random: (sizeBytes: number) => world.random(sizeBytes) }
    if (linkage === 'query') return { verified, named: singleKey(crypto, sender), session: undefined }
    const key = bytesKey(identity)
    const nowMs = world.monotonic()
    let session = this.#sessions.get(key)
    if (session?.isOpen(nowMs) !== true) {
      session = new SenderSession(crypto, { ...sender, nowMs })
      this.#sessions.delete(key)
      this.#sessions.set(key, session)
      if (this.#sessions.size > maxSessions) this.#sessions.delete(this.#sessions.keys().next().value!)
    }
    return { verified, named: session.next(), session }
  }
}
