import {
  type Backend,
  type BackendEvents,
  type BackendModel,
  type BackendRequest,
  type BackendRun,
  WorkerError,
} from '@cocoon/worker'

/** One request that reached a scripted backend, and the means to answer it. */
export interface BackendCall {
  readonly request: BackendRequest
  readonly events: BackendEvents
  readonly isCancelled: boolean
  /** Paused: the last `data` returned false and nobody has resumed yet. */
  readonly isPaused: boolean
}

export type BackendScript = (call: BackendCall) => void

export interface StatedUsage {
  prompt?: number
  cached?: number
  completion?: number
  reasoning?: number
}

/** A backend that answers in the turn of the request as its script says, and keeps what it was asked. */
export class ScriptedBackend implements Backend {
  readonly name = 'script'
  readonly calls: BackendCall[] = []
  script: BackendScript
  /** Away: the health check fails. */
  down = false
  /** Requests that have not ended. */
  running = 0
  readonly #model: string

  constructor(script: BackendScript = wholeAnswer('Hello'), model = 'test/model') {
    this.script = script
    this.#model = model
  }

  async models(): Promise<BackendModel[]> {
    if (this.down) throw new WorkerError('backend-unreachable', 'the script says that it is away')
    return [{ id: this.#model }]
  }

  run(request: BackendRequest, events: BackendEvents): BackendRun {
    const call = new ScriptedCall(request, events, () => this.running--)
    this.running++
    this.calls.push(call)
    this.script(call)
    return call
  }

  async close(): Promise<void> {}
}

class ScriptedCall implements BackendCall, BackendRun {
  readonly request: BackendRequest
  readonly events: BackendEvents
  isCancelled = false
  isPaused = false
  #ended = false

  constructor(request: BackendRequest, events: BackendEvents, over: () => void) {
    this.request = request
    const end = (tell: () => void): void => {
      if (this.#ended) return
      this.#ended = true
      over()
      tell()
    }
    this.events = {
      head: (status, headers) => {
        if (!this.#ended) events.head(status, headers)
      },
      data: bytes => {
        if (!this.#ended) this.isPaused = !events.data(bytes)
        return !this.isPaused
      },
      end: () => end(() => events.end()),
      failed: error => end(() => events.failed(error)),
    }
  }

  resume(): void {
    this.isPaused = false
  }

  cancel(): void {
    if (this.isCancelled) return
    this.isCancelled = true
    queueMicrotask(() => this.events.failed(new WorkerError('cancelled', 'the request was cancelled')))
  }
}

/** A chat completion in one piece. */
export function wholeAnswer(content: string, usage: StatedUsage = {}, status = 200): BackendScript {
  return ({ events }) => {
    events.head(status, [['content-type', 'application/json']])
    const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }]
    events.data(jsonBytes({ id: 'chatcmpl-1', object: 'chat.completion', choices, usage: usageJson(usage) }))
    events.end()
  }
}

/** A chat completion as server-sent events, a word each. */
export function streamedAnswer(words: readonly string[], usage: StatedUsage = {}): BackendScript {
  return ({ events }) => {
    events.head(200, [['content-type', 'text/event-stream']])
    for (const word of words) events.data(wordEvent(word))
    events.data(eventOf({ choices: [], usage: usageJson({ completion: words.length, ...usage }) }))
    events.data(Buffer.from('data: [DONE]\n\n'))
    events.end()
  }
}

/** One event of a stream with a piece of text in it. */
export function wordEvent(word: string): Uint8Array {
  return eventOf({ choices: [{ index: 0, delta: { content: word }, finish_reason: null }] })
}

/** Never answers. */
export const silence: BackendScript = () => {}

function eventOf(chunk: object): Uint8Array {
  const json = JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', ...chunk })
  return Buffer.from(`data: ${json}\n\n`)
}

function usageJson({ prompt = 10, cached = 0, completion = 5, reasoning = 0 }: StatedUsage): object {
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: reasoning },
  }
}

function jsonBytes(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}
