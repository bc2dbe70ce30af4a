import type { ReceiptFile } from '../receipt/receipt-file.ts'

/** How an answer was protected, and what proves it. */
export interface Protected {
  /**
   * `sealed`: this device sealed the query to machines that it had verified, and the receipt held. `plain`: the
   * endpoint got the query as it is; `endpoint` is what it says of the way from there.
   */
  readonly protection: 'sealed' | 'plain'
  readonly endpoint?: string
  /** It rests on a root that proves nothing. */
  readonly simulated: boolean
  /** Of a sealed answer. It has the openings of its commitments: leave those out of what is shown to others. */
  readonly receipt?: ReceiptFile
  /** Charged to whoever pays at the endpoint; absent where the endpoint does not say it of an open stream. */
  readonly costNano?: bigint
}

/** An answer with what proves it; `cocoon` does not show up in JSON. */
export type Answered<Body> = Body & { readonly cocoon: Protected }

/** Fields of OpenAI's API that are not named here pass as they are. */
interface OpenFields {
  readonly [field: string]: unknown
}

/** Fields of this network, which do not reach the machine. */
export interface NetworkFields {
  /** Price cap in thousandths: 1000 = 1.0. */
  readonly max_coefficient?: number
  /** For the whole answer, seconds. */
  readonly timeout?: number
  /** Other than the least protection of the options. */
  readonly cocoon_protection?: 'sealed' | 'attested-proxy' | 'any'
}

export interface ChatMessage extends OpenFields {
  readonly role: string
  readonly content?: string | null | ReadonlyArray<OpenFields>
}

export interface ChatRequest extends OpenFields, NetworkFields {
  readonly model: string
  readonly messages: readonly ChatMessage[]
  readonly max_tokens?: number | null
  readonly max_completion_tokens?: number | null
  readonly stream?: boolean | null
}

export interface Usage extends OpenFields {
  readonly prompt_tokens: number
  readonly completion_tokens?: number
  readonly total_tokens: number
}

export interface ChatCompletion extends OpenFields {
  readonly id: string
  readonly choices: ReadonlyArray<
    OpenFields & {
      readonly index: number
      readonly message: OpenFields & { readonly role: string; readonly content: string | null }
      readonly finish_reason: string | null
    }
  >
  readonly usage?: Usage
}

export interface ChatChunk extends OpenFields {
  readonly id: string
  readonly choices: ReadonlyArray<
    OpenFields & {
      readonly index: number
      readonly delta: OpenFields & { readonly role?: string; readonly content?: string | null }
      readonly finish_reason: string | null
    }
  >
  readonly usage?: Usage | null
}

export interface CompletionRequest extends OpenFields, NetworkFields {
  readonly model: string
  readonly prompt: unknown
  readonly max_tokens?: number | null
  readonly stream?: boolean | null
}

/** The same shape whole and as a chunk. */
export interface Completion extends OpenFields {
  readonly id: string
  readonly choices: ReadonlyArray<
    OpenFields & { readonly index: number; readonly text: string; readonly finish_reason: string | null }
  >
  readonly usage?: Usage | null
}

export interface EmbeddingRequest extends OpenFields, NetworkFields {
  readonly model: string
  readonly input: unknown
}

export interface EmbeddingList extends OpenFields {
  readonly data: ReadonlyArray<
    OpenFields & { readonly index: number; readonly embedding: readonly number[] | string }
  >
  readonly usage?: Usage
}

export interface ModelList extends OpenFields {
  readonly data: ReadonlyArray<OpenFields & { readonly id: string }>
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}
