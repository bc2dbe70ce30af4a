import type { Registry } from '@cocoon/trust/seal'
import { toHex } from '@cocoon/wire'
import { ClientError } from '../error.ts'
import type { LeastProtection } from '../network.ts'
import type { ReceiptBook } from '../receipt/receipt-book.ts'
import { receiptFileOf } from '../receipt/receipt-file.ts'
import type { SdkWorld } from './ambient-world.ts'
import { Deadline } from './deadline.ts'
import { errorOfAnswer } from './endpoint-error.ts'
import { bodyOf, joinPieces, type Relay } from './relay.ts'
import type { ReadRequest } from './request-body.ts'
import type { OpenedAnswer, SealedCalls } from './sealed-calls.ts'
import type { Protected } from './types.ts'

/** An answer as it begins, whichever way it came. */
export interface CallAnswer {
  readonly status: number
  readonly contentType: string
  readonly protection: Protected['protection']
  /** What the endpoint says of an answer that came openly. */
  readonly endpoint: string | undefined
  readonly isSimulated: boolean
  /** Of a sealed answer. */
  readonly receiptId: string | undefined
  /** The body; how it was protected is known at its end. Throws a ClientError where it does not hold. */
  readonly body: AsyncGenerator<Uint8Array, Protected>
}

export interface CallerOptions {
  readonly world: SdkWorld
  readonly relay: Relay
  readonly sealed: SealedCalls
  readonly registry: () => Promise<Registry>
  readonly leastProtection: LeastProtection
  readonly receipts: ReceiptBook
}

/** Longest answer that is held as a whole, bytes. */
const maxWholeBytes = 64 << 20

/** Asks queries: sealed where machines are there for it, openly only where its caller allows that. */
export class Caller {
  readonly #options: CallerOptions

  constructor(options: CallerOptions) {
    this.#options = options
  }

  async ask(request: ReadRequest, signal: AbortSignal | undefined): Promise<CallAnswer> {
    const { world, sealed, registry, leastProtection } = this.#options
    const least = request.leastProtection ?? leastProtection
    const deadline = new Deadline(world, request.timeoutMs, signal)
    try {
      const listed = await deadline.within(registry())
      const seals = least === 'sealed' || (await this.#canSeal(request, listed, deadline))
      return seals
        ? this.#opened(await sealed.call(request, listed, deadline), deadline)
        : await this.#openly(request, least, deadline)
    } catch (error) {
      deadline.end()
      throw error
    }
  }

  /** Whether a machine is there to seal to. Why not does not matter to who would ask openly as well. */
  async #canSeal(request: ReadRequest, listed: Registry, deadline: Deadline): Promise<boolean> {
    try {
      const chosen = await deadline.within(this.#options.sealed.candidates(request, listed))
      return chosen.length > 0
    } catch (error) {
      if (deadline.signal.aborted) throw error
      return false
    }
  }

  #opened(answer: OpenedAnswer, deadline: Deadline): CallAnswer {
    const { head, isSimulated, requestId } = answer
    const contentType = head.headers.find(({ name }) => name.toLowerCase() === 'content-type')?.value ?? ''
    return {
      status: head.statusCode,
      contentType,
      protection: 'sealed',
      endpoint: undefined,
      isSimulated,
      receiptId: toHex(requestId),
      body: this.#openedBody(answer, deadline),
    }
  }

  async *#openedBody(
    { body, isSimulated }: OpenedAnswer,
    deadline: Deadline,
  ): AsyncGenerator<Uint8Array, Protected> {
    try {
      const { proof, costNano } = yield* body
      const receipt = receiptFileOf(this.#options.receipts.add(proof), proof)
      return { protection: 'sealed', simulated: isSimulated, receipt, costNano }
    } finally {
      deadline.end()
    }
  }

  async #openly(request: ReadRequest, least: LeastProtection, deadline: Deadline): Promise<CallAnswer> {
    const { path, body, maxCoefficient } = request
    const response = await this.#options.relay.requestAnyway(
      path.replace(/^\/v1/, ''),
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-cocoon-protection': least },
        body: withFields(body, { max_coefficient: maxCoefficient, timeout: deadline.leftMs() / 1000 }),
      },
      deadline.signal,
    )
    const endpoint = response.headers.get('x-cocoon-protection') ?? 'unknown'
    return {
      status: response.status,
      contentType: response.headers.get('content-type') ?? '',
      protection: 'plain',
      endpoint,
      isSimulated: /\bsimulated\b/.test(endpoint),
      receiptId: undefined,
      body: openBody(response, endpoint, deadline),
    }
  }
}

/** A whole answer, and how it was protected. Throws where its status says that it failed. */
export async function wholeOf(
  answer: CallAnswer,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; how: Protected }> {
  const { bytes, how } = await bytesOf(answer)
  if (answer.status < 300) return { bytes, how }
  throw errorOfAnswer(answer.status, new TextDecoder().decode(bytes))
}

/** The same, whatever its status. */
export async function bytesOf({
  body,
}: Pick<CallAnswer, 'body'>): Promise<{ bytes: Uint8Array<ArrayBuffer>; how: Protected }> {
  const pieces: Uint8Array[] = []
  let sizeBytes = 0
  for (;;) {
    const next = await body.next()
    if (next.done === true) return { bytes: joinPieces(pieces, sizeBytes), how: next.value }
    pieces.push(next.value)
    sizeBytes += next.value.length
    if (sizeBytes <= maxWholeBytes) continue
    await body.return(undefined as never)
    throw new ClientError('answer-invalid', 'The answer is longer than this client holds.')
  }
}

async function* openBody(
  response: Response,
  endpoint: string,
  deadline: Deadline,
): AsyncGenerator<Uint8Array, Protected> {
  try {
    yield* bodyOf(response, deadline.signal)
    const cost = response.headers.get('x-cocoon-total-cost') ?? ''
    return {
      protection: 'plain',
      endpoint,
      simulated: /\bsimulated\b/.test(endpoint),
      ...(/^\d{1,30}$/.test(cost) && { costNano: BigInt(cost) }),
    }
  } finally {
    deadline.end()
  }
}

function withFields(body: Uint8Array, fields: object): string {
  return JSON.stringify({ ...(JSON.parse(new TextDecoder().decode(body)) as object), ...fields })
}
