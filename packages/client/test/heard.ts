import type { AnswerEvents, AnswerSummary, Query } from '../src/role.ts'

/** What a caller was told of one query. */
export class Heard implements AnswerEvents {
  status: number | undefined
  headers: Array<[string, string]> = []
  text = ''
  summary: AnswerSummary | undefined
  error: Error | undefined
  ends = 0

  head(status: number, headers: Array<[string, string]>): void {
    if (this.status !== undefined || this.ends > 0) throw new Error('A head out of its order')
    this.status = status
    this.headers = headers
  }

  data(bytes: Uint8Array): void {
    if (this.status === undefined || this.ends > 0) throw new Error('Data out of their order')
    this.text += Buffer.from(bytes).toString()
  }

  end(summary: AnswerSummary): void {
    this.ends++
    this.summary = summary
  }

  failed(error: Error, summary: AnswerSummary): void {
    this.ends++
    this.error = error
    this.summary = summary
  }

  /** The code of the one end that there was. */
  get code(): string | undefined {
    if (this.ends !== 1) throw new Error(`${this.ends} ends`)
    return (this.error as { code?: string } | undefined)?.code
  }
}

export function queryOf(changes: Partial<Query> = {}): Query {
  return {
    model: 'acme/chat',
    path: '/v1/chat/completions',
    body: Buffer.from('{"model":"acme/chat"}'),
    maxCoefficient: 4000,
    maxTokens: 1000,
    timeoutMs: 60_000,
    enableDebug: false,
    ...changes,
  }
}
