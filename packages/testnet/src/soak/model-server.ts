import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A model server over HTTP that answers at once what the request's text tells it to. */
export interface ModelServer extends AsyncDisposable {
  readonly url: string
  /** Requests being answered. */
  readonly running: number
}

export const soakModel = 'soak'

/** What a soak request has for its text: what to do, then the words to answer with. */
export type SoakText = `${'say' | 'fail' | 'linger'} ${string}`

export const soakUsage = { prompt_tokens: 20, completion_tokens: 10, total_tokens: 30 }
/** Pieces of a stream that lingers, and the time between two of them. */
const lingerPieces = 50
const lingerMs = 20

export async function startModelServer(): Promise<ModelServer> {
  let running = 0
  const server = createServer((request, response) => {
    running++
    response.once('close', () => running--)
    answer(request, response).catch(() => response.destroy())
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get running() {
      return running
    },
    [Symbol.asyncDispose]: () => close(server),
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/v1/models') return void json(response, 200, { data: [{ id: soakModel }] })
  const body = await read(request)
  const { stream, messages } = JSON.parse(body) as { stream?: boolean; messages: Array<{ content: string }> }
  const text = messages[0]?.content ?? ''
  const what = text.slice(0, text.indexOf(' '))
  const words = text.slice(what.length + 1)
  if (what === 'fail') return void json(response, 400, { error: { message: 'refused as asked' } })
  if (stream !== true) {
    const choices = [{ index: 0, message: { role: 'assistant', content: words }, finish_reason: 'stop' }]
    return void json(response, 200, { id: 'soak', object: 'chat.completion', choices, usage: soakUsage })
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  if (what === 'linger') await linger(response)
  for (const word of words.split(' ')) response.write(delta(word))
  response.end(event({ choices: [], usage: soakUsage }) + 'data: [DONE]\n\n')
}

/** A stream that nobody waits for to end. */
async function linger(response: ServerResponse): Promise<void> {
  for (let left = lingerPieces; left > 0 && !response.destroyed; left--) {
    response.write(delta('wait'))
    await new Promise(resolve => setTimeout(resolve, lingerMs))
  }
}

function delta(content: string): string {
  return event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })
}

function event(chunk: object): string {
  return `data: ${JSON.stringify({ id: 'soak', object: 'chat.completion.chunk', ...chunk })}\n\n`
}

function json(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

async function read(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString()
}

function close(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
