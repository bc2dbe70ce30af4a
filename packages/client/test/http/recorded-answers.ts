/** Answers in the form in which OpenAI-compatible servers (vLLM, llama-server) give them. */

const stamp = { id: 'chatcmpl-9f2', created: 1_764_000_000, model: 'tiny' }
const usage = { prompt_tokens: 24, completion_tokens: 9, total_tokens: 33, total_cost: 448 }

export function completion(content: string): object {
  const message = { role: 'assistant', content, refusal: null }
  const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop' }]
  return { ...stamp, object: 'chat.completion', choices, usage }
}

export const toolCall = {
  id: 'call_a1b2',
  type: 'function',
  function: { name: 'weather', arguments: '{"city": "Köln"}' },
}

export const toolCompletion = {
  ...stamp,
  object: 'chat.completion',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: null, tool_calls: [toolCall] },
      logprobs: null,
      finish_reason: 'tool_calls',
    },
  ],
  usage,
}

export function chunk(delta: object, finishReason: string | null = null): object {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }]
  return { ...stamp, object: 'chat.completion.chunk', choices }
}

export const usageChunk = { ...stamp, object: 'chat.completion.chunk', choices: [], usage }

/** A streamed answer word by word, with the usage event that the network asks every backend for. */
export function chunks(words: string[]): object[] {
  const deltas = words.map(content => chunk({ content }))
  return [chunk({ role: 'assistant', content: '' }), ...deltas, chunk({}, 'stop'), usageChunk]
}

const call = (index: number, fields: object): object => chunk({ tool_calls: [{ index, ...fields }] })

export const toolChunks = [
  chunk({ role: 'assistant', content: null }),
  call(0, { id: toolCall.id, type: 'function', function: { name: 'weather', arguments: '' } }),
  call(0, { function: { arguments: '{"city"' } }),
  call(0, { function: { arguments: ': "Köln"}' } }),
  chunk({}, 'tool_calls'),
  usageChunk,
]

export const textCompletion = {
  ...stamp,
  object: 'text_completion',
  choices: [{ index: 0, text: ' upon a time', logprobs: null, finish_reason: 'length' }],
  usage,
}

export const textChunks = [
  {
    ...stamp,
    object: 'text_completion',
    choices: [{ index: 0, text: ' upon', logprobs: null, finish_reason: null }],
  },
  {
    ...stamp,
    object: 'text_completion',
    choices: [{ index: 0, text: '', logprobs: null, finish_reason: 'length' }],
  },
  { ...stamp, object: 'text_completion', choices: [], usage },
]

export function embeddings(vectors: number[][]): object {
  const data = vectors.map((embedding, index) => ({ object: 'embedding', index, embedding }))
  return { object: 'list', data, model: 'tiny', usage: { prompt_tokens: 4, total_tokens: 4 } }
}
