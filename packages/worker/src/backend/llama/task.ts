import { randomInt } from 'node:crypto'
import type { ChatHistoryItem, ChatModelFunctions, GbnfJsonSchema } from 'node-llama-cpp'
import type { BackendPath } from '../../backend.ts'
import { refuse } from '../../error.ts'
import { toFunctions, toHistory } from './messages.ts'
import { toGrammarSchema } from './schema.ts'

/** One request, read and checked. */
export type Task = ChatTask | CompletionTask | EmbeddingTask

export interface ChatTask extends Generation {
  kind: 'chat'
  history: ChatHistoryItem[]
  functions: ChatModelFunctions | undefined
  /** `auto`: the model decides. Otherwise it calls one of these functions. */
  toolChoice: 'auto' | string[]
  parallelCalls: boolean
  /** What the answer has to be: `json` is any JSON object. */
  format: 'text' | 'json' | GbnfJsonSchema
  /** Whether the model may think before it answers, if it can at all. */
  thinks: boolean
}

export interface CompletionTask extends Generation {
  kind: 'completion'
  /** Text, or the numbers of its tokens. */
  prompt: string | number[]
}

export interface EmbeddingTask {
  kind: 'embeddings'
  model: string
  inputs: Array<string | number[]>
  base64: boolean
}

export interface Generation {
  model: string
  stream: boolean
  includeUsage: boolean
  /** Undefined: as many as fit. */
  maxTokens: number | undefined
  stop: string[]
  sampling: Sampling
  /** Probabilities wanted of this many other tokens, beside the one chosen. */
  topLogprobs: number | undefined
}

export interface Sampling {
  /** 0 takes the likeliest token always. */
  temperature: number
  topP: number
  topK: number
  minP: number
  seed: number
  frequencyPenalty: number
  presencePenalty: number
}

/**
 * Reads a request for the model in process. What the request leaves open is as llama.cpp's own programs have it.
 *
 * @throws WorkerError `invalid-request` for what is wrong, and for what this backend cannot do
 */
export function readTask(path: BackendPath, json: Readonly<Record<string, unknown>>): Task {
  if (path === '/v1/embeddings') return readEmbedding(json)
  refuseUnsupported(json)
  return path === '/v1/completions' ? readCompletion(json) : readChat(json)
}

function readChat(json: Readonly<Record<string, unknown>>): ChatTask {
  const functions = json['tool_choice'] === 'none' ? undefined : toFunctions(json['tools'])
  const task: ChatTask = {
    kind: 'chat',
    ...readGeneration(json, json['max_completion_tokens'] ?? json['max_tokens']),
    topLogprobs: json['logprobs'] === true ? (whole(json, 'top_logprobs', 0, 20) ?? 0) : undefined,
    history: toHistory(json['messages']),
    functions,
    toolChoice: readToolChoice(json['tool_choice'], functions),
    parallelCalls: json['parallel_tool_calls'] !== false,
    format: readFormat(json['response_format']),
    thinks: readThinking(json),
  }
  if (task.format !== 'text' && functions !== undefined)
    throw refuse('response_format and tools cannot be used together here', { param: 'response_format' })
  if (task.topLogprobs !== undefined && (functions !== undefined || task.format !== 'text'))
    throw refuse('logprobs are given for plain text only', { param: 'logprobs' })
  return task
}

function readCompletion(json: Readonly<Record<string, unknown>>): CompletionTask {
  return {
    kind: 'completion',
    ...readGeneration(json, json['max_tokens']),
    topLogprobs: whole(json, 'logprobs', 0, 5),
    prompt: readPrompt(json['prompt']),
  }
}

function readEmbedding(json: Readonly<Record<string, unknown>>): EmbeddingTask {
  const { input, encoding_format: encoding } = json
  if (encoding !== undefined && encoding !== null && encoding !== 'float' && encoding !== 'base64')
    throw refuse('encoding_format must be float or base64', { param: 'encoding_format' })
  if (json['dimensions'] !== undefined && json['dimensions'] !== null)
    throw refuse('the length of embeddings cannot be chosen', { param: 'dimensions' })
  const isOne = typeof input === 'string' || (Array.isArray(input) && typeof input[0] === 'number')
  const inputs = (isOne ? [input] : input) as unknown
  if (!Array.isArray(inputs) || inputs.length === 0 || inputs.length > 2048)
    throw refuse('input must be a text or a list of 1 to 2048 texts', { param: 'input' })
  return {
    kind: 'embeddings',
    model: modelName(json),
    inputs: inputs.map(entry => textOrTokens(entry, 'input')),
    base64: encoding === 'base64',
  }
}

