import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readTask } from '../../../src/backend/llama/task.ts'
import type { ChatTask, CompletionTask, EmbeddingTask } from '../../../src/backend/llama/task.ts'
import { WorkerError } from '../../../src/error.ts'

const messages = [{ role: 'user', content: 'hi' }]
const chat = (fields: object = {}) =>
  readTask('/v1/chat/completions', { model: 'm', messages, ...fields }) as ChatTask
const completion = (fields: object) =>
  readTask('/v1/completions', { model: 'm', ...fields }) as CompletionTask
const embedding = (fields: object) => readTask('/v1/embeddings', { model: 'm', ...fields }) as EmbeddingTask

const paramOf = (read: () => unknown): string | null => {
  try {
    read()
  } catch (error) {
    assert.ok(error instanceof WorkerError)
    return error.refusal?.error.param ?? null
  }
  return assert.fail('was not refused')
}

describe('a conversation', () => {
  test('as it is said most simply', () => {
    const { history, sampling, ...task } = chat({ max_tokens: 5 })
    assert.deepEqual(history, [
      { type: 'user', text: 'hi' },
      { type: 'model', response: [] },
    ])
    const { seed, ...rest } = sampling
    assert.ok(Number.isInteger(seed) && seed >= 0)
    assert.deepEqual(rest, {
      temperature: 0.8,
      topP: 0.95,
      topK: 40,
      minP: 0.05,
      frequencyPenalty: 0,
      presencePenalty: 0,
    })
    assert.deepEqual(task, {
      kind: 'chat',
      model: 'm',
      stream: false,
      includeUsage: false,
      maxTokens: 5,
      stop: [],
      topLogprobs: undefined,
      functions: undefined,
      toolChoice: 'auto',
      parallelCalls: true,
      format: 'text',
      thinks: true,
    })
  })

  test('with all its settings', () => {
    const task = chat({
      max_tokens: 5,
      max_completion_tokens: 9,
      stream: true,
      stream_options: { include_usage: true },
      stop: 'end',
      temperature: 0,
      seed: -7,
      presence_penalty: 1,
      logprobs: true,
      reasoning_effort: 'none',
      parallel_tool_calls: false,
    })
    assert.deepEqual([task.maxTokens, task.stream, task.includeUsage, task.stop], [9, true, true, ['end']])
    assert.deepEqual(
      [task.sampling.temperature, task.sampling.seed, task.sampling.presencePenalty],
      [0, 7, 1],
    )
    assert.deepEqual([task.topLogprobs, task.thinks, task.parallelCalls], [0, false, false])
    assert.equal(chat({ chat_template_kwargs: { enable_thinking: false } }).thinks, false)
  })

  test('roles, and content in parts', () => {
    const parts = [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ]
    const { history } = chat({
      messages: [
        { role: 'developer', content: 'brief' },
        { role: 'user', content: parts },
        { role: 'assistant', content: 'c' },
      ],
    })
    assert.deepEqual(history, [
      { type: 'system', text: 'brief' },
      { type: 'user', text: 'ab' },
      { type: 'model', response: ['c'] },
      { type: 'model', response: [] },
    ])
  })

  test('calls and their answers belong to one turn', () => {
    const call = (id: string) => ({ id, type: 'function', function: { name: 'f', arguments: '{"a":1}' } })
    const said = { role: 'assistant', content: 'let me see', tool_calls: [call('1'), call('2')] }
    const answers = [
      { role: 'tool', tool_call_id: '2', content: 'sunny' },
      { role: 'tool', tool_call_id: '1', content: '{"c":20}' },
    ]
    const item = (result: unknown) => ({ type: 'functionCall', name: 'f', params: { a: 1 }, result })
    const turn = { type: 'model', response: ['let me see', item({ c: 20 }), item('sunny')] }
    const open = chat({ messages: [...messages, said, ...answers] })
    assert.deepEqual(open.history.slice(1), [turn])
    const closed = chat({
      messages: [...messages, said, ...answers, { role: 'assistant', content: '20' }, ...messages],
    })
    assert.deepEqual(closed.history.slice(1), [
      { ...turn, response: [...turn.response, '20'] },
      { type: 'user', text: 'hi' },
      { type: 'model', response: [] },
    ])
    for (const bad of [
      [said],
      [said, ...messages],
      [said, answers[0]],
      [answers[0]],
      [said, answers[0], answers[0]],
    ])
      assert.equal(
        paramOf(() => chat({ messages: [...messages, ...bad] })),
        'messages',
      )
  })

  const tool = (name: unknown, parameters?: unknown) => ({ type: 'function', function: { name, parameters } })

  test('tools and the choice among them', () => {
    const parameters = { type: 'object', properties: { a: { type: 'string' } } }
    const tools = [tool('f', parameters), tool('g'), tool('h', { type: 'object', properties: {} })]
    const { functions } = chat({ tools })
    assert.deepEqual(functions, {
      f: { params: { ...parameters, additionalProperties: false } },
      g: {},
      h: {},
    })
    const choice = (tool_choice: unknown) => chat({ tools, tool_choice })
    assert.equal(choice('auto').toolChoice, 'auto')
    assert.deepEqual(choice('required').toolChoice, ['f', 'g', 'h'])
    assert.deepEqual(choice({ type: 'function', function: { name: 'g' } }).toolChoice, ['g'])
    assert.equal(choice('none').functions, undefined)
    for (const bad of ['any', {}, { function: { name: 'x' } }])
      assert.equal(
        paramOf(() => choice(bad)),
        'tool_choice',
      )
    for (const bad of ['f', [{}], [tool('a b')], [tool(7)], Array.from({ length: 129 }, () => tool('f'))])
      assert.equal(
        paramOf(() => chat({ tools: bad })),
        'tools',
      )
    assert.equal(
      paramOf(() => chat({ tool_choice: 'required' })),
      'tool_choice',
    )
  })

  test('forms of an answer', () => {
    const format = (response_format: unknown) => chat({ response_format }).format
    assert.equal(format({ type: 'text' }), 'text')
    assert.equal(format({ type: 'json_object' }), 'json')
    assert.equal(format({ type: 'json_schema', json_schema: { name: 'x' } }), 'json')
    const schema = { type: 'object', properties: { a: { type: 'null' } } }
    assert.deepEqual(format({ type: 'json_schema', json_schema: { schema } }), {
      ...schema,
      additionalProperties: false,
    })
    for (const bad of [
      'json',
      {},
      { type: 'json_schema' },
      { type: 'json_schema', json_schema: { schema: { type: 'array' } } },
    ])
      assert.equal(
        paramOf(() => format(bad)),
        'response_format',
      )
  })
})

