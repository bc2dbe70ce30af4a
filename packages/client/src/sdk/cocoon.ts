import { proofCrypto, sealCrypto } from '#crypto'
import { defaultPolicy } from '@cocoon/trust'
import { IdentityVerifier, modelTextHash, type Registry } from '@cocoon/trust/seal'
import { ClientError } from '../error.ts'
import { type QueryKind, queryPaths } from '../query-fields.ts'
import { ReceiptBook } from '../receipt/receipt-book.ts'
import type { ReceiptFile } from '../receipt/receipt-file.ts'
import { Sealer } from '../sealing/sealer.ts'
import { ambientWorld } from './ambient-world.ts'
import { type CallAnswer, Caller, wholeOf } from './caller.ts'
import { CocoonStream } from './cocoon-stream.ts'
import { unreadable } from './endpoint-error.ts'
import { type CocoonOptions, type Fetch, readAllowList, readBaseUrl } from './options.ts'
import { readBounded, Relay } from './relay.ts'
import { type ReadRequest, readRequest, type RequestFields } from './request-body.ts'
import { SealedCalls } from './sealed-calls.ts'
import { sealingFetch } from './sealing-fetch.ts'
import type {
  Answered,
  CallOptions,
  ChatChunk,
  ChatCompletion,
  ChatRequest,
  Completion,
  CompletionRequest,
  EmbeddingList,
  EmbeddingRequest,
  ModelList,
} from './types.ts'

/** Creates answers: whole, or streamed where the request says so. */
export interface Create<Request, Whole, Chunk> {
  (body: Request & { readonly stream: true }, options?: CallOptions): Promise<CocoonStream<Chunk>>
  (body: Request & { readonly stream?: false | null }, options?: CallOptions): Promise<Answered<Whole>>
  (body: Request, options?: CallOptions): Promise<CocoonStream<Chunk> | Answered<Whole>>
}

/** List of models, bytes. */
const maxModelsBytes = 4 << 20

/**
 * Asks models of the network from this device, over an endpoint that pays and hands on. Queries are sealed here to
 * machines that were verified here, and an answer is given as complete only after its receipt was found right. What
 * goes wrong is a ClientError.
 */
export class Cocoon {
  readonly chat: { readonly completions: { readonly create: Create<ChatRequest, ChatCompletion, ChatChunk> } }
  readonly completions: { readonly create: Create<CompletionRequest, Completion, Completion> }
  readonly embeddings: {
    create(body: EmbeddingRequest, options?: CallOptions): Promise<Answered<EmbeddingList>>
  }
  readonly models: { list(options?: CallOptions): Promise<ModelList> }
  /**
   * For OpenAI's library, with the same `baseURL`: `new OpenAI({ baseURL, apiKey, fetch: cocoon.fetch })`. Seals what
   * that library asks of chats, completions and embeddings, and hands on what carries no text.
   */
  readonly fetch: Fetch
  readonly #caller: Caller
  readonly #receipts: ReceiptBook

  /** Throws `configuration` where the options cannot work. */
  constructor(options: CocoonOptions) {
    const { world = ambientWorld, protection = 'sealed' } = options
    const { seal } = cryptoOf(options)
    const relay = new Relay({
      baseUrl: readBaseUrl(options.baseURL),
      apiKey: options.apiKey,
      fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    })
    this.#receipts = new ReceiptBook(world)
    this.#caller = new Caller({
      world,
      relay,
      sealed: sealedCalls(options, relay),
      registry: registryOf(options, modelTextHash(seal)),
      leastProtection: protection,
      receipts: this.#receipts,
    })
    const { chat, completion, embedding } = creators(this.#caller)
    this.chat = { completions: { create: chat as Create<ChatRequest, ChatCompletion, ChatChunk> } }
    this.completions = { create: completion as Create<CompletionRequest, Completion, Completion> }
    this.embeddings = { create: embedding as Cocoon['embeddings']['create'] }
    this.models = { list: ({ signal = never() } = {}) => listModels(relay, signal) }
    this.fetch = sealingFetch({ caller: this.#caller, relay, leastProtection: protection })
  }

  /** The receipt of one of the newest answers, with its openings; kept for an hour. */
  receipt(id: string): ReceiptFile | undefined {
    return this.#receipts.find(id)
  }
}

function sealedCalls(options: CocoonOptions, relay: Relay): SealedCalls {
  const { world = ambientWorld, policy = defaultPolicy, simulatedRoot, proofs, linkage, shape } = options
  const { seal, proof } = cryptoOf(options)
  return new SealedCalls({
    world,
    relay,
    sealer: new Sealer({ world, crypto: seal, ...(linkage && { linkage }), ...(shape && { shape }) }),
    verifier: new IdentityVerifier({
      world,
      policy,
      crypto: proof,
      simulatedRoot,
      sealCrypto: seal,
      needsBlock: false,
      ...proofs,
    }),
  })
}

function cryptoOf({ crypto }: CocoonOptions): NonNullable<CocoonOptions['crypto']> {
  return crypto ?? { seal: sealCrypto, proof: proofCrypto }
}

function registryOf({ allow }: CocoonOptions, modelHash: (text: string) => string): () => Promise<Registry> {
  if (typeof allow === 'function') return async () => readAllowList(await allow(), modelHash)
  const registry = readAllowList(allow, modelHash)
  return async () => registry
}

type CreateAny = (body: RequestFields, options?: CallOptions) => Promise<unknown>

function creators(caller: Caller): Record<QueryKind, CreateAny> {
  const create = (path: string, kind: QueryKind): CreateAny => {
    return async (body, { signal } = {}) => {
      const request = readRequest(kind, path, body)
      const answer = await caller.ask(request, signal)
      return request.isStream ? streamOf(answer, request) : jsonOf(answer)
    }
  }
  const made = [...queryPaths].map(([path, kind]) => [kind, create(path, kind)] as const)
  return Object.fromEntries(made) as Record<QueryKind, CreateAny>
}

async function streamOf(answer: CallAnswer, request: ReadRequest): Promise<CocoonStream<unknown>> {
  if (answer.status < 300 && answer.contentType.startsWith('text/event-stream')) {
    const left = (): Error => new ClientError('cancelled', 'The stream was left before its end.')
    return new CocoonStream(answer.body, request, left)
  }
  await wholeOf(answer)
  throw new ClientError('answer-invalid', 'The answer is no stream, and one was asked for.')
}

async function jsonOf(answer: CallAnswer): Promise<object> {
  const { bytes, how } = await wholeOf(answer)
  return Object.defineProperty(parsed(bytes), 'cocoon', { value: how })
}

async function listModels(relay: Relay, signal: AbortSignal): Promise<ModelList> {
  const response = await relay.request('/models', {}, signal)
  return parsed(await readBounded(response, maxModelsBytes)) as ModelList
}

function parsed(bytes: Uint8Array): object {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below, without quoting the text.
  }
  throw unreadable(undefined)
}

function never(): AbortSignal {
  return new AbortController().signal
}
