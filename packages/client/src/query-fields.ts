import { ClientError } from './error.ts'
import type { LeastProtection } from './network.ts'

/** What a backend can be asked for. */
export type QueryKind = 'chat' | 'completion' | 'embedding'

export const queryPaths: ReadonlyMap<string, QueryKind> = new Map([
  ['/v1/chat/completions', 'chat'],
  ['/v1/completions', 'completion'],
  ['/v1/embeddings', 'embedding'],
])

/** What the backend may generate, and what has to change in a body so that it is held to that. */
export interface Tokens {
  /** Completion tokens to reserve for, over all choices. */
  reserved: number
  /** Fields that must leave the body so that the backend is held to the reservation. */
  drop: string[]
  /** JSON member to add, or nothing. */
  added: string
}

export const nothingGenerated: Tokens = { reserved: 1, drop: [], added: '' }

export function readTokens(kind: QueryKind, body: Record<string, unknown>, defaultTokens: number): Tokens {
  const newer = readUnsigned(body, 'max_completion_tokens')
  const older = readUnsigned(body, 'max_tokens')
  const each = newer ?? older ?? defaultTokens
  const reserved = each * countChoices(kind, body)
  if (reserved > largestUnsigned) {
    throw wrongField('The choices times their tokens are more than a query can reserve.', 'n')
  }
  // A null says "no limit" to some backends, and of two limits a backend may know the larger one alone.
  const drop: string[] = []
  if (body.max_completion_tokens === null) drop.push('max_completion_tokens')
  if (body.max_tokens === null || (newer !== undefined && older !== undefined && newer !== older)) {
    drop.push('max_tokens')
  }
  const added = newer === undefined && older === undefined ? `"max_tokens":${defaultTokens}` : ''
  return { reserved: Math.max(1, reserved), drop, added }
}

/** How many texts the backend generates at most. */
function countChoices(kind: QueryKind, body: Record<string, unknown>): number {
  const asked = readUnsigned(body, 'n') ?? 1
  if (asked < 1) throw wrongField('n has to be 1 or more.', 'n')
  if (kind !== 'completion') return asked
  const best = readUnsigned(body, 'best_of') ?? 1
  const prompt = body.prompt
  // An array of numbers is one prompt in tokens; any other array is a list of prompts.
  const prompts = Array.isArray(prompt) && typeof prompt[0] !== 'number' ? Math.max(1, prompt.length) : 1
  return Math.max(asked, best) * prompts
}

export function readModel(value: unknown): string {
  if (value === undefined) throw wrongField('model is missing: name the model that shall answer.', 'model')
  if (typeof value !== 'string') throw wrongField('model has to be a string.', 'model')
  if (value === '' || value.length > longestName || !value.isWellFormed() || hasControl.test(value)) {
    throw wrongField(`model has to be a name of 1 to ${longestName} printable characters.`, 'model')
  }
  return value
}

export function readUnsigned(body: Record<string, unknown>, name: string): number | undefined {
  const value = body[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= largestUnsigned) {
    return value
  }
  throw wrongField(`${name} has to be an integer from 0 to ${largestUnsigned}.`, name)
}

/** Milliseconds. */
export function readTimeout(value: unknown, longestMs: number): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !(value > 0)) {
    throw wrongField('timeout has to be a number of seconds above 0.', 'timeout')
  }
  return Math.min(longestMs, Math.ceil(value * 1000))
}

/** Whether the caller copes with the event at the end of a stream that has no choices. */
export function wantsUsageEvent(options: unknown): boolean {
  return typeof options === 'object' && options !== null && 'include_usage' in options
    ? options.include_usage === true
    : false
}

/** The least protection that a query asks for; undefined where it says nothing. */
export function readLeastProtection(value: unknown, param: string): LeastProtection | undefined {
  if (value === undefined || value === null) return undefined
  const known = leastProtections.find(name => name === value)
  if (known !== undefined) return known
  throw wrongField(`${param} has to be one of ${leastProtections.join(', ')}.`, param)
}

export function wrongField(message: string, param?: string): ClientError {
  return new ClientError('invalid-request', message, param === undefined ? {} : { param })
}

const leastProtections: readonly LeastProtection[] = ['sealed', 'attested-proxy', 'any']
const largestUnsigned = 2_147_483_647
/** Characters of names in a request. */
export const longestName = 256
// oxlint-disable-next-line no-control-regex -- control characters are what it is for
const hasControl = /[\u0000-\u001f\u007f]/
