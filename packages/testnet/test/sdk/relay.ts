import { createServer, type IncomingMessage, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One request that passed, and its answer, byte by byte. */
export interface Passed {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
  status: number
  answer: Buffer
}

/** What a relay does to what passes. What it is not given passes as it is. */
export interface Tampering {
  offers?(json: Record<string, unknown>): unknown
  evidence?(bytes: Buffer): Buffer
  /** Frames of a sealed answer, without their lengths. Answers are held until their end. */
  frames?(frames: Buffer[], attempt: number): Buffer[]
  /** The body of a sealed answer, as it was made of the frames. */
  body?(bytes: Buffer): Buffer
}

/** An HTTP server between a caller and an endpoint, which sees and may change everything. */
export interface Relay extends AsyncDisposable {
  readonly baseURL: string
  readonly passed: Passed[]
  tampering: Tampering
  /** Extra paths of its own. */
  serve: ((path: string) => { readonly type: string; readonly text: string } | undefined) | undefined
}

export async function startRelay(target: string, tampering: Tampering = {}): Promise<Relay> {
  const passed: Passed[] = []
  const to = new URL(target)
  let sealed = 0
  const server = createServer((request, response) => {
    const own = relay.serve?.(request.url ?? '')
    if (own !== undefined) return response.writeHead(200, { 'content-type': own.type }).end(own.text)
    void bodyOf(request).then(body => {
      const one: Passed = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body,
        status: 0,
        answer: Buffer.alloc(0),
      }
      passed.push(one)
      const { host: _host, ...headers } = request.headers
      const onward = httpRequest(
        { host: to.hostname, port: to.port, method: one.method, path: one.path, headers },
        answer => {
          one.status = answer.statusCode ?? 0
          const change = changeFor(relay.tampering, one)
          const heads = { ...answer.headers }
          if (change !== undefined) delete heads['content-length']
          response.writeHead(one.status, heads)
          answer.on('data', (bytes: Buffer) => {
            one.answer = Buffer.concat([one.answer, bytes])
            if (change === undefined) response.write(bytes)
          })
          answer.on('end', () => response.end(change?.(one.answer)))
          answer.on('error', () => response.destroy())
        },
      )
      onward.on('error', () => response.destroy())
      response.on('close', () => onward.destroy())
      onward.end(body)
    })
  })
  const changeFor = (
    tampering: Tampering,
    { path, status }: Passed,
  ): ((bytes: Buffer) => Buffer) | undefined => {
    if (status !== 200) return undefined
    const { offers, evidence, frames, body } = tampering
    if (path.startsWith('/v1/cocoon/offers') && offers) {
      return bytes =>
        Buffer.from(JSON.stringify(offers(JSON.parse(bytes.toString()) as Record<string, unknown>)))
    }
    if (path.startsWith('/v1/cocoon/identities/')) return evidence
    if (path !== '/v1/cocoon/sealed' || !(frames ?? body)) return undefined
    const attempt = sealed++
    return bytes => {
      const all = frames === undefined ? bytes : joinFrames(frames(splitFrames(bytes), attempt))
      return body === undefined ? all : body(all)
    }
  }
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const relay: Relay = {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    passed,
    tampering,
    serve: undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
  return relay
}

export function splitFrames(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt32LE(at)
    frames.push(bytes.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return frames
}

export function joinFrames(frames: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    frames.flatMap(frame => {
      const length = Buffer.alloc(4)
      length.writeUInt32LE(frame.length)
      return [length, frame]
    }),
  )
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}
