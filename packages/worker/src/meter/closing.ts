import type { AnswerFormat } from './scanner.ts'
import { costMembers } from './usage.ts'
import type { Usage, UsageCosts } from './usage.ts'

export interface Closing {
  format: AnswerFormat
  /** The first bytes of the stream: its parts carry an id, a time and a model that the last parts repeat. */
  opening: Buffer
  /** Whether the stream so far ends with a blank line, or is empty: otherwise a line has to end first. */
  afterBlankLine: boolean
  openChoices: number[]
  usage: Usage
  costs: UsageCosts
}

/** The parts that end a stream which its backend did not end: why each choice stopped, usage, end marker. */
export function closingBytes(closing: Closing): Uint8Array {
  const head = readHead(closing.opening)
  const text = head.object === 'text_completion'
  const choices = closing.openChoices.map(index =>
    text
      ? { index, text: '', logprobs: null, finish_reason: 'length' }
      : { index, delta: {}, logprobs: null, finish_reason: 'length' },
  )
  const usage = usageJson(closing.usage, closing.costs)
  const last = JSON.stringify({ ...head, choices: [] }).slice(0, -1)
  const parts = [`${last},"usage":${usage}}`]
  if (choices.length > 0) parts.unshift(JSON.stringify({ ...head, choices }))
  const lines =
    closing.format === 'values'
      ? parts.map(part => `${part}\n`)
      : [...parts, '[DONE]'].map(part => `data: ${part}\n\n`)
  return Buffer.from((closing.afterBlankLine ? '' : '\n') + lines.join(''))
}

interface Head {
  id: string
  object: string
  created: number
  model: string
}

function readHead(opening: Buffer): Head {
  const head: Head = { id: '', object: 'chat.completion.chunk', created: 0, model: '' }
  for (const line of opening.toString('utf8').split(/\r\n|\r|\n/)) {
    const json = line.replace(/^data: ?/, '')
    if (!json.startsWith('{')) continue
    try {
      const { id, object, created, model } = JSON.parse(json) as Partial<Record<keyof Head, unknown>>
      if (typeof id === 'string') head.id = id
      if (typeof object === 'string') head.object = object
      if (typeof created === 'number') head.created = created
      if (typeof model === 'string') head.model = model
      return head
    } catch {
      // Cut off by the length that is kept: a later line cannot be whole either.
      return head
    }
  }
  return head
}

function usageJson(usage: Usage, costs: UsageCosts): string {
  const json = JSON.stringify({
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  })
  return `${json.slice(0, -1)},${costMembers(costs)}}`
}
