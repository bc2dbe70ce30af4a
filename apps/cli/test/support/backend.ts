import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server with OpenAI's interface that gives the same answer to everything. */
export interface TestBackend extends AsyncDisposable {
  readonly address: string
  readonly url: string
  /** From now on answers wait until the returned function is called. Resolves once one waits. */
  hold(): { readonly reached: Promise<void>; release(): void }
}

export const backendModel = 'test/parrot'
export const backendAnswer = 'Hello from the backend.'

/** `usage` false makes it a server that never says how many tokens it used. */
export async function startBackend(options: { usage?: boolean; model?: string } = {}): Promise<TestBackend> {
  const { model = backendModel } = options
  const usage =
    options.usage === false ? undefined : { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 }
  let held: { reached: () => void; released: Promise<void> } | undefined
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      if (request.url === '/v1/models') {
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify({ object: 'list', data: [{ id: model, object: 'model' }] }))
      } else if (request.url === '/v1/chat/completions') {
        held?.reached()
        await held?.released
        const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { stream?: boolean }
        if (body.stream) {
          response.setHeader('content-type', 'text/event-stream')
          response.end(streamOf(usage))
        } else {
          response.setHeader('content-type', 'application/json')
          const message = { role: 'assistant', content: backendAnswer }
          const choices = [{ index: 0, message, finish_reason: 'stop' }]
          response.end(
            JSON.stringify({ id: '1', object: 'chat.completion', model: backendModel, choices, usage }),
          )
        }
      } else {
        response.statusCode = 404
        response.end()
      }
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    address,
    url: `http://${address}`,
    hold: () => {
      const reached = Promise.withResolvers<void>()
      const released = Promise.withResolvers<void>()
      held = { reached: reached.resolve, released: released.promise }
      return { reached: reached.promise, release: released.resolve }
    },
    [Symbol.asyncDispose]: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function streamOf(usage: unknown): string {
  const chunk = (fields: object): string =>
    `data: ${JSON.stringify({ id: '1', object: 'chat.completion.chunk', model: backendModel, ...fields })}\n\n`
  const words = backendAnswer.match(/\S+\s*/g) ?? []
  const texts = words.map(content => chunk({ choices: [{ index: 0, delta: { content } }] }))
  const end = chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
  const last = usage === undefined ? '' : chunk({ choices: [], usage })
  return `${texts.join('')}${end}${last}data: [DONE]\n\n`
}
