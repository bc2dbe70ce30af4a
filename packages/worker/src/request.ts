import { isUtf8 } from 'node:buffer'
import type { BackendPath } from './backend.ts'
import { refuse } from './error.ts'

/** A request body larger than this is refused, bytes. A frame of the network cannot carry more either. */
export const maxRequestBodyBytes = 16 * 1024 * 1024
/** Objects and arrays inside one another in a request body. */
const maxRequestDepth = 64
/** Objects, arrays and members in a request body: parsed, each takes many times the bytes that it came in. */
const maxRequestNodes = 200_000
/** Answers that one request may ask for (`n`, `best_of`). */
const maxChoices = 128
/** Inputs of one completion or embedding request. */
const maxInputs = 2048

export interface RawRequest {
  method: string
  /** The request target as it was received. */
  path: string
  headers: ReadonlyArray<{ readonly name: string; readonly value: string }>
  body: Uint8Array
}

export interface RequestRules {
  /** What the worker sells: `name` or `name@commit:weights-hash`. Requests may use either of the two. */
  modelName: string
  /** Written into generation requests that state none: callers reserve money for exactly this many. */
  defaultMaxTokens?: number
  /** The backend's own name of the model, where it differs. */
  backendModel?: string
  /** Longest prompt and answer together, tokens: the default limit is never above it. */
  maxContext?: number
  /** Given to backends that keep prompts for later ones: only requests with the same one share them. */
  cacheSalt?: string
}

/** A request that passed every check, as the backend gets it. */
export interface PreparedRequest {
  path: BackendPath
  /** The JSON body, UTF-8: the received bytes wherever nothing had to change. */
  body: Uint8Array
  /** The same body parsed. Not to be changed. */
  json: Readonly<Record<string, unknown>>
  stream: boolean
  /** Completion tokens that one choice may have; 0 for embeddings. */
  maxTokens: number
  /** Answers that the backend makes: inputs times the larger of `n` and `best_of`; 0 for embeddings. */
  choices: number
  /** All text of the prompt, for a tokenizer to count where the backend states no usage. */
  promptText(): string
  /** Prompt tokens that the request gave as numbers instead of text. */
  promptTokens: number
}

/**
 * Checks a request and rewrites its body to what the backend has to see.
 *
 * The model must be the worker's; the token limit is always present and the same under both its names; a
 * stream always states its usage at the end. Every other field passes through: the backend decides.
 *
 * @throws WorkerError `invalid-request` with a refusal in the shape that OpenAI clients read
 */
export function prepareRequest(request: RawRequest, rules: RequestRules): PreparedRequest {
  const path = checkTarget(request)
  const received = parseBody(request.body)
  checkSpelling(received)
  const baseName = checkModel(received['model'], rules.modelName)

  const changes: Record<string, unknown> = {}
  const backendModel = rules.backendModel ?? baseName
  if (backendModel !== received['model']) changes['model'] = backendModel

  let stream = false
  let maxTokens = 0
  let choices = 0
  if (path !== '/v1/embeddings') {
    stream = settleStream(received, changes)
    maxTokens = settleMaxTokens(path, received, changes, rules)
    choices = countChoices(path, received)
    if (rules.cacheSalt !== undefined) {
      const theirs = received['cache_salt']
      changes['cache_salt'] = typeof theirs === 'string' ? `${rules.cacheSalt}.${theirs}` : rules.cacheSalt
    }
  }

  const { body, json } = applyChanges(request.body, received, changes)
  return {
    path,
    body,
    json,
    stream,
    maxTokens,
    choices,
    promptText: () => promptText(path, json),
    promptTokens: countNumbers(path === '/v1/embeddings' ? json['input'] : json['prompt']),
  }
}

const paths: readonly BackendPath[] = ['/v1/chat/completions', '/v1/completions', '/v1/embeddings']

function checkTarget(request: RawRequest): BackendPath {
  const path = paths.find(known => known === request.path)
  if (path === undefined) {
    throw refuse(`this worker answers ${paths.join(', ')} and nothing else, query strings included`, {
      status: 404,
      code: 'unknown_url',
    })
  }
  if (request.method !== 'POST')
    throw refuse(`${path} takes POST`, { status: 405, code: 'method_not_allowed' })
  for (const { name, value } of request.headers) {
    if (name.toLowerCase() === 'content-encoding' && value.trim().toLowerCase() !== 'identity')
      throw refuse('the request body must not be compressed', { status: 415 })
  }
  return path
}

function parseBody(body: Uint8Array): Record<string, unknown> {
  if (body.length > maxRequestBodyBytes)
    throw refuse(`the request body is larger than ${maxRequestBodyBytes} bytes`, { status: 413 })
  if (!isUtf8(body)) throw refuse('the request body is not valid UTF-8')
  checkStructure(body)
  let json: unknown
  try {
    json = JSON.parse(asBuffer(body).toString('utf8'))
  } catch {
    // The parser's own message quotes the body, which may be private.
    throw refuse('the request body is not valid JSON')
  }
  if (!isRecord(json)) throw refuse('the request body must be a JSON object')
  return json
}

/** Counts brackets and colons outside of strings, before anything is made of them. */
function checkStructure(body: Uint8Array): void {
  let depth = 0
  let nodes = 0
  let quoted = false
  for (let i = 0; i < body.length; i++) {
    const byte = body[i]
    if (quoted) {
      if (byte === 0x5c) i++
      else if (byte === 0x22) quoted = false
    } else if (byte === 0x22) quoted = true
    else if (byte === 0x7b || byte === 0x5b) {
      nodes++
      if (++depth > maxRequestDepth)
        throw refuse(`the request body nests deeper than ${maxRequestDepth} levels`)
    } else if (byte === 0x7d || byte === 0x5d) depth--
    else if (byte === 0x3a) nodes++
  }
  if (nodes > maxRequestNodes)
    throw refuse(`the request body has more than ${maxRequestNodes} objects, arrays and members`)
}

