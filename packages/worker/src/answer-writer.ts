import type { TokensUsed } from '@cocoon/wire'
import type { Usage } from './meter/usage.ts'

export interface WorkerFinal {
  /** Adjusted tokens. */
  tokens: TokensUsed
  /** The tokens of the model that they come from. */
  usage: Usage
  debug: string | undefined
  /** Unix seconds. */
  startTime: number
  endTime: number
}

export interface AnswerHead {
  status: number
  headers: Array<[name: string, value: string]>
}

/** Where one query's answer goes: open in a protocol version of the proxy, or sealed to the client. */
export interface AnswerWriter {
  /** The proxy reads slowly: producing more would only fill memory. */
  readonly isCongested: boolean
  /** Bytes of bodies, without their framing. */
  readonly sentBytes: number
  /** Of a stream. */
  head(head: AnswerHead, startTime: number): void
  /** More of the body. */
  more(bytes: Uint8Array): void
  /** The last of the body. False when some of it waits for the proxy to read: `proceed` is due then. */
  last(bytes: Uint8Array, final: WorkerFinal): boolean
  /** Sends what waits, as far as there is room. True once all of the answer is sent. */
  proceed(): boolean
  /** A whole answer at once. False as from `last`. */
  whole(head: AnswerHead, body: Uint8Array, final: WorkerFinal): boolean
  /** Ends an answer that is not whole. */
  failure(code: number, message: string, final: WorkerFinal): void
  /** Nobody waits for the answer any more. */
  abandon(): void
}

/** Unsent bytes above which a stream is held back at its source. */
export const congestedBytes = 1 << 20

export const noUsage: Usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 }
