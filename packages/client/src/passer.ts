import { reservationTokens, type RootConfig } from '@cocoon/money'
import { TrustError } from '@cocoon/trust'
import { readRouting, type SealedRouting } from '@cocoon/trust/seal'
import {
  bytesKey,
  clientInclusion,
  encode,
  NewestMap,
  sameBytes,
  type SealedQuery,
  sealedWorkerEvidence,
  WireError,
  type World,
} from '@cocoon/wire'
import { ClientError } from './error.ts'
import type { AnswerSummary, PassedEvents, PassedOffers, Passing, Run } from './network.ts'
import { PassedQuery } from './passed-query.ts'
import type { ClientSession } from './session.ts'

export interface PasserOptions {
  readonly world: World
  readonly config: () => RootConfig
  /** The sessions that take queries now. */
  readonly sessions: () => readonly ClientSession[]
  /** Counts a query in. Throws `overloaded` where no more are taken. */
  readonly admit: (query: SealedQuery) => void
  readonly overstated: (proxy: string) => void
  readonly ended: (
    outcome: 'succeeded' | 'failed',
    summary: AnswerSummary,
    receivedBytes: number,
    model: string,
  ) => void
}

const limits = {
  /** Queries whose receipts can still be disputed, and for how long: as long as proxies keep them. */
  disputable: 10_000,
  disputableMs: 600_000,
} as const

interface Disputable {
  readonly session: ClientSession
  readonly untilMs: number
  isDisputed: boolean
}

/** Pays for queries that others have sealed, and hands them and their answers on unread. */
export class Passer implements Passing {
  readonly #options: PasserOptions
  readonly #disputable = new NewestMap<Disputable>(limits.disputable)
  #turn = 0

  constructor(options: PasserOptions) {
    this.#options = options
  }

  async offers(model: string): Promise<PassedOffers> {
    const session = this.#choose(undefined)
    const { proxyKey, prices } = session.sealedTerms
    return { proxyKey: proxyKey!, prices, offers: await asked(session.sealedOffers(model)) }
  }

  async evidence(identity: Uint8Array): Promise<Uint8Array | undefined> {
    for (const session of this.#sealing()) {
      const found = await unlessUnknown(session.evidence(identity))
      if (found !== undefined) return encode(sealedWorkerEvidence, found)
    }
    return undefined
  }

  run(
    query: SealedQuery,
    { timeoutMs, proxyKey }: { readonly timeoutMs: number; readonly proxyKey?: Uint8Array | undefined },
    events: PassedEvents,
  ): Run {
    const routing = routingOf(query)
    const session = this.#choose(proxyKey)
    const { world, config, overstated, ended } = this.#options
    const { maxTokens, maxCoefficient } = routing
    const { multipliers, pricePerTokenNano } = config()
    this.#options.admit(query)
    const passed = new PassedQuery({
      query,
      routing,
      timeoutMs,
      events,
      world,
      pricePerTokenNano,
      reservedTokens: reservationTokens({
        maxTokens,
        queryBytes: query.body.length,
        maxCoefficient,
        multipliers,
      }),
      overdue: ({ timeoutMs: ms }) => stop(new ClientError('timeout', `No complete answer within ${ms} ms.`)),
      overstated,
      ended: (outcome, summary, receivedBytes, { model }) => ended(outcome, summary, receivedBytes, model),
    })
    const stop = (error: ClientError): void => {
      if (passed.ended) return
      session.cancel(passed)
      passed.fail(error)
    }
    const refusal = session.pass(passed)
    if (refusal === undefined) this.#remember(passed.requestId, session)
    else world.soon(() => passed.fail(refusal))
    return { cancel: () => stop(new ClientError('cancelled', 'The query was cancelled.')) }
  }

  dispute(requestId: Uint8Array, reason: number): boolean {
    const found = this.#disputable.get(bytesKey(requestId))
    if (found === undefined || found.isDisputed) return false
    found.isDisputed = true
    const { session, untilMs } = found
    if (!session.isReady || untilMs <= this.#options.world.monotonic()) return false
    session.dispute({ requestId }, reason)
    return true
  }

  async inclusion(leaf: Uint8Array): Promise<Uint8Array | undefined> {
    let failure: unknown
    for (const session of this.#sealing()) {
      try {
        const found = await asked(session.logProofs?.inclusion(leaf) ?? Promise.resolve(undefined))
        if (found !== undefined) return encode(clientInclusion, found)
      } catch (error) {
        // Another proxy may have it in its log.
        failure ??= error
      }
    }
    if (failure !== undefined) throw failure
    return undefined
  }

  #remember(requestId: Uint8Array, session: ClientSession): void {
    const now = this.#options.world.monotonic()
    this.#disputable.dropWhile(({ untilMs }) => untilMs <= now)
    const untilMs = now + limits.disputableMs
    this.#disputable.set(bytesKey(requestId), { session, untilMs, isDisputed: false })
  }

  /** The session with the proxy of this key, or any. Throws a ClientError where there is none. */
  #choose(proxyKey: Uint8Array | undefined): ClientSession {
    const sessions = this.#sealing()
    const fitting =
      proxyKey === undefined
        ? sessions
        : sessions.filter(({ sealedTerms }) => sameBytes(sealedTerms.proxyKey!, proxyKey))
    const [first] = fitting
    if (first === undefined) {
      throw new ClientError('no-proxy', 'The proxy of this query is not connected. Ask for offers again.', {
        retryAfterMs: 1_000,
      })
    }
    return fitting[this.#turn++ % fitting.length]!
  }

  #sealing(): ClientSession[] {
    const sessions = this.#options.sessions()
    if (sessions.length === 0) {
      throw new ClientError('no-proxy', 'No proxy is connected.', { retryAfterMs: 2_000 })
    }
    const sealing = sessions.filter(session => session.canSeal)
    if (sealing.length > 0) return sealing
    throw new ClientError('unprotected', 'No proxy that is connected takes sealed queries.')
  }
}

function routingOf({ header, keys }: SealedQuery): SealedRouting {
  try {
    const routing = readRouting(header)
    if (keys.length === routing.recipients.length) return routing
  } catch (cause) {
    if (!(cause instanceof TrustError)) throw cause
    throw new ClientError('invalid-request', cause.message, { cause })
  }
  throw new ClientError('invalid-request', 'A sealed query has a key for each of its recipients.')
}

async function asked<Value>(answer: Promise<Value>): Promise<Value> {
  try {
    return await answer
  } catch (cause) {
    if (cause instanceof ClientError) throw cause
    const isLate = cause instanceof WireError && cause.code === 'timeout'
    const message = 'The proxy does not answer what it is asked of its machines and its log.'
    throw new ClientError(isLate ? 'timeout' : 'upstream', message, { cause })
  }
}

/** A proxy answers with an error where it does not know what is asked for. */
async function unlessUnknown<Value>(answer: Promise<Value>): Promise<Value | undefined> {
  try {
    return await answer
  } catch (cause) {
    if (cause instanceof WireError && cause.code === 'peer-error') return undefined
    return asked(Promise.reject(cause))
  }
}
