import { randomBytes } from 'node:crypto'
import type { BackendEvents } from '../../backend.ts'
import type { Refusal } from '../../error.ts'
import { refusalBody } from '../../error.ts'

export type FinishReason = 'stop' | 'length' | 'tool_calls'

interface TokenCounts {
  promptTokens: number
  completionTokens: number
  reasoningTokens: number
}

/** How likely one written token was, and which others were. Natural logarithms. */
export interface TokenLogprob {
  token: string
  logprob: number
  top: Array<{ token: string; logprob: number }>
}

export interface AnswerShape {
  kind: 'chat' | 'completion'
  model: string
  stream: boolean
  includeUsage: boolean
}

/** Receives what a model writes, and gives it out in OpenAI's shape, whole or as a stream of events. */
export interface Answer {
  text(text: string, logprobs?: TokenLogprob[]): void
  reasoning(text: string): void
  toolCall(name: string, json: string): void
  finish(reason: FinishReason, counts: TokenCounts): void
}

export function createAnswer(shape: AnswerShape, out: Outlet): Answer {
  return shape.stream ? new StreamedAnswer(shape, out) : new WholeAnswer(shape, out)
}

/** Hands bytes to the callee while it wants them. Otherwise they wait: a text is never large. */
export class Outlet {
  headSent = false
  private readonly events: BackendEvents
  private readonly waiting: Uint8Array[] = []
  private paused = false
  private ending = false

  constructor(events: BackendEvents) {
    this.events = events
  }

  head(status: number, contentType: string): void {
    this.headSent = true
    this.events.head(status, [['content-type', contentType]])
  }

  write(text: string): void {
    const bytes = Buffer.from(text)
    if (this.paused) this.waiting.push(bytes)
    else this.paused = !this.events.data(bytes)
  }

  end(): void {
    this.ending = true
    if (!this.paused) this.events.end()
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    while (!this.paused) {
      const bytes = this.waiting.shift()
      if (bytes === undefined) break
      this.paused = !this.events.data(bytes)
    }
    if (this.ending && !this.paused) this.events.end()
  }

  refuse(refusal: Refusal): void {
    this.head(refusal.status, 'application/json')
    this.write(Buffer.from(refusalBody(refusal)).toString())
    this.end()
  }

  json(value: unknown): void {
    this.head(200, 'application/json')
    this.write(JSON.stringify(value))
    this.end()
  }
}

class WholeAnswer implements Answer {
  private readonly shape: AnswerShape
  private readonly out: Outlet
  private content = ''
  private thoughts = ''
  private readonly logprobs: TokenLogprob[] = []
  private readonly calls: unknown[] = []

  constructor(shape: AnswerShape, out: Outlet) {
    this.shape = shape
    this.out = out
  }

  text(text: string, logprobs: TokenLogprob[] = []): void {
    this.content += text
    this.logprobs.push(...logprobs)
  }

  reasoning(text: string): void {
    this.thoughts += text
  }

  toolCall(name: string, json: string): void {
    this.calls.push(toolCallJson(name, json))
  }

  finish(reason: FinishReason, counts: TokenCounts): void {
    const { kind } = this.shape
    const logprobs = this.logprobs.length === 0 ? null : logprobsJson(kind, this.logprobs, 0)
    const choice =
      kind === 'completion'
        ? { index: 0, text: this.content, logprobs, finish_reason: reason }
        : { index: 0, message: this.message(), logprobs, finish_reason: reason }
    this.out.json({ ...identity(this.shape), choices: [choice], usage: usageJson(counts) })
  }

  private message(): Record<string, unknown> {
    return {
      role: 'assistant',
      content: this.content === '' && this.calls.length > 0 ? null : this.content,
      ...(this.thoughts === '' ? {} : { reasoning_content: this.thoughts }),
      ...(this.calls.length === 0 ? {} : { tool_calls: this.calls }),
    }
  }
}

