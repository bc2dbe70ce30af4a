import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHttpBackend } from '../../src/backend/http.ts'
import type { HttpBackendOptions } from '../../src/backend/http.ts'
import type { BackendRequest } from '../../src/backend.ts'
import type { WorkerError } from '../../src/error.ts'

export type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void

/** A server on this machine and a backend for it, for the time of `use`. */
export async function serving(
  handler: Handler,
  use: (backend: ReturnType<typeof createHttpBackend>, server: Server) => Promise<void>,
  options: Partial<HttpBackendOptions> & { path?: string } = {},
): Promise<void> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => handler(request, response, Buffer.concat(chunks).toString()))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { path = '', ...rest } = options
  const backend = createHttpBackend({ url: `http://127.0.0.1:${port}${path}`, ...rest })
  try {
    await use(backend, server)
  } finally {
    await backend.close()
    server.closeAllConnections()
    server.close()
  }
}

export interface Answer {
  status: number
  headers: Array<[string, string]>
  body: string
  error: WorkerError | undefined
}

export function request(
  json: Record<string, unknown> = { a: 1 },
  more: Partial<BackendRequest> = {},
): BackendRequest {
  const body = Buffer.from(JSON.stringify(json))
  return { path: '/v1/chat/completions', body, json, timeoutMs: 10_000, ...more }
}

export function ask(backend: ReturnType<typeof createHttpBackend>, what = request()): Promise<Answer> {
  return new Promise(resolve => {
    const answer: Answer = { status: 0, headers: [], body: '', error: undefined }
    backend.run(what, {
      head: (status, headers) => Object.assign(answer, { status, headers }),
      data: bytes => {
        answer.body += Buffer.from(bytes).toString()
        return true
      },
      end: () => resolve(answer),
      failed: error => resolve({ ...answer, error: error as WorkerError }),
    })
  })
}

export const json = (response: ServerResponse, body: unknown, status = 200) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
