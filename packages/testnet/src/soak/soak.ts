import { startEndpoint } from '@cocoon/client/role'
import { addressKey, MemoryLedger } from '@cocoon/money'
import { systemWorld } from '@cocoon/wire/node'
import { createHttpBackend } from '@cocoon/worker'
import { check } from '../error.ts'
import { addressNamed, startTestNetwork, type TestNetwork } from '../network.ts'
import { type Kind, SoakCaller } from './caller.ts'
import { growthBytes, type MemorySample, sampleMemory } from './memory.ts'
import { type ModelServer, soakModel, startModelServer } from './model-server.ts'

export interface SoakOptions {
  requests: number
  /** Requests at once. */
  concurrency?: number
  /** Of all requests, those after which memory has to stay where it is. */
  warmUpShare?: number
  /** How much more memory may be in use at the end than after the warm-up. */
  maxGrowthBytes?: number
  /** Hears of each sample. */
  progress?: (progress: SoakProgress) => void
}

export interface SoakProgress extends MemorySample {
  perSecond: number
}

export interface SoakResult {
  requests: number
  durationMs: number
  answers: Record<Kind, number>
  chargedTokens: bigint
  /** Bytes that were in use more at the end than after the warm-up. */
  growthBytes: number
}

export const defaultMaxGrowthBytes = 8 << 20
const samplesInAll = 40
const restMs = 15_000

/**
 * Sends requests through a whole network over TCP and TLS: from HTTP callers through an endpoint, a client, a
 * proxy and two workers to a model server and back. Rejects with `TestnetError('check-failed')` if an answer
 * is wrong, the books do not balance, something is left running, or memory grows beyond the bound.
 */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { requests, concurrency = 64, warmUpShare = 0.3, maxGrowthBytes = defaultMaxGrowthBytes } = options
  await using server = await startModelServer()
  await using network = await startTestNetwork({
    transport: 'tcp',
    model: `${soakModel}@1:${'0'.repeat(64)}`,
    // What a ledger remembers of ended requests is bounded, and would be taken for a leak until it is full.
    proxies: [{ ledger: new MemoryLedger({ rememberedRequests: 1_000 }) }],
    workers: [1_000, 1_500].map(coefficient => ({
      coefficient,
      maxActiveRequests: 2 * concurrency,
      backend: createHttpBackend({ url: server.url }),
    })),
  })
  await network.ready()
  const endpoint = await startEndpoint({ network: network.client, world: systemWorld, port: 0 })
  const caller = new SoakCaller(endpoint.port, concurrency)
  try {
    const startedAt = performance.now()
    const { answers, costNano, samples } = await run(caller, requests, concurrency, options.progress)
    const durationMs = performance.now() - startedAt
    await rest(network, server, endpoint)
    const chargedTokens = checkBooks(network, costNano)
    const grown = growthBytes(samples.filter(sample => sample.requests >= warmUpShare * requests))
    check(grown <= maxGrowthBytes, `Memory grew by ${grown} bytes; ${maxGrowthBytes} are allowed`)
    return { requests, durationMs, answers, chargedTokens, growthBytes: grown }
  } finally {
    caller.close()
    await endpoint.close(0)
  }
}

async function run(
  caller: SoakCaller,
  requests: number,
  concurrency: number,
  progress: SoakOptions['progress'],
): Promise<{ answers: Record<Kind, number>; costNano: bigint; samples: MemorySample[] }> {
  const answers = { whole: 0, stream: 0, hangUp: 0, failure: 0, tooCheap: 0, unknownModel: 0 }
  const samples: MemorySample[] = []
  const batch = Math.max(1, Math.ceil(requests / samplesInAll))
  let costNano = 0n
  let next = 0
  // In rounds with a pause after each: memory is only comparable while nothing runs.
  while (next < requests) {
    const end = Math.min(requests, next + batch)
    const startedAt = performance.now()
    const begun = next
    const lane = async (): Promise<void> => {
      while (next < end) {
        const answer = await caller.ask(next++)
        answers[answer.kind]++
        costNano += answer.costNano
      }
    }
    await Promise.all(Array.from({ length: concurrency }, lane))
    const perSecond = (1_000 * (end - begun)) / (performance.now() - startedAt)
    const sample = await sampleMemory(end)
    samples.push(sample)
    progress?.({ ...sample, perSecond })
  }
  return { answers, costNano, samples }
}

/** Nothing runs any more, anywhere. */
async function rest(network: TestNetwork, server: ModelServer, endpoint: { running: number }): Promise<void> {
  const { proxy, ledger } = network.proxy
  const account = addressKey(addressNamed('client 0'))
  const busy = (): string | undefined => {
    if (endpoint.running > 0) return `the endpoint runs ${endpoint.running} queries`
    if (network.client.running > 0) return `the client runs ${network.client.running} queries`
    if (proxy.running > 0) return `the proxy runs ${proxy.running} queries`
    const worker = network.workers.find(({ running }) => running > 0)
    if (worker !== undefined) return `a worker runs ${worker.running} queries`
    if (server.running > 0) return `the model server answers ${server.running} requests`
    const { reserved } = ledger.client(account)
    return reserved > 0n ? `${reserved} tokens are still reserved` : undefined
  }
  const until = performance.now() + restMs
  while (busy() !== undefined && performance.now() < until)
    await new Promise(resolve => setTimeout(resolve, 10))
  check(busy() === undefined, `After the last answer ${busy()}`)
}

/** Gives what was charged in all. */
function checkBooks(network: TestNetwork, statedNano: bigint): bigint {
  const { ledger } = network.proxy
  ledger.assertConserved()
  const spent = ledger.client(addressKey(addressNamed('client 0'))).max
  const earned = network.workers
    .map((_, index) => ledger.worker(addressKey(addressNamed(`worker ${index}`))).max)
    .reduce((sum, tokens) => sum + tokens, 0n)
  check(spent === earned, `The client spent ${spent} tokens, the workers earned ${earned}`)
  const told = network.client.stats.tokens
  const stated = statedNano / network.config.pricePerTokenNano
  check(told === stated, `The client was told of ${told} tokens, the answers stated ${stated}`)
  // Callers that hung up were not told, and paid for what they got.
  check(spent >= told, `The client spent ${spent} tokens and was told of ${told}`)
  return spent
}
