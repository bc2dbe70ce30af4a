import type { SealedSignedReceipt, TokensUsed } from '@cocoon/wire'
import type { Refusal } from './refusal.ts'
import type { WorkerHead } from './worker-answer.ts'

/** The end of an answer as the client is told. */
export interface ClientFinal {
  tokens: TokensUsed
  workerDebug: string | undefined
  proxyDebug: string | undefined
  /** Unix seconds. */
  proxyStart: number
  proxyEnd: number
  workerStart: number | undefined
  workerEnd: number | undefined
  /** Of a sealed answer. */
  receipt: SealedSignedReceipt | undefined
}

/** A worker's head that was found to be one, and waits for the first byte. */
export interface HeldHead {
  /** HTTP, as far as the proxy is told. */
  readonly status: number
  /** `final` where the answer is whole with it. Times are Unix seconds. */
  send(final: ClientFinal | undefined, startS: number, endS: number): void
}

/** Where one query's answer goes: to a client that asked openly, or sealed. */
export interface AnswerSink {
  /** Bytes of the answer itself, without their framing. */
  readonly sentBytes: number
  /** Undefined where the piece begins no answer that this client could be given; throws a WireError likewise. */
  readHead(piece: WorkerHead): HeldHead | undefined
  part(bytes: Uint8Array, final: ClientFinal | undefined): void
  /** Only after a head: before it a failure is a refusal. */
  failure(code: number, message: string, final: ClientFinal): void
  refusal(refusal: Refusal, final: ClientFinal): void
}
