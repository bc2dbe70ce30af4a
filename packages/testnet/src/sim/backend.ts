import {
  type Backend,
  type BackendEvents,
  type BackendModel,
  type BackendRequest,
  type BackendRun,
  WorkerError,
} from '@cocoon/worker'
import type { Timer } from '@cocoon/wire'
import { answerBody, planOf, simModel } from './plan.ts'
import type { SimProcess } from './process.ts'

/** How a simulated model behaves: how often what goes wrong, and how fast it is. */
export interface Temper {
  /** An error status instead of an answer. */
  errorStatus: number
  /** No connection to it. */
  unreachable: number
  /** Never says anything. */
  hang: number
  /** Stops somewhere in the middle, with an error. */
  brokenOff: number
  /** Stops in the middle without a word. */
  stalls: number
  firstByteMs: number
  /** Between the pieces in which the answer comes. */
  pieceMs: number
  pieceBytes: number
}

export const calmTemper: Temper = {
  errorStatus: 0,
  unreachable: 0,
  hang: 0,
  brokenOff: 0,
  stalls: 0,
  firstByteMs: 50,
  pieceMs: 10,
  pieceBytes: 2_000,
}

/** Header by which an answer is known to come from a simulated model. */
export const simHeader = 'x-sim-backend'

/** A model that answers in virtual time what the prompt tells it to, and fails as its temper has it. */
export class SimBackend implements Backend {
  readonly name: string
  temper: Temper
  /** Away: says nothing of its models and takes no requests. */
  down = false
  readonly #process: SimProcess
  #running = 0

  constructor(process: SimProcess, temper: Temper = calmTemper) {
    this.#process = process
    this.name = `sim of ${process.name}`
    this.temper = temper
  }

  /** Requests that occupy the model. */
  get running(): number {
    return this.#running
  }

  models(signal: AbortSignal): Promise<BackendModel[]> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () =>
        reject(new WorkerError('cancelled', 'the question was given up')),
      )
      this.#process.event(this.#process.chance.exponential(5), () => {
        if (this.down) reject(new WorkerError('backend-unreachable', 'the model is away'))
        else resolve([{ id: simModel }])
      })
    })
  }

  run(request: BackendRequest, events: BackendEvents): BackendRun {
    this.#running++
    const run = new SimRun(this.#process, this.temper, request, events, () => this.#running--)
    run.start(this.down)
    return run
  }

  async close(): Promise<void> {}
}

class SimRun implements BackendRun {
  readonly #process: SimProcess
  readonly #temper: Temper
  readonly #request: BackendRequest
  readonly #events: BackendEvents
  readonly #over: () => void
  #body: Uint8Array = new Uint8Array(0)
  #sentBytes = 0
  /** Where the answer stops, with an error or without. */
  #breakAt = Infinity
  #stallAt = Infinity
  #timer: Timer | undefined
  #paused = false
  #ended = false

  constructor(
    process: SimProcess,
    temper: Temper,
    request: BackendRequest,
    events: BackendEvents,
    over: () => void,
  ) {
    this.#process = process
    this.#temper = temper
    this.#request = request
    this.#events = events
    this.#over = over
  }

  start(down: boolean): void {
    const { chance } = this.#process
    const temper = this.#temper
    const firstByteMs = chance.exponential(temper.firstByteMs)
    if (down || chance.chance(temper.unreachable)) {
      this.#later(1, () => this.#fail(new WorkerError('backend-unreachable', 'the model is away')))
    } else if (chance.chance(temper.errorStatus)) {
      this.#later(firstByteMs, () => this.#errorStatus(chance.pick([400, 429, 500, 503])))
    } else if (!chance.chance(temper.hang)) {
      const plan = planOf(this.#request.json)
      if (plan === undefined) return void this.#later(firstByteMs, () => this.#errorStatus(400))
      this.#body = answerBody(plan)
      if (chance.chance(temper.brokenOff)) this.#breakAt = chance.whole(0, this.#body.length)
      else if (chance.chance(temper.stalls)) this.#stallAt = chance.whole(0, this.#body.length)
      this.#later(firstByteMs, () => this.#head(200, plan.stream))
    }
  }

  resume(): void {
    if (!this.#paused || this.#ended) return
    this.#paused = false
    this.#later(0, () => this.#piece())
  }

  cancel(): void {
    if (this.#ended) return
    this.#timer?.cancel()
    this.#later(0.1, () => this.#fail(new WorkerError('cancelled', 'the request was cancelled')))
  }

  #head(status: number, stream: boolean): void {
    const type = stream ? 'text/event-stream' : 'application/json'
    this.#events.head(status, [
      ['content-type', type],
      [simHeader, this.#process.name],
    ])
    if (!this.#ended) this.#later(0, () => this.#piece())
  }

  #piece(): void {
    const { chance } = this.#process
    const stop = Math.min(this.#body.length, this.#breakAt, this.#stallAt)
    const size = Math.min(Math.ceil(chance.exponential(this.#temper.pieceBytes)), stop - this.#sentBytes)
    if (size > 0) {
      const piece = this.#body.subarray(this.#sentBytes, this.#sentBytes + size)
      this.#sentBytes += size
      this.#paused = !this.#events.data(piece)
    }
    if (this.#ended || this.#paused) return
    if (this.#sentBytes < stop)
      return this.#later(chance.exponential(this.#temper.pieceMs), () => this.#piece())
    if (stop === this.#body.length) return this.#finish(() => this.#events.end())
    if (stop === this.#breakAt) this.#fail(new WorkerError('backend-failed', 'the model broke off'))
  }

  #errorStatus(status: number): void {
    this.#body = Buffer.from(JSON.stringify({ error: { message: 'the model says no', code: status } }))
    this.#head(status, false)
  }

  #fail(error: WorkerError): void {
    this.#finish(() => this.#events.failed(error))
  }

  #finish(tell: () => void): void {
    if (this.#ended) return
    this.#ended = true
    this.#timer?.cancel()
    this.#over()
    tell()
  }

  #later(delayMs: number, run: () => void): void {
    this.#timer = this.#process.event(delayMs, () => {
      if (!this.#ended) run()
    })
  }
}
