import {
  clientSealedAnswer,
  clientSealedAnswerPart,
  type ClientSealedEnd,
  clientSealedFailure,
  type Connection,
} from '@cocoon/wire'
import type { AnswerSink, ClientFinal, HeldHead } from './answer-sink.ts'
import type { Refusal } from './refusal.ts'
import type { WorkerHead } from './worker-answer.ts'

const noIdentity = new Uint8Array(32)

/** Hands the chunks of one sealed answer on, and tells what was charged. */
export class SealedClientAnswer implements AnswerSink {
  readonly #connection: Connection
  readonly #requestId: Uint8Array
  /** Who answers. */
  #identity: Uint8Array = noIdentity
  sentBytes = 0

  constructor(connection: Connection, requestId: Uint8Array) {
    this.#connection = connection
    this.#requestId = requestId
  }

  readHead({ response: chunk, sealed }: WorkerHead): HeldHead | undefined {
    if (sealed === undefined || sealed.status < 200 || sealed.status > 599) return undefined
    const { status, nonce, identity } = sealed
    return {
      status,
      send: final => {
        this.#identity = identity
        this.sentBytes += chunk.length
        this.#connection.send(clientSealedAnswer, {
          _: 'client.sealedAnswer',
          requestId: this.#requestId,
          identity,
          nonce,
          chunk,
          ...endFields(final),
        })
      },
    }
  }

  part(chunk: Uint8Array, final: ClientFinal | undefined): void {
    this.sentBytes += chunk.length
    this.#connection.send(clientSealedAnswerPart, {
      _: 'client.sealedAnswerPart',
      requestId: this.#requestId,
      chunk,
      ...endFields(final),
    })
  }

  failure(code: number, message: string, final: ClientFinal): void {
    this.#connection.send(clientSealedFailure, {
      _: 'client.sealedFailure',
      requestId: this.#requestId,
      identity: this.#identity,
      errorCode: code,
      error: message,
      ...endFields(final.tokens.totalTokensUsed > 0n ? final : undefined),
    })
  }

  refusal({ code, reason, message, identity = noIdentity }: Refusal, final: ClientFinal): void {
    this.#identity = identity
    this.failure(code, `${reason}: ${message}`, final)
  }
}

function endFields(final: ClientFinal | undefined): { flags: number; end?: ClientSealedEnd } {
  if (final?.receipt === undefined) return { flags: 0 }
  const { receipt, tokens, proxyStart, proxyEnd } = final
  const end: ClientSealedEnd = {
    _: 'client.sealedEnd',
    receipt,
    chargedTokens: tokens.totalTokensUsed,
    proxyStartTime: proxyStart,
    proxyEndTime: proxyEnd,
  }
  return { flags: 1, end }
}
