import { Agent, request as httpRequest } from 'node:http'
import { check } from '../error.ts'
import { type SoakText, soakModel } from './model-server.ts'

/** Kinds of request, and how many of a hundred are of each. */
const mix = { whole: 50, stream: 30, hangUp: 8, failure: 6, tooCheap: 3, unknownModel: 3 } as const

export type Kind = keyof typeof mix

/** What came of one request. */
export interface Answer {
  kind: Kind
  /** Nanotons, as the answer states them. */
  costNano: bigint
}

/** In an order that repeats, so that every run of the soak asks the same. */
export function kindOf(index: number): Kind {
  let left = (index * 37) % 100
  for (const [kind, share] of Object.entries(mix) as Array<[Kind, number]>)
    if ((left -= share) < 0) return kind
  return 'whole'
}

/** Asks an endpoint, and holds every answer against what was asked for. */
export class SoakCaller {
  readonly #port: number
  readonly #agent: Agent

  constructor(port: number, connections: number) {
    this.#port = port
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
  }

  /** Rejects with `TestnetError('check-failed')` on an answer that is not the right one. */
  async ask(index: number): Promise<Answer> {
    const kind = kindOf(index)
    const words = `answer ${index} to all questions`
    const { status, body } = await this.#post(kind, words)
    let costNano = 0n
    if (kind === 'whole' || kind === 'stream') {
      check(status === 200, `Request ${index} (${kind}) got status ${status}: ${body}`)
      check(textOf(kind, body) === words, `Request ${index} (${kind}) got another's answer: ${body}`)
      costNano = BigInt(/"total_cost":(\d+)/.exec(body)?.[1] ?? 0)
      check(costNano > 0n, `Request ${index} (${kind}) cost nothing: ${body}`)
    } else if (kind !== 'hangUp') {
      const expected = kind === 'unknownModel' ? 404 : 400
      check(
        status === expected && body.includes('"error"'),
        `Request ${index} (${kind}) got status ${status}: ${body}`,
      )
    }
    return { kind, costNano }
  }

  close(): void {
    this.#agent.destroy()
  }

  #post(kind: Kind, words: string): Promise<{ status: number; body: string }> {
    const what = kind === 'failure' ? 'fail' : kind === 'hangUp' ? 'linger' : 'say'
    const content: SoakText = `${what} ${words}`
    const payload = JSON.stringify({
      model: kind === 'unknownModel' ? 'nobody/has-it' : soakModel,
      stream: kind === 'stream' || kind === 'hangUp',
      max_tokens: 100,
      messages: [{ role: 'user', content }],
      ...(kind === 'tooCheap' && { max_coefficient: 1 }),
    })
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        {
          host: '127.0.0.1',
          port: this.#port,
          path: '/v1/chat/completions',
          method: 'POST',
          agent: this.#agent,
          headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) },
        },
        response => {
          const pieces: Buffer[] = []
          const end = (): void =>
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces).toString() })
          response.on('data', (piece: Buffer) => {
            pieces.push(piece)
            if (kind !== 'hangUp') return
            request.destroy()
            end()
          })
          response.once('end', end)
          response.once('error', kind === 'hangUp' ? end : reject)
        },
      )
      request.once('error', error => (kind === 'hangUp' ? resolve({ status: 0, body: '' }) : reject(error)))
      request.end(payload)
    })
  }
}

function textOf(kind: 'whole' | 'stream', body: string): string {
  if (kind === 'whole') {
    return (
      (JSON.parse(body) as { choices: Array<{ message: { content: string } }> }).choices[0]?.message
        .content ?? ''
    )
  }
  const words: string[] = []
  for (const line of body.split('\n\n')) {
    if (!line.startsWith('data: {')) continue
    const chunk = JSON.parse(line.slice(6)) as { choices: Array<{ delta: { content?: string } }> }
    const word = chunk.choices[0]?.delta.content
    if (word !== undefined) words.push(word)
  }
  return words.join(' ')
}
