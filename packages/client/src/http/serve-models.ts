import { ClientError } from '../error.ts'
import type { ModelOffer } from '../network.ts'
import type { Exchange } from './exchange.ts'

/** `GET /v1/models`, and one model where `name` (percent-encoded, from the path) is given. */
export function serveModels(exchange: Exchange, name: string | undefined): void {
  const { shared } = exchange
  exchange.key = shared.keys?.find(exchange.request.headers)
  const wanted = name === undefined ? undefined : decodeName(name)
  exchange.occupy()
  shared.network.models().then(
    offers => exchange.attempt(() => sendModels(exchange, offers, wanted)),
    error =>
      exchange.attempt(() => {
        throw error
      }),
  )
}

function sendModels(exchange: Exchange, offers: ModelOffer[], wanted: string | undefined): void {
  const allowed = offers.filter(offer => exchange.key?.allows(offer.id) ?? true)
  if (wanted === undefined) {
    const data = allowed.map(describe).sort((a, b) => (a.id < b.id ? -1 : 1))
    exchange.send(200, ['content-type', 'application/json'], JSON.stringify({ object: 'list', data }))
    return
  }
  const offer = allowed.find(({ id }) => id === wanted)
  if (offer === undefined) throw new ClientError('model-not-found', 'No worker offers this model now.')
  exchange.send(200, ['content-type', 'application/json'], JSON.stringify(describe(offer)))
}

/** A model in OpenAI's shape, with the workers that offer it. */
function describe(offer: ModelOffer) {
  const workers = offer.workers
    .toSorted((a, b) => a.coefficient - b.coefficient)
    .map(worker => ({
      coefficient: worker.coefficient,
      running_requests: worker.runningRequests,
      max_running_requests: worker.maxRunningRequests,
    }))
  return { id: offer.id, object: 'model', created: 0, owned_by: 'cocoon', workers }
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    throw new ClientError('invalid-request', 'The model name in the path is not percent-encoded UTF-8.')
  }
}