function readGeneration(
  json: Readonly<Record<string, unknown>>,
  limit: unknown,
): Omit<Generation, 'topLogprobs'> {
  const options = json['stream_options']
  return {
    model: modelName(json),
    stream: json['stream'] === true,
    includeUsage: isRecord(options) && options['include_usage'] === true,
    maxTokens: whole({ max_tokens: limit }, 'max_tokens', 0, Number.MAX_SAFE_INTEGER),
    stop: readStop(json['stop']),
    sampling: {
      temperature: number(json, 'temperature', 0, 2) ?? 0.8,
      topP: number(json, 'top_p', 0, 1) ?? 0.95,
      topK: whole(json, 'top_k', 0, 1_000_000) ?? 40,
      minP: number(json, 'min_p', 0, 1) ?? 0.05,
      seed: readSeed(json),
      frequencyPenalty: number(json, 'frequency_penalty', -2, 2) ?? 0,
      presencePenalty: number(json, 'presence_penalty', -2, 2) ?? 0,
    },
  }
}

/** Fields whose absence changes the answer must not be passed over in silence. */
function refuseUnsupported(json: Readonly<Record<string, unknown>>): void {
  for (const name of ['n', 'best_of']) {
    if ((json[name] ?? 1) !== 1)
      throw refuse(`this worker gives one answer a request: ${name} must be 1`, { param: name })
  }
  const { logit_bias: bias } = json
  if (isRecord(bias) && Object.keys(bias).length > 0)
    throw refuse('logit_bias cannot be used here', { param: 'logit_bias' })
  if (json['echo'] === true) throw refuse('echo cannot be used here', { param: 'echo' })
  for (const name of ['suffix', 'audio', 'functions', 'function_call', 'web_search_options']) {
    if ((json[name] ?? undefined) !== undefined) throw refuse(`${name} cannot be used here`, { param: name })
  }
}

function readToolChoice(choice: unknown, functions: ChatModelFunctions | undefined): 'auto' | string[] {
  if (choice === undefined || choice === null || choice === 'auto' || choice === 'none') return 'auto'
  const names = Object.keys(functions ?? {})
  if (choice === 'required' && names.length > 0) return names
  const wanted = isRecord(choice) && isRecord(choice['function']) ? choice['function']['name'] : undefined
  if (typeof wanted === 'string' && names.includes(wanted)) return [wanted]
  throw refuse('tool_choice must be none, auto, required or one of the tools', { param: 'tool_choice' })
}

function readFormat(format: unknown): ChatTask['format'] {
  if (format === undefined || format === null) return 'text'
  const type = isRecord(format) ? format['type'] : undefined
  if (type === 'text') return 'text'
  if (type === 'json_object') return 'json'
  if (isRecord(format) && type === 'json_schema' && isRecord(format['json_schema'])) {
    const { schema } = format['json_schema']
    if (schema === undefined) return 'json'
    const grammarSchema = toGrammarSchema(schema, 'response_format')
    const isObject = 'type' in grammarSchema && grammarSchema.type === 'object'
    if (!isObject && !('$ref' in grammarSchema))
      throw refuse('the schema must be that of an object', { param: 'response_format' })
    return grammarSchema
  }
  throw refuse('response_format must be text, json_object or json_schema', { param: 'response_format' })
}

function readThinking(json: Readonly<Record<string, unknown>>): boolean {
  const kwargs = json['chat_template_kwargs']
  return json['reasoning_effort'] !== 'none' && !(isRecord(kwargs) && kwargs['enable_thinking'] === false)
}

function readStop(stop: unknown): string[] {
  const list = typeof stop === 'string' ? [stop] : (stop ?? [])
  const fits = (text: unknown) => typeof text === 'string' && text !== '' && text.length <= 512
  if (!Array.isArray(list) || list.length > 16 || !list.every(fits))
    throw refuse('stop must be up to 16 texts of up to 512 characters', { param: 'stop' })
  return list as string[]
}

function readPrompt(prompt: unknown): string | number[] {
  const isMany = Array.isArray(prompt) && typeof prompt[0] !== 'number'
  if (!isMany) return textOrTokens(prompt, 'prompt')
  if (prompt.length !== 1) throw refuse('this worker takes one prompt a request', { param: 'prompt' })
  return textOrTokens(prompt[0], 'prompt')
}

function textOrTokens(value: unknown, param: string): string | number[] {
  if (typeof value === 'string' && value !== '') return value
  const isTokens =
    Array.isArray(value) && value.length > 0 && value.every(token => Number.isInteger(token) && token >= 0)
  if (isTokens) return value as number[]
  throw refuse(`${param} must be a text that is not empty, or the numbers of its tokens`, { param })
}

function number(
  json: Readonly<Record<string, unknown>>,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const value = json[name] ?? undefined
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !(value >= least && value <= most))
    throw refuse(`${name} must be a number from ${least} to ${most}`, { param: name })
  return value
}

function whole(
  json: Readonly<Record<string, unknown>>,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const value = number(json, name, least, most)
  if (value !== undefined && !Number.isInteger(value))
    throw refuse(`${name} must be a whole number`, { param: name })
  return value
}

function readSeed(json: Readonly<Record<string, unknown>>): number {
  const seed = whole(json, 'seed', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
  return seed === undefined ? randomInt(2 ** 32) : Math.abs(seed) % 2 ** 32
}

function modelName(json: Readonly<Record<string, unknown>>): string {
  return typeof json['model'] === 'string' ? json['model'] : ''
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
