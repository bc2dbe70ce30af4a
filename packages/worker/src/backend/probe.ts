import type { Backend, BackendPath } from '../backend.ts'
import { WorkerError } from '../error.ts'
import type { UsageSource } from '../event.ts'
import { createMeter } from '../meter/meter.ts'

/** Time for each of the few tiny requests. The first one may have to load the model. */
const probeTimeoutMs = 120_000

/**
 * Asks the backend for one token, as a whole and as a stream, to see whether it states its usage in both. If it
 * does not, its tokenizer has to count; if it has none either, nothing that it does could be billed. A model
 * without a chat template is asked for a completion, an embedding model for an embedding.
 *
 * @throws WorkerError of the backend, or `backend-unsuitable` if it answers none of the three
 */
export async function probeUsage(backend: Backend, model: string, signal: AbortSignal): Promise<UsageSource> {
  for (const { path, fields, streams } of probes) {
    const whole = await ask(backend, path, { model, ...fields }, signal)
    if (whole.status !== 200) continue
    let stated = whole.stated
    if (stated && streams) {
      const options = { stream: true, stream_options: { include_usage: true } }
      const streamed = await ask(backend, path, { model, ...fields, ...options }, signal)
      stated = streamed.status === 200 && streamed.stated
    }
    if (stated) return 'stated'
    return (await canCount(backend, model, signal)) ? 'tokenizer' : 'none'
  }
  throw new WorkerError('backend-unsuitable', `${backend.name} answers no request for the model ${model}`)
}

const probes: Array<{ path: BackendPath; fields: Record<string, unknown>; streams: boolean }> = [
  {
    path: '/v1/chat/completions',
    fields: { messages: [{ role: 'user', content: 'hi' }], max_tokens: 1 },
    streams: true,
  },
  { path: '/v1/completions', fields: { prompt: 'hi', max_tokens: 1 }, streams: true },
  { path: '/v1/embeddings', fields: { input: 'hi' }, streams: false },
]

function ask(
  backend: Backend,
  path: BackendPath,
  json: Record<string, unknown>,
  signal: AbortSignal,
): Promise<{ status: number; stated: boolean }> {
  return new Promise((resolve, reject) => {
    const stream = json['stream'] === true
    let status = 0
    let meter = createMeter({ contentType: undefined, stream, price: free })
    const body = Buffer.from(JSON.stringify(json))
    const run = backend.run(
      { path, body, json, timeoutMs: probeTimeoutMs },
      {
        head: (code, headers) => {
          status = code
          const contentType = headers.find(([name]) => name === 'content-type')?.[1]
          meter = createMeter({ contentType, stream, price: free })
        },
        data: bytes => {
          meter.push(bytes)
          return true
        },
        end: () => {
          signal.removeEventListener('abort', cancel)
          resolve({ status, stated: meter.usage.stated && meter.usage.promptTokens > 0 })
        },
        failed: error => {
          signal.removeEventListener('abort', cancel)
          reject(error)
        },
      },
    )
    const cancel = () => run.cancel()
    signal.addEventListener('abort', cancel)
    if (signal.aborted) cancel()
  })
}

const free = () => ({ promptTotalCost: 0n, completionTotalCost: 0n, totalCost: 0n })

async function canCount(backend: Backend, model: string, signal: AbortSignal): Promise<boolean> {
  if (backend.countTokens === undefined) return false
  try {
    return (await backend.countTokens(model, 'hello world', signal)) > 0
  } catch {
    if (signal.aborted)
      throw new WorkerError('cancelled', 'the request was cancelled', { cause: signal.reason })
    return false
  }
}