class StreamedAnswer implements Answer {
  private readonly shape: AnswerShape
  private readonly out: Outlet
  private readonly prefix: string
  private readonly identity: string
  private textOffset = 0
  private calls = 0

  constructor(shape: AnswerShape, out: Outlet) {
    this.shape = shape
    this.out = out
    this.identity = JSON.stringify(identity(shape)).slice(0, -1)
    this.prefix = `data: ${this.identity},"choices":[{"index":0,`
  }

  text(text: string, logprobs: TokenLogprob[] = []): void {
    const { kind } = this.shape
    const field =
      kind === 'completion' ? `"text":${JSON.stringify(text)}` : `"delta":{"content":${JSON.stringify(text)}}`
    const likely = logprobs.length === 0 ? null : logprobsJson(kind, logprobs, this.textOffset)
    this.textOffset += text.length
    this.part(`${field},"logprobs":${JSON.stringify(likely)}`, null)
  }

  reasoning(text: string): void {
    this.part(`"delta":{"reasoning_content":${JSON.stringify(text)}}`, null)
  }

  toolCall(name: string, json: string): void {
    const call = { index: this.calls++, ...toolCallJson(name, json) }
    this.part(`"delta":{"tool_calls":[${JSON.stringify(call)}]}`, null)
  }

  finish(reason: FinishReason, counts: TokenCounts): void {
    this.part(this.shape.kind === 'completion' ? '"text":""' : '"delta":{}', reason)
    const usage = this.shape.includeUsage
      ? `data: ${this.identity},"choices":[],"usage":${JSON.stringify(usageJson(counts))}}\n\n`
      : ''
    this.out.write(`${usage}data: [DONE]\n\n`)
    this.out.end()
  }

  private part(fields: string, reason: FinishReason | null): void {
    if (!this.out.headSent) {
      this.out.head(200, 'text/event-stream')
      if (this.shape.kind === 'chat') this.part('"delta":{"role":"assistant","content":""}', null)
    }
    this.out.write(`${this.prefix}${fields},"finish_reason":${JSON.stringify(reason)}}]}\n\n`)
  }
}

function identity(shape: AnswerShape): Record<string, unknown> {
  const chat = shape.kind === 'chat'
  return {
    id: `${chat ? 'chatcmpl' : 'cmpl'}-${randomBytes(12).toString('hex')}`,
    object: chat ? `chat.completion${shape.stream ? '.chunk' : ''}` : 'text_completion',
    created: Math.floor(Date.now() / 1000),
    model: shape.model,
  }
}

function toolCallJson(name: string, json: string): Record<string, unknown> {
  return {
    id: `call_${randomBytes(12).toString('hex')}`,
    type: 'function',
    function: { name, arguments: json },
  }
}

function usageJson(counts: TokenCounts): Record<string, unknown> {
  return {
    prompt_tokens: counts.promptTokens,
    completion_tokens: counts.completionTokens,
    total_tokens: counts.promptTokens + counts.completionTokens,
    completion_tokens_details: { reasoning_tokens: counts.reasoningTokens },
  }
}

function logprobsJson(kind: AnswerShape['kind'], logprobs: TokenLogprob[], textOffset: number): unknown {
  if (kind === 'chat') {
    const entry = (token: string, logprob: number) => ({ token, logprob, bytes: [...Buffer.from(token)] })
    return {
      content: logprobs.map(({ token, logprob, top }) => ({
        ...entry(token, logprob),
        top_logprobs: top.map(other => entry(other.token, other.logprob)),
      })),
    }
  }
  let offset = textOffset
  return {
    tokens: logprobs.map(({ token }) => token),
    token_logprobs: logprobs.map(({ logprob }) => logprob),
    top_logprobs: logprobs.map(({ top }) =>
      Object.fromEntries(top.map(({ token, logprob }) => [token, logprob])),
    ),
    text_offset: logprobs.map(({ token }) => {
      const start = offset
      offset += token.length
      return start
    }),
  }
}
