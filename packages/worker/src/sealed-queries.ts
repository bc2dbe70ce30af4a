import { modelBaseName, type ProxyTerms, type RootConfig } from '@cocoon/money'
import { TrustError } from '@cocoon/trust'
import {
  type HeldIdentity,
  type IdentityHolder,
  type OpenedQuery,
  openQuery,
  type SealCrypto,
  signAnnouncement,
} from '@cocoon/trust/seal'
import {
  type Connection,
  type ProxyRunSealedQuery,
  proxySealedFailure,
  type Timer,
  toHex,
  workerIdentity,
  type World,
} from '@cocoon/wire'
import { SealedAnswer } from './sealed-answer.ts'
import type { ServingRequest } from './serving.ts'

/** What a worker opens sealed queries with. */
export interface WorkerSealing {
  readonly identities: IdentityHolder
  readonly crypto: SealCrypto
}

export interface SealedQueriesOptions {
  readonly connection: Connection
  readonly world: World
  readonly config: RootConfig
  readonly sealing: WorkerSealing
}

/** From this version on proxies know of sealed queries. */
const sealedVersion = 3
/** Failures of sealed queries before anything of them was run. */
const failureCodes = { session: 660, unreadable: 661, identity: 662 } as const
const noKey = new Uint8Array(32)
/** Between two announcements, milliseconds: a proxy ignores one that comes within 10 s of the one before. */
const announcementMs = 15_000

/** What a worker does about sealed queries on one connection. */
export class SealedQueries implements Disposable {
  readonly #options: SealedQueriesOptions
  #announcing: Disposable | undefined
  #announcedAt = Number.NEGATIVE_INFINITY
  #announcingLater: Timer | undefined

  constructor(options: SealedQueriesOptions) {
    this.#options = options
  }

  /** Tells a proxy that knows of sealed queries who the worker is, now and whenever that changes. */
  announce({ version, publicKey: proxyKey }: ProxyTerms): void {
    if (version < sealedVersion) return
    const { world, sealing } = this.#options
    const tell = (): void => {
      const waitMs = this.#announcedAt + announcementMs - world.monotonic()
      this.#announcingLater?.cancel()
      if (waitMs > 0) this.#announcingLater = world.after(waitMs, tell)
      else this.#tell(sealing.identities.current, proxyKey)
    }
    tell()
    this.#announcing = sealing.identities.onNew(tell)
  }

  #tell(held: HeldIdentity | undefined, proxyKey: Uint8Array): void {
    if (held === undefined) return
    const { world, connection } = this.#options
    const { digest, evidence, keys } = held
    const tlsKey = connection.peer.publicKey ?? noKey
    const signature = signAnnouncement(keys, digest, { proxyKey, tlsKey })
    this.#announcedAt = world.monotonic()
    connection.send(workerIdentity, { _: 'worker.identity', evidence, tlsKey, signature })
  }

  /** Opens a query. Undefined where it cannot be taken: the proxy has been told. */
  take(
    query: ProxyRunSealedQuery,
    given: { readonly terms: ProxyTerms; readonly timeoutMs: number; readonly progress: () => void },
  ): { answer: SealedAnswer; request: ServingRequest } | undefined {
    const { world, config, sealing, connection } = this.#options
    const { requestId, coefficient, identity, key } = query
    const held = sealing.identities.find(identity)
    if (held === undefined) return this.#refuse(requestId, failureCodes.identity)
    const opened = this.#open(query, held)
    if (typeof opened === 'number') return this.#refuse(requestId, opened)
    const { routing, content } = opened
    if (coefficient > routing.maxCoefficient || !isModel(routing.model, held.identity.model)) {
      opened.key.fill(0)
      return this.#refuse(requestId, failureCodes.unreadable)
    }
    const answer = new SealedAnswer({
      connection,
      world,
      crypto: sealing.crypto,
      opened,
      bodyBytes: query.body.length,
      held,
      requestId,
      proxyKey: given.terms.publicKey,
      coefficient,
      config,
      progress: given.progress,
    })
    const request: ServingRequest = {
      query: { method: 'POST', path: content.path, headers: [], body: content.body },
      coefficient,
      timeoutMs: Math.min(given.timeoutMs, routing.expiresAtMs - world.now()),
      enableDebug: false,
      maxTokens: routing.maxTokens,
      cacheSalt: toHex(key.session),
    }
    return { answer, request }
  }

  [Symbol.dispose](): void {
    this.#announcing?.[Symbol.dispose]()
    this.#announcingLater?.cancel()
  }

  /** The query, or the number of the failure. */
  #open(query: ProxyRunSealedQuery, { digest, sessions }: HeldIdentity): OpenedQuery | number {
    const { world, sealing } = this.#options
    const { crypto, identities } = sealing
    try {
      const times = { nowMs: world.now(), monotonicMs: world.monotonic() }
      return openQuery(crypto, query, { identity: digest, sessions, ...times })
    } catch (error) {
      if (!(error instanceof TrustError)) throw error
      identities.checkRoom()
      return error.code === 'session-unknown' ? failureCodes.session : failureCodes.unreadable
    }
  }

  #refuse(requestId: Uint8Array, errorCode: number): undefined {
    this.#options.connection.send(proxySealedFailure, {
      _: 'proxy.sealedFailure',
      requestId,
      errorCode,
      flags: 0,
    })
  }
}

/** Whether a header means this model: by its base name or its whole text. */
function isModel(name: string, model: string): boolean {
  return name === model || name === modelBaseName(model)
}
