import { createServer, type Socket } from 'node:net'
import { benchModel } from './scenarios.ts'

/**
 * A model server that costs next to nothing: OpenAI's shapes from prepared bytes, over a bare TCP socket. Its
 * port goes to standard output as one line. Fields of the request that it knows besides `stream`:
 * `bench_chunks` (50 if absent) and `bench_interval_ms` (0: all of them at once, in one write).
 */
const server = createServer({ noDelay: true }, socket => new Caller(socket))
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object') console.log(address?.port)
})

const empty: Buffer = Buffer.alloc(0)

/** One connection: requests one after the other, as keep-alive clients send them. */
class Caller {
  readonly #socket: Socket
  #received = empty

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', bytes => this.#data(bytes))
    socket.on('error', () => socket.destroy())
  }

  #data(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes])
    for (;;) {
      const headEnd = this.#received.indexOf('\r\n\r\n')
      if (headEnd < 0) return
      const head = this.#received.toString('latin1', 0, headEnd)
      const bodyBytes = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
      const end = headEnd + 4 + bodyBytes
      if (this.#received.length < end) return
      const body = this.#received.subarray(headEnd + 4, end)
      this.#received = this.#received.subarray(end)
      if (head.startsWith('GET /v1/models ')) this.#socket.write(models)
      else if (head.startsWith('POST /v1/chat/completions ')) this.#answer(body)
      else this.#socket.write(notFound)
    }
  }

  #answer(body: Buffer): void {
    if (!body.includes('"stream":true')) {
      this.#socket.write(answer)
      return
    }
    const chunks = numberIn(body, '"bench_chunks":') ?? 50
    const intervalMs = numberIn(body, '"bench_interval_ms":') ?? 0
    const end = body.includes('"include_usage":true') ? streamEndWithUsage : streamEnd
    if (intervalMs > 0) sendPaced(this.#socket, { chunks, intervalMs, end })
    else this.#socket.write(wholeStream(chunks, end))
  }
}

/** A chunk each interval, stamped with the time it leaves. */
function sendPaced(
  socket: Socket,
  { chunks, intervalMs, end }: { chunks: number; intervalMs: number; end: Buffer },
): void {
  let left = chunks
  const next = (): void => {
    if (socket.destroyed) return clearInterval(timer)
    if (left-- > 0) return void socket.write(stampedChunk())
    clearInterval(timer)
    socket.write(end)
  }
  const timer = setInterval(next, intervalMs)
  socket.write(streamHead)
  next()
}

let prepared: { chunks: number; end: Buffer; bytes: Buffer } | undefined

function wholeStream(chunks: number, end: Buffer): Buffer {
  if (prepared?.chunks !== chunks || prepared.end !== end) {
    const bytes = Buffer.concat([streamHead, ...Array.from({ length: chunks }, () => plainChunk), end])
    prepared = { chunks, end, bytes }
  }
  return prepared.bytes
}

function numberIn(body: Buffer, name: string): number | undefined {
  const at = body.indexOf(name)
  if (at < 0) return undefined
  return Number.parseInt(body.toString('latin1', at + name.length, at + name.length + 10), 10)
}

function httpAnswer(status: string, json: unknown): Buffer {
  const body = JSON.stringify(json)
  return Buffer.from(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
}

/** Server-sent events in one chunk of the chunked transfer encoding. */
function eventChunk(...events: string[]): Buffer {
  const text = events.map(event => `data: ${event}\n\n`).join('')
  return Buffer.from(`${text.length.toString(16)}\r\n${text}\r\n`)
}

function delta(choices: unknown[], usage?: unknown): string {
  const head = {
    id: 'chatcmpl-bench',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: benchModel,
  }
  return JSON.stringify(usage === undefined ? { ...head, choices } : { ...head, choices, usage })
}

function textDelta(content: string): string {
  return delta([{ index: 0, delta: { content }, logprobs: null, finish_reason: null }])
}

/** `@` and 16 digits: microseconds of the machine's monotonic clock, which the load generator reads too. */
function stampedChunk(): Buffer {
  const chunk = Buffer.from(stampTemplate)
  chunk.write(String(process.hrtime.bigint() / 1000n).padStart(16, '0'), stampAt, 'latin1')
  return chunk
}

const models = httpAnswer('200 OK', {
  object: 'list',
  data: [
    { id: benchModel, object: 'model', created: 1_700_000_000, owned_by: 'bench', max_model_len: 131_072 },
  ],
})
const notFound = httpAnswer('404 Not Found', {
  error: { message: 'not found', type: 'invalid_request_error' },
})
const usage = { prompt_tokens: 24, completion_tokens: 16, total_tokens: 40 }
const answer = httpAnswer('200 OK', {
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: benchModel,
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content: 'The quick brown fox jumps over the lazy dog, again and again.',
      },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage,
})
const streamHead = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n',
)
const plainChunk = eventChunk(textDelta(' token'))
const stampTemplate = eventChunk(textDelta(`@${'0'.repeat(16)}`))
const stampAt = stampTemplate.indexOf('@') + 1
const finish = delta([{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }])
const streamUsage = delta([], { prompt_tokens: 24, completion_tokens: 50, total_tokens: 74 })
const lastChunk = '0\r\n\r\n'
const streamEnd = Buffer.concat([eventChunk(finish, '[DONE]'), Buffer.from(lastChunk)])
const streamEndWithUsage = Buffer.concat([eventChunk(finish, streamUsage, '[DONE]'), Buffer.from(lastChunk)])
