import type { Random } from './random.ts'

/** What a simulated model is to answer: it travels in the prompt, so that both ends know every byte. */
export interface Plan {
  id: string
  stream: boolean
  /** Pieces of text; in a stream each is one token. */
  pieces: number
  pieceBytes: number
  /** What the request says. */
  maxTokens: number
  usage: { prompt: number; cached: number; completion: number; reasoning: number }
}

export const simModel = 'sim'

/** How long answers are, on average; `plausible`: no model counts more tokens than a prompt has bytes. */
export interface AnswerSize {
  pieces: number
  pieceBytes: number
  plausible?: boolean
}

/** An answer of a few pieces up to some thousands; now and then it goes on past its limit. */
export function drawPlan(chance: Random, id: string, size: AnswerSize): Plan {
  const stream = chance.chance(0.6)
  const pieces = Math.ceil(chance.exponential(size.pieces))
  const runsOver = stream && pieces > 3 && chance.chance(0.05)
  const maxTokens = runsOver ? chance.whole(1, pieces - 1) : pieces + chance.whole(0, 50)
  const completion = runsOver || stream ? pieces : chance.whole(0, maxTokens)
  const prompt =
    chance.chance(0.05) && size.plausible !== true ? chance.whole(0, 100_000) : chance.whole(0, 40)
  return {
    id,
    stream,
    pieces,
    pieceBytes: chance.whole(1, 2 * size.pieceBytes),
    maxTokens,
    usage: {
      prompt,
      cached: chance.whole(0, prompt),
      completion,
      reasoning: chance.whole(0, completion),
    },
  }
}

/** The body of the request, as a caller sends it. */
export function requestBody(plan: Plan): Uint8Array {
  const { stream, maxTokens } = plan
  const messages = [{ role: 'user', content: JSON.stringify(plan) }]
  return Buffer.from(JSON.stringify({ model: simModel, stream, max_tokens: maxTokens, messages }))
}

/** Undefined for a request that was not made here, or did not stay as it was made. */
export function planOf(json: Readonly<Record<string, unknown>>): Plan | undefined {
  const messages = json['messages'] as Array<{ content?: unknown }> | undefined
  const content = Array.isArray(messages) ? messages[0]?.content : undefined
  if (typeof content !== 'string') return undefined
  try {
    const plan = JSON.parse(content) as Plan
    const isWhole = plan.pieces <= 100_000 && plan.pieceBytes <= 100_000 && typeof plan.usage === 'object'
    return isWhole ? plan : undefined
  } catch {
    return undefined
  }
}

/** All bytes of the model's answer. */
export function answerBody(plan: Plan): Uint8Array {
  return Buffer.from(plan.stream ? streamText(plan) : wholeText(plan))
}

/** What a stream that was cut at its limit begins with. */
export function answerWithinLimit(plan: Plan): Uint8Array {
  return Buffer.from(Array.from({ length: plan.maxTokens }, (_, i) => chunkText(plan, i)).join(''))
}

export function runsOver(plan: Plan): boolean {
  return plan.stream && plan.pieces > plan.maxTokens
}

/** Takes out what the worker's meter adds to an answer: the costs. */
export function withoutCosts(body: Uint8Array): Buffer {
  return Buffer.from(Buffer.from(body).toString('latin1').replaceAll(costs, ''), 'latin1')
}

/** The last total cost that an answer states, nanotons. */
export function statedCost(body: Uint8Array): bigint | undefined {
  const stated = [...Buffer.from(body).toString('latin1').matchAll(costs)].at(-1)
  return stated === undefined ? undefined : BigInt(stated[1]!)
}

const costs = /,"prompt_total_cost":\d+,"completion_total_cost":\d+,"total_cost":(\d+)/g

function wholeText(plan: Plan): string {
  const content = Array.from({ length: plan.pieces }, (_, i) => pieceText(plan, i)).join('')
  return JSON.stringify({
    id: plan.id,
    object: 'chat.completion',
    created: 1,
    model: simModel,
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: usageOf(plan),
  })
}

function streamText(plan: Plan): string {
  const head = `{"id":${JSON.stringify(plan.id)},"object":"chat.completion.chunk","created":1,"model":"${simModel}"`
  const chunks = Array.from({ length: plan.pieces }, (_, i) => chunkText(plan, i))
  chunks.push(`data: ${head},"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n`)
  chunks.push(`data: ${head},"choices":[],"usage":${JSON.stringify(usageOf(plan))}}\n\n`)
  chunks.push('data: [DONE]\n\n')
  return chunks.join('')
}

function chunkText(plan: Plan, index: number): string {
  const choice = { index: 0, delta: { content: pieceText(plan, index) }, finish_reason: null }
  const { id } = plan
  const chunk = { id, object: 'chat.completion.chunk', created: 1, model: simModel, choices: [choice] }
  return `data: ${JSON.stringify(chunk)}\n\n`
}

/** Says of which query it is, and which piece: a mixed-up answer cannot look right. */
function pieceText(plan: Plan, index: number): string {
  return `${plan.id}.${index} `.padEnd(plan.pieceBytes, 'xyz')
}

function usageOf({ usage }: Plan): object {
  return {
    prompt_tokens: usage.prompt,
    completion_tokens: usage.completion,
    total_tokens: usage.prompt + usage.completion,
    prompt_tokens_details: { cached_tokens: usage.cached },
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
  }
}
