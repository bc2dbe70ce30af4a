import type { AnswerSummary, Network, Protection, Run } from '@cocoon/client/role'
import type { RootConfig } from '@cocoon/money'
import { reservationTokens } from '@cocoon/money'
import { verifyReceipt } from '@cocoon/trust/seal'
import { simHeader } from './backend.ts'
import {
  answerBody,
  answerWithinLimit,
  type Plan,
  requestBody,
  runsOver,
  simModel,
  statedCost,
  withoutCosts,
} from './plan.ts'
import type { SimProcess } from './process.ts'
import type { SimSealing } from './sealing.ts'

/** Later than its deadline by more than this, an answer is late. */
const slackMs = 5

/** How a query came out, from its caller's side. */
export type Outcome =
  | { kind: 'answered'; status: number; tokens: bigint; proxy: string | undefined }
  | { kind: 'failed'; code: string; tokens: bigint; proxy: string | undefined }

export interface CallOptions {
  plan: Plan
  maxCoefficient: number
  timeoutMs: number
  /** Workers of unknown make may have answered: what they say is not judged. */
  strangers: boolean
  /** Every answer has to be sealed, if that is what there is. */
  sealing: SimSealing | undefined
  ended: (call: Call, outcome: Outcome) => void
  violation: (what: string) => void
}

/** One query as its caller sees it, held against everything that a caller was promised. */
export class Call {
  readonly plan: Plan
  readonly maxCoefficient: number
  outcome: Outcome | undefined
  readonly #options: CallOptions
  readonly #process: SimProcess
  readonly #config: RootConfig
  readonly #startedAtMs: number
  readonly #body: Uint8Array[] = []
  #status: number | undefined
  #from: string | undefined
  #run: Run | undefined

  constructor(process: SimProcess, network: Network, config: RootConfig, options: CallOptions) {
    this.#process = process
    this.#config = config
    this.#options = options
    this.plan = options.plan
    this.maxCoefficient = options.maxCoefficient
    this.#startedAtMs = process.monotonic()
    const query = {
      model: simModel,
      path: '/v1/chat/completions',
      body: requestBody(options.plan),
      maxCoefficient: options.maxCoefficient,
      maxTokens: options.plan.maxTokens,
      timeoutMs: options.timeoutMs,
      enableDebug: process.chance.chance(0.2),
    }
    this.#run = network.run(query, {
      head: (status, headers, protection) => this.#head(status, headers, protection),
      data: bytes => this.#data(bytes),
      end: summary => this.#end(summary),
      failed: (error, { tokens, proxy }) =>
        this.#ended({ kind: 'failed', code: (error as { code?: string }).code ?? error.name, tokens, proxy }),
    })
  }

  cancel(): void {
    this.#run?.cancel()
    if (this.outcome === undefined) this.#wrong('went on after it was cancelled')
  }

  #head(status: number, headers: Array<[string, string]>, protection: Protection | undefined): void {
    this.#alive('a head')
    if (this.#options.sealing?.least === 'sealed' && protection?.kind !== 'sealed')
      this.#wrong(`got an answer with protection ${protection?.kind} and asked for a sealed one`)
    if (this.#status !== undefined) this.#wrong('got a second head')
    this.#status = status
    this.#from = headers.find(([name]) => name === simHeader)?.[1]
  }

  #data(bytes: Uint8Array): void {
    this.#alive('data')
    if (this.#status === undefined) this.#wrong('got data before the head')
    this.#body.push(bytes)
  }

  #end(summary: AnswerSummary): void {
    if (this.#status === undefined) this.#wrong('ended without a head')
    const body = Buffer.concat(this.#body)
    if (this.#options.sealing !== undefined) this.#checkReceipt(this.#options.sealing, summary)
    if (this.#from !== undefined && this.#status === 200) this.#checkAnswer(body, summary)
    if (this.#status !== 200 && !this.#options.strangers) this.#checkRefusal(body)
    if (summary.costNano !== summary.tokens * this.#config.pricePerTokenNano)
      this.#wrong('was told a wrong cost')
    const { tokens, proxy } = summary
    this.#ended({ kind: 'answered', status: this.#status ?? 0, tokens, proxy })
  }

  #ended(outcome: Outcome): void {
    this.#alive(outcome.kind)
    this.outcome = outcome
    const lateMs = this.#process.monotonic() - this.#startedAtMs - this.#options.timeoutMs
    if (lateMs > slackMs) this.#wrong(`ended ${lateMs} ms late`)
    this.#body.length = 0
    this.#options.ended(this, outcome)
  }

  #checkAnswer(body: Buffer, summary: AnswerSummary): void {
    const { plan } = this
    const plain = withoutCosts(body)
    if (runsOver(plan)) {
      const begin = answerWithinLimit(plan)
      if (!plain.subarray(0, begin.length).equals(begin) || !plain.includes('"finish_reason":"length"')) {
        this.#wrong('got an answer that was not cut at its limit')
      }
    } else if (!plain.equals(answerBody(plan))) {
      this.#wrong(`got ${plain.length} bytes that are not its answer of ${answerBody(plan).length}`)
    }
    const { tokens } = summary
    const due = (statedCost(body) ?? 0n) / this.#config.pricePerTokenNano
    // A proxy that is not to be trusted may charge less than the receipt that it hands on has.
    const isGift = tokens < due && this.#options.strangers && this.#options.sealing !== undefined
    const isCut = tokens < due && (isGift || tokens >= this.#leastReservation())
    if (tokens !== due && !isCut) this.#wrong(`was charged ${tokens} where ${due} were due`)
  }

  /** An answer is complete with a receipt of the worker that it came from, over what was charged. */
  #checkReceipt({ crypto, signerOf }: SimSealing, { proof, tokens }: AnswerSummary): void {
    if (proof === undefined) return this.#wrong('was told that an answer is complete, without a receipt')
    const { signed, verified } = proof
    const { receipt } = signed
    const signer = signerOf(verified.identity.signingKey)
    if (signer === undefined || !verifyReceipt(crypto, signed, verified.identity.signingKey))
      this.#wrong('got a receipt that none of the workers has signed')
    if (this.#from !== undefined && !this.#from.startsWith(`${signer}.`))
      this.#wrong(`got an answer of ${this.#from} with a receipt of ${signer}`)
    if (receipt.outcome !== 'complete' || receipt.status !== this.#status)
      this.#wrong(`got a receipt for status ${receipt.status}, ${receipt.outcome}`)
    if (tokens > receipt.chargedTokens)
      this.#wrong(`was charged ${tokens} where the receipt has ${receipt.chargedTokens}`)
  }

  #checkRefusal(body: Buffer): void {
    try {
      if ('error' in JSON.parse(body.toString('utf8'))) return
    } catch {
      // Judged below: a body that is no JSON has no error in it.
    }
    if (this.#from !== undefined || body.length > 0)
      this.#wrong(`got status ${this.#status} without an error in it`)
  }

  /** The request also has a few header lines, which count as bytes of the query. */
  #leastReservation(): bigint {
    return reservationTokens({
      maxTokens: this.plan.maxTokens,
      queryBytes: requestBody(this.plan).length,
      maxCoefficient: this.maxCoefficient,
      multipliers: this.#config.multipliers,
    })
  }

  #alive(what: string): void {
    if (this.#run === undefined) this.#wrong(`got ${what} before run returned`)
    if (this.outcome !== undefined) this.#wrong(`got ${what} after its end`)
  }

  #wrong(what: string): void {
    this.#options.violation(`${this.plan.id} ${what}`)
  }
}
