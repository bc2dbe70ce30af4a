import { ClientError } from '../error.ts'
import type { QueryKind } from '../query-fields.ts'

/** Longest event of an answer, characters. */
const maxEventLength = 8 << 20

/**
 * The data of each event of a `text/event-stream`, in order; comments are left out. An event whose end has not come
 * when the body ends is not given.
 */
export async function* readEvents<End>(body: AsyncIterator<Uint8Array, End>): AsyncGenerator<string, End> {
  const decoder = new TextDecoder()
  let held = ''
  let data: string[] = []
  for (;;) {
    const next = await body.next()
    held += next.done === true ? decoder.decode() : decoder.decode(next.value, { stream: true })
    if (held.length > maxEventLength) {
      throw new ClientError('answer-invalid', 'An event of the answer is longer than this client holds.')
    }
    for (let end = held.indexOf('\n'); end >= 0; end = held.indexOf('\n')) {
      const line = held.slice(0, held[end - 1] === '\r' ? end - 1 : end)
      held = held.slice(end + 1)
      if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5))
      if (line !== '' || data.length === 0) continue
      yield data.join('\n')
      data = []
    }
    if (next.done === true) return next.value
  }
}

/** What stands for the end of an event stream. */
export const done = '[DONE]'

/**
 * A chunk of an answer. An event without choices, which says what was used, gets one that says nothing where its
 * caller did not ask for it: callers read the first choice of each. Throws where it is an error instead.
 */
export function readChunk(data: string, kind: QueryKind, fillsChoices: boolean): Record<string, unknown> {
  const chunk = parsed(data)
  const { choices, error } = chunk
  if (typeof error === 'object' && error !== null) {
    const { message } = error as { message?: unknown }
    throw new ClientError('upstream', `The worker failed: ${String(message).slice(0, 300)}`)
  }
  if (fillsChoices && Array.isArray(choices) && choices.length === 0) {
    chunk['choices'] = [kind === 'chat' ? emptyChatChoice() : emptyCompletionChoice()]
  }
  return chunk
}

function parsed(data: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(data)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // Said below, without quoting the text.
  }
  throw new ClientError('answer-invalid', 'An event of the answer is no JSON object.')
}

const emptyChatChoice = (): object => ({ index: 0, delta: {}, finish_reason: null })
const emptyCompletionChoice = (): object => ({ index: 0, text: '', logprobs: null, finish_reason: null })
