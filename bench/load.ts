import { parseArgs } from 'node:util'
import { Caller } from './caller.ts'
import { quantile } from './quantile.ts'
import { expectedEvents, isPaced, requestBytes, type Scenario, scenarios, type Target } from './scenarios.ts'

/** What one round of load came to. Times in milliseconds. */
export interface LoadResult {
  /** Requests answered within the round, and all that were, with those that were under way when it ended. */
  requests: number
  allRequests: number
  seconds: number
  requestsPerSecond: number
  latencyMs: { p50: number; p99: number; mean: number }
  firstByteMs: { p50: number; p99: number }
  /** From the backend to the caller, of a single chunk; of paced streams only. */
  chunkMs?: { p50: number; p99: number }
}

/** What the parent process says to this one, and what it hears. */
export type LoadCommand =
  | { kind: 'prepare'; scenario: Scenario; target: Target; port: number }
  | { kind: 'go'; seconds: number }
export type LoadReport =
  | { kind: 'ready' }
  | { kind: 'result'; result: LoadResult }
  | { kind: 'failed'; why: string }

/** A request that takes longer fails the run. */
const deadlineMs = 10_000
/** Callers of paced streams start one after the other, so that their chunks do not march in step. */
const staggerMs = 250

/** Callers of one scenario, connected and waiting to start. */
class Load {
  readonly #scenario: Scenario
  readonly #callers: Caller[]
  readonly #latencies: number[] = []
  readonly #firstBytes: number[] = []
  readonly #chunks: number[] = []
  readonly #failure = Promise.withResolvers<never>()

  constructor(scenario: Scenario, target: Target, port: number) {
    this.#scenario = scenario
    this.#failure.promise.catch(() => {})
    const options = {
      port,
      request: requestBytes(scenario, port),
      expectedEvents: expectedEvents(scenario, target),
      isStamped: isPaced(scenario),
      answered: (latencyMs: number, firstByteMs: number) => {
        this.#latencies.push(latencyMs)
        this.#firstBytes.push(firstByteMs)
      },
      chunkArrived: (delayMs: number) => this.#chunks.push(delayMs),
      failed: (why: string) => this.#failure.reject(new Error(`${scenario.name}: ${why}`)),
    }
    this.#callers = Array.from({ length: scenario.callers }, () => new Caller(options))
  }

  async connect(): Promise<void> {
    const connected = Promise.all(this.#callers.map(caller => caller.connected()))
    await Promise.race([connected, this.#failure.promise, timeout(deadlineMs, 'no connection to the port')])
  }

  async run(seconds: number): Promise<LoadResult> {
    const watch = setInterval(() => this.#watchDeadlines(), 500)
    try {
      return await Promise.race([this.#measure(seconds), this.#failure.promise])
    } finally {
      clearInterval(watch)
      for (const caller of this.#callers) caller.close()
    }
  }

  async #measure(seconds: number): Promise<LoadResult> {
    const pauseMs = isPaced(this.#scenario) ? staggerMs / this.#callers.length : 0
    const startedAt = performance.now()
    for (const caller of this.#callers) {
      caller.start()
      if (pauseMs > 0) await sleep(pauseMs)
    }
    await sleep(Math.max(0, seconds * 1000 - (performance.now() - startedAt)))
    const tookSeconds = (performance.now() - startedAt) / 1000
    const requests = this.#latencies.length
    for (const caller of this.#callers) caller.stop()
    while (this.#callers.some(caller => !caller.isIdle)) await sleep(1)
    return this.#result(requests, tookSeconds)
  }

  #result(requests: number, seconds: number): LoadResult {
    const latencies = Float64Array.from(this.#latencies).sort()
    const firstBytes = Float64Array.from(this.#firstBytes).sort()
    const chunks = Float64Array.from(this.#chunks).sort()
    const both = (sorted: Float64Array) => ({ p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) })
    const mean = latencies.reduce((sum, latency) => sum + latency, 0) / latencies.length
    return {
      requests,
      allRequests: latencies.length,
      seconds,
      requestsPerSecond: requests / seconds,
      latencyMs: { ...both(latencies), mean },
      firstByteMs: both(firstBytes),
      ...(chunks.length > 0 && { chunkMs: both(chunks) }),
    }
  }

  #watchDeadlines(): void {
    const now = performance.now()
    if (this.#callers.some(caller => !caller.isIdle && now - caller.askedAt > deadlineMs)) {
      this.#failure.reject(new Error(`${this.#scenario.name}: an answer took more than ${deadlineMs} ms`))
    }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

function timeout(ms: number, why: string): Promise<never> {
  return new Promise((_resolve, reject) => setTimeout(() => reject(new Error(why)), ms).unref())
}

/** Rounds as the parent process asks for them. */
function serveParent(): void {
  const tell = (report: LoadReport): void => void process.send!(report)
  const failed = (error: Error): void => tell({ kind: 'failed', why: error.message })
  let load: Load
  process.on('disconnect', () => process.exit())
  process.on('message', (command: LoadCommand) => {
    if (command.kind === 'prepare') {
      load = new Load(command.scenario, command.target, command.port)
      load.connect().then(() => tell({ kind: 'ready' }), failed)
    } else {
      load.run(command.seconds).then(result => tell({ kind: 'result', result }), failed)
    }
  })
}

/** One round from the command line: `node bench/load.ts --port 10000 --scenario json-30`. */
async function runOnce(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      scenario: { type: 'string' },
      target: { type: 'string', default: 'network' },
      seconds: { type: 'string', default: '5' },
    },
  })
  const scenario = scenarios.find(({ name }) => name === values.scenario)
  if (scenario === undefined || values.port === undefined) {
    throw new Error(`Give --port and --scenario, one of ${scenarios.map(({ name }) => name).join(', ')}`)
  }
  const load = new Load(scenario, values.target === 'backend' ? 'backend' : 'network', Number(values.port))
  await load.connect()
  console.log(JSON.stringify(await load.run(Number(values.seconds)), null, 2))
}

if (process.send !== undefined) serveParent()
else await runOnce()
