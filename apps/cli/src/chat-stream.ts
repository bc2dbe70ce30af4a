import { z } from 'zod'
import { type Api, callApi, parseJson, refusal } from './api.ts'
import { CliError } from './error.ts'

export interface Message {
  role: 'system' | 'user' | 'assistant'
  content: string
}

export interface Answer {
  text: string
  finishReason: string | undefined
  usage: Record<string, unknown> | undefined
  /** How the answer was protected on its way, as the client says. */
  protection: string | undefined
  /** By which its receipt is found, where it was sealed. */
  receipt: string | undefined
}

export interface AnswerRequest {
  api: Api
  model: string
  messages: readonly Message[]
  maxTokens: number | undefined
  signal: AbortSignal
  /** Hears each piece of text as it comes. */
  onText: (text: string) => void
}

const chunkShape = z.object({
  error: z.object({ message: z.string(), code: z.string().nullish() }).optional(),
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullish() }).optional(),
        finish_reason: z.string().nullish(),
      }),
    )
    .optional(),
  usage: z.record(z.string(), z.unknown()).nullish(),
})

/** Asks for an answer and hands it on as it is written. Rejects with a CliError, or with the signal's reason. */
export async function streamAnswer(request: AnswerRequest): Promise<Answer> {
  const { api, model, messages, maxTokens, signal, onText } = request
  const body = {
    model,
    messages,
    stream: true,
    stream_options: { include_usage: true },
    ...(maxTokens !== undefined && { max_tokens: maxTokens }),
  }
  const response = await callApi(api, '/chat/completions', {
    method: 'POST',
    body: JSON.stringify(body),
    signal,
  })
  const protection = response.headers.get('x-cocoon-protection') ?? undefined
  const receipt = response.headers.get('x-cocoon-receipt') ?? undefined
  const answer: Answer = { text: '', finishReason: undefined, usage: undefined, protection, receipt }
  for await (const data of eventsOf(response)) {
    if (data === '[DONE]') return answer
    const parsed = chunkShape.safeParse(parseJson(data))
    if (!parsed.success) continue
    const { error, choices, usage } = parsed.data
    if (error !== undefined) throw refusal(error)
    const choice = choices?.[0]
    const text = choice?.delta?.content ?? ''
    if (text !== '') {
      answer.text += text
      onText(text)
    }
    answer.finishReason = choice?.finish_reason ?? answer.finishReason
    answer.usage = usage ?? answer.usage
  }
  throw new CliError('refused', 'The answer broke off before its end.', { advice: 'Try it again.' })
}

/** The `data` of each server-sent event. */
async function* eventsOf(response: Response): AsyncGenerator<string> {
  if (response.body === null) return
  let rest = ''
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split(/\r?\n/)
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('data:')) yield line.slice(5).trim()
  }
}
