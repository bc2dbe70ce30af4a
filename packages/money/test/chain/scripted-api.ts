import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ScriptedCall {
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  readonly headers: IncomingHttpHeaders
}

export interface ScriptedAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** What is sent as it is; otherwise `result` in its envelope. */
  readonly body?: string | Buffer
  readonly result?: unknown
}

/** An HTTP API that says what a test tells it to. */
export class ScriptedApi implements AsyncDisposable {
  readonly calls: ScriptedCall[] = []
  readonly url: string
  /** Undefined: the connection is closed. Never: nothing comes. */
  answer: (call: ScriptedCall) => ScriptedAnswer | undefined | 'never' = () => undefined
  readonly #close: () => Promise<void>

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url
    this.#close = close
  }

  static async start(): Promise<ScriptedApi> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { method, params } = JSON.parse(Buffer.concat(chunks).toString()) as ScriptedCall
        const call = { method, params, headers: request.headers }
        api.calls.push(call)
        const answer = api.answer(call)
        if (answer === 'never') return
        if (answer === undefined) {
          request.socket.destroy()
          return
        }
        response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers })
        response.end(
          answer.body ?? JSON.stringify({ ok: true, result: answer.result, jsonrpc: '2.0', id: '1' }),
        )
      })
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const api = new ScriptedApi(
      `http://127.0.0.1:${port}/api/v2/jsonRPC`,
      () =>
        new Promise(resolve => {
          server.close(() => resolve())
          server.closeAllConnections()
        }),
    )
    return api
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close()
  }
}
