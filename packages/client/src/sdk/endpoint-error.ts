import { ClientError, type ClientErrorCode } from '../error.ts'

/** Bytes of a refusal that are read. */
const maxRefusalBytes = 64 << 10
/** Characters of another's words that are shown. */
const maxWords = 300

/** What went wrong between here and the endpoint, for a signal that may have been the cause. */
export function errorOf(error: unknown, signal?: AbortSignal): ClientError {
  if (error instanceof ClientError) return error
  const reason: unknown = signal?.aborted === true ? signal.reason : undefined
  if (reason instanceof ClientError) return reason
  const isAborted = signal?.aborted === true || (error instanceof Error && error.name === 'AbortError')
  if (isAborted) return new ClientError('cancelled', 'The query was cancelled.', { cause: error })
  return new ClientError('upstream', 'The endpoint cannot be reached, or the connection to it broke.', {
    cause: error,
  })
}

/** What a refusal of the endpoint means. Its words are cut. */
export async function errorOfResponse(response: Response): Promise<ClientError> {
  const { status } = response
  const { message, code, param } = await readError(response)
  const retryAfterMs = Number(response.headers.get('retry-after-ms') ?? Number.NaN)
  return new ClientError(
    codeOf(status, code),
    `The endpoint answered ${status}: ${message.slice(0, maxWords)}`,
    {
      ...(param !== undefined && { param }),
      ...(retryAfterMs >= 0 && { retryAfterMs }),
    },
  )
}

/** What an answer with a status of 300 or more means, as the machine or the endpoint gave it. */
export function errorOfAnswer(status: number, text: string): ClientError {
  const { message, code, param } = errorFields(text)
  const words = `The answer has the status ${status}: ${message}`
  return new ClientError(codeOf(status, code), words, param === undefined ? {} : { param })
}

/** What an error object in OpenAI's shape says. */
function errorFields(text: string): { message: string; code: string; param: string | undefined } {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown; code?: unknown; param?: unknown } }
    return {
      message: String(error?.message ?? 'nothing more').slice(0, maxWords),
      code: String(error?.code ?? ''),
      param: typeof error?.param === 'string' ? error.param : undefined,
    }
  } catch {
    return { message: 'nothing more', code: '', param: undefined }
  }
}

/** What the endpoint, or who stands for it, says is not in the form that it has to be. */
export function unreadable(cause: unknown): ClientError {
  return new ClientError('protocol', 'The endpoint does not speak as an endpoint of this network does.', {
    cause,
  })
}

async function readError(response: Response): Promise<ReturnType<typeof errorFields>> {
  try {
    const text = await response.text()
    return errorFields(text.slice(0, maxRefusalBytes))
  } catch {
    return errorFields('')
  }
}

function codeOf(status: number, code: string): ClientErrorCode {
  const named = codes.get(code)
  if (named !== undefined)
    return code === 'insufficient_quota' && status === 402 ? 'insufficient-balance' : named
  if (status === 401 || status === 403) return 'unauthorized'
  if (status === 413) return 'limit'
  if (status === 429) return 'rate-limited'
  if (status === 504) return 'timeout'
  return status < 500 ? 'invalid-request' : 'upstream'
}

const codes = new Map<string, ClientErrorCode>([
  ['invalid_api_key', 'unauthorized'],
  ['insufficient_quota', 'budget-exhausted'],
  ['rate_limit_exceeded', 'rate-limited'],
  ['model_not_found', 'model-not-found'],
  ['no_proxy', 'no-proxy'],
  ['no_worker', 'no-worker'],
  ['overloaded', 'overloaded'],
  ['timeout', 'timeout'],
  ['cancelled', 'overloaded'],
  ['unprotected', 'unprotected'],
  // An endpoint without these paths hands nothing on that was sealed.
  ['unknown_url', 'unprotected'],
])
