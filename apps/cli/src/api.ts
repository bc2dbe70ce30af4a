import { z } from 'zod'
import type { Environment } from './config/runner-config.ts'
import { foreign } from './context.ts'
import { CliError } from './error.ts'

/** Where a client's OpenAI-compatible endpoint is, and what it is called with. */
export interface Api {
  /** Ends in `/v1`. */
  readonly baseUrl: string
  readonly headers: Readonly<Record<string, string>>
}

export interface ApiFlags {
  url: string
  key?: string
}

/** The endpoint that the flags name. The key may come from `COCOON_API_KEY`. */
export function apiOf(flags: ApiFlags, environment: Environment): Api {
  const url = URL.parse(/^https?:\/\//i.test(flags.url) ? flags.url : `http://${flags.url}`)
  if (url === null) {
    throw new CliError('usage', '--url is no address.', { advice: 'Write it as http://127.0.0.1:10000/v1.' })
  }
  const key = flags.key ?? environment['COCOON_API_KEY']
  const path = url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')
  return {
    baseUrl: `${url.origin}${path}/v1`,
    headers: { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) },
  }
}

/** Sends a request to the endpoint. Rejects with `unreachable`, or with `refused` for an answer that is no success. */
export async function callApi(api: Api, path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response
  try {
    response = await fetch(`${api.baseUrl}${path}`, { ...init, headers: api.headers, redirect: 'error' })
  } catch (cause) {
    if (init.signal?.aborted) throw cause
    throw new CliError('unreachable', `Nothing answers at ${api.baseUrl}.`, {
      cause,
      advice: 'Start a network with `cocoon up`, or name the endpoint with --url.',
    })
  }
  if (response.ok) return response
  throw await refusalOf(response)
}

const errorBody = z.object({ error: z.object({ message: z.string(), code: z.string().nullish() }) })

/** What an answer with an error status says, as a CliError. */
async function refusalOf(response: Response): Promise<CliError> {
  const text = await response.text().catch(() => '')
  const parsed = errorBody.safeParse(parseJson(text))
  if (!parsed.success) {
    return new CliError('refused', `The endpoint answered with status ${response.status} and no reason.`, {
      advice: 'Check that --url names the endpoint of a Cocoon client.',
    })
  }
  return refusal(parsed.data.error)
}

/** An error object of the endpoint as a CliError. */
export function refusal({ message, code }: { message: string; code?: string | null | undefined }): CliError {
  const advice = code === null || code === undefined ? undefined : advices[code]
  return new CliError('refused', foreign(message, 500), advice === undefined ? {} : { advice })
}

const advices: Record<string, string> = {
  model_not_found: '`cocoon models` lists what is on offer.',
  invalid_api_key: 'Give a key with --key or COCOON_API_KEY.',
  no_proxy: '`cocoon status` and `cocoon doctor` say what is missing.',
}

const modelList = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      workers: z
        .array(
          z.object({
            coefficient: z.number(),
            running_requests: z.number(),
            max_running_requests: z.number(),
          }),
        )
        .optional(),
    }),
  ),
})

export type OfferedModel = z.infer<typeof modelList>['data'][number]

/** What is on offer at an endpoint. */
export interface Offer {
  readonly models: OfferedModel[]
  /** How answers are protected on their way, as the client says. */
  readonly protection: string | undefined
}

/** Asks which models are on offer. */
export async function askOffer(api: Api): Promise<Offer> {
  const response = await callApi(api, '/models')
  const parsed = modelList.safeParse(parseJson(await response.text()))
  const protection = response.headers.get('x-cocoon-protection') ?? undefined
  if (parsed.success) return { models: parsed.data.data, protection }
  throw new CliError('refused', 'The endpoint answered with something else than a list of models.', {
    advice: 'Check that --url names the endpoint of a Cocoon client.',
  })
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
