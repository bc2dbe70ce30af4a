import type { AnswerSummary, Network, Run } from '@cocoon/client/role'
import type { RootConfig } from '@cocoon/money'
import { reservationTokens } from '@cocoon/money'
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
      head: (status, headers) => this.#head(status, headers),
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

  #head(status: number, headers: Array<[string, string]>): void {
    this.#alive('a head')
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
    const isCut = tokens < due && tokens >= this.#leastReservation()
    if (tokens !== due && !isCut) this.#wrong(`was charged ${tokens} where ${due} were due`)
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
