import type { AnswerSummary, Network, Protection, Query, Run } from '@cocoon/client/role'

/** A query and what has come of it so far. */
export interface Asked {
  status: number | undefined
  headers: Array<[string, string]>
  text: string
  ended:
    | { kind: 'end'; tokens: bigint; proxy: string | undefined }
    | { kind: 'failed'; code: string; tokens: bigint }
    | undefined
  summary: AnswerSummary | undefined
  protection: Protection | undefined
  cancel(): void
}

/** Asks the way an endpoint does. */
export function ask(network: Network, change: Partial<Omit<Query, 'body'>> & { body?: object } = {}): Asked {
  const { body = {}, ...rest } = change
  const messages = [{ role: 'user', content: 'Hi' }]
  const maxTokens = change.maxTokens ?? 1_000
  const json = 'messages' in body ? body : { model: 'test/model', max_tokens: maxTokens, messages, ...body }
  const asked: Asked = {
    status: undefined,
    headers: [],
    text: '',
    ended: undefined,
    summary: undefined,
    protection: undefined,
    cancel: () => run.cancel(),
  }
  const run: Run = network.run(
    {
      model: 'test/model',
      path: '/v1/chat/completions',
      maxCoefficient: 4_000,
      maxTokens,
      timeoutMs: 60_000,
      enableDebug: false,
      ...rest,
      body: Buffer.from(JSON.stringify(json)),
    },
    {
      head: (status, headers, protection) => {
        asked.protection = protection
        asked.status = status
        asked.headers = headers
      },
      data: bytes => {
        asked.text += Buffer.from(bytes).toString()
      },
      end: summary => {
        asked.summary = summary
        asked.ended = { kind: 'end', tokens: summary.tokens, proxy: summary.proxy }
      },
      failed: (error, summary) => {
        asked.summary = summary
        asked.ended = {
          kind: 'failed',
          code: (error as { code?: string }).code ?? error.name,
          tokens: summary.tokens,
        }
      },
    },
  )
  return asked
}