const handledFields = new Set([
  'model',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'n',
  'best_of',
])

/** Some backends match field names whatever their case: such a twin would undo the checks below. */
function checkSpelling(json: Record<string, unknown>): void {
  for (const name of Object.keys(json)) {
    const lower = name.toLowerCase()
    if (lower !== name && handledFields.has(lower))
      throw refuse(`write ${lower} in lower case`, { param: lower })
  }
}

/** The model's base name, the text before `@`. */
function checkModel(model: unknown, modelName: string): string {
  if (typeof model !== 'string') throw refuse('model must be a string', { param: 'model' })
  const [baseName = modelName] = modelName.split('@', 1)
  if (model !== baseName && model !== modelName)
    throw refuse('this worker does not serve the requested model', {
      status: 404,
      param: 'model',
      code: 'model_not_found',
    })
  return baseName
}

function settleStream(json: Record<string, unknown>, changes: Record<string, unknown>): boolean {
  const options = json['stream_options'] ?? undefined
  if (options !== undefined && !isRecord(options))
    throw refuse('stream_options must be an object', { param: 'stream_options' })
  const stated = json['stream'] ?? undefined
  if (stated !== undefined && typeof stated !== 'boolean')
    throw refuse('stream must be true or false', { param: 'stream' })

  // Options of a stream ask for a stream, unless the request says otherwise.
  const stream = stated ?? options !== undefined
  if (!stream) return false
  if (stated === undefined) changes['stream'] = true
  if (options?.['include_usage'] !== true) changes['stream_options'] = { ...options, include_usage: true }
  return true
}

function settleMaxTokens(
  path: BackendPath,
  json: Record<string, unknown>,
  changes: Record<string, unknown>,
  rules: RequestRules,
): number {
  const { defaultMaxTokens = 1000, maxContext = Infinity } = rules
  const maxTokens = wholeNumber(json, 'max_tokens', 0, Number.MAX_SAFE_INTEGER)
  const maxCompletionTokens =
    path === '/v1/chat/completions'
      ? wholeNumber(json, 'max_completion_tokens', 0, Number.MAX_SAFE_INTEGER)
      : undefined
  const limit = maxCompletionTokens ?? maxTokens ?? Math.min(defaultMaxTokens, maxContext)
  // A backend that knows only the older name has to stop at the same limit.
  if (maxTokens !== limit) changes['max_tokens'] = limit
  return limit
}

function countChoices(path: BackendPath, json: Record<string, unknown>): number {
  const n = wholeNumber(json, 'n', 1, maxChoices) ?? 1
  if (path === '/v1/chat/completions') return n
  const bestOf = wholeNumber(json, 'best_of', 1, maxChoices) ?? 1
  const prompt = json['prompt']
  // An array holds several prompts, unless it holds the token numbers of one.
  const prompts = Array.isArray(prompt) && typeof prompt[0] !== 'number' ? Math.max(1, prompt.length) : 1
  if (prompts > maxInputs) throw refuse(`at most ${maxInputs} prompts at once`, { param: 'prompt' })
  return prompts * Math.max(n, bestOf)
}

function wholeNumber(
  json: Record<string, unknown>,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const value = json[name] ?? undefined
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most) {
    const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`
    throw refuse(`${name} must be a whole number, ${range}`, { param: name })
  }
  return value
}

/**
 * New fields are put in front of the received bytes, so that nothing else of the body changes, not even the
 * digits of a number. Only a changed field has the whole body written anew.
 */
function applyChanges(
  body: Uint8Array,
  received: Record<string, unknown>,
  changes: Record<string, unknown>,
): { body: Uint8Array; json: Record<string, unknown> } {
  const names = Object.keys(changes)
  if (names.length === 0) return { body, json: received }
  const json = { ...received, ...changes }
  if (names.some(name => Object.hasOwn(received, name)))
    return { body: Buffer.from(JSON.stringify(json)), json }
  const front = JSON.stringify(changes).slice(0, -1)
  const separator = Object.keys(received).length === 0 ? '' : ','
  const rest = asBuffer(body).subarray(body.indexOf(0x7b) + 1)
  return { body: Buffer.concat([Buffer.from(front + separator), rest]), json }
}

function promptText(path: BackendPath, json: Readonly<Record<string, unknown>>): string {
  if (path === '/v1/embeddings') return flatText(json['input'])
  if (path === '/v1/completions') return flatText(json['prompt'])
  const parts = [flatText(json['messages'])]
  for (const field of ['tools', 'functions', 'response_format']) {
    if (json[field] !== undefined && json[field] !== null) parts.push(JSON.stringify(json[field]))
  }
  return joinTexts(parts)
}

/** The text in a prompt, message, content part or tool call, in order. */
function flatText(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return joinTexts(value.map(flatText))
  if (!isRecord(value)) return ''
  const parts: string[] = []
  if (typeof value['role'] === 'string') parts.push(value['role'])
  for (const field of ['content', 'text', 'name', 'arguments', 'function', 'tool_calls']) {
    if (value[field] !== undefined) parts.push(flatText(value[field]))
  }
  return joinTexts(parts)
}

function joinTexts(parts: string[]): string {
  return parts.filter(part => part !== '').join('\n')
}

/** Numbers in an array of token numbers, or in an array of such arrays. */
function countNumbers(value: unknown): number {
  if (!Array.isArray(value)) return 0
  let count = 0
  for (const entry of value) {
    if (typeof entry === 'number') count++
    else if (Array.isArray(entry)) count += entry.length
  }
  return count
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