test('a completion takes one prompt, as text or as numbers', () => {
  assert.equal(completion({ prompt: 'a' }).prompt, 'a')
  assert.equal(completion({ prompt: ['a'] }).prompt, 'a')
  assert.deepEqual(completion({ prompt: [1, 2] }).prompt, [1, 2])
  assert.deepEqual(completion({ prompt: [[1, 2]], logprobs: 5 }).topLogprobs, 5)
  for (const prompt of [undefined, '', [], ['a', 'b'], [1.5], [-1], {}])
    assert.equal(
      paramOf(() => completion({ prompt })),
      'prompt',
    )
})

test('embeddings take one input or many', () => {
  assert.deepEqual(embedding({ input: 'a' }).inputs, ['a'])
  assert.deepEqual(embedding({ input: ['a', 'b'], encoding_format: 'base64' }).base64, true)
  assert.deepEqual(embedding({ input: [1, 2] }).inputs, [[1, 2]])
  for (const input of [undefined, '', [], [''], [{}], 7])
    assert.equal(
      paramOf(() => embedding({ input })),
      'input',
    )
  assert.equal(
    paramOf(() => embedding({ input: 'a', dimensions: 5 })),
    'dimensions',
  )
})

test('what would change the answer is never passed over', () => {
  const cases: Array<[string, unknown]> = [
    ['n', 2],
    ['best_of', 2],
    ['logit_bias', { 1: 1 }],
    ['echo', true],
    ['suffix', 'x'],
    ['functions', []],
    ['temperature', 2.1],
    ['top_p', 'a'],
    ['top_k', 1.5],
    ['max_tokens', -1],
    ['frequency_penalty', 3],
    ['stop', ['']],
    ['stop', Array.from({ length: 17 }, () => 'a')],
  ]
  for (const [name, value] of cases)
    assert.equal(
      paramOf(() => chat({ [name]: value })),
      name,
    )
  assert.equal(
    paramOf(() => chat({ logprobs: true, response_format: { type: 'json_object' } })),
    'logprobs',
  )
  chat({ n: 1, best_of: null, logit_bias: {}, user: 'u', metadata: {}, store: false })
})

test('whatever a request holds, the worst outcome is a refusal', () => {
  const names = fc.constantFrom(
    'messages',
    'prompt',
    'input',
    'tools',
    'tool_choice',
    'stop',
    'response_format',
    'seed',
  )
  const inner = fc.oneof(
    fc.anything(),
    fc.array(fc.record({ role: fc.constantFrom('user', 'assistant', 'tool'), content: fc.anything() })),
  )
  fc.assert(
    fc.property(
      fc.constantFrom('/v1/chat/completions' as const, '/v1/completions' as const, '/v1/embeddings' as const),
      fc.dictionary(names, inner),
      (path, json) => {
        try {
          readTask(path, json)
        } catch (error) {
          assert.ok(error instanceof WorkerError, String(error))
        }
      },
    ),
  )
})
