import { isUtf8 } from 'node:buffer'
import { ClientError } from '../error.ts'
import type { Query } from '../network.ts'
import { findFault, findMembers, type JsonFault, rewriteMembers } from './json-object.ts'
import type { QueryDefaults } from './limits.ts'

/** What a backend can be asked for. */
export type QueryKind = 'chat' | 'completion' | 'embedding'

/** A caller's body, understood. */
export interface Ask {
  query: Query
  /** The caller asked for a usage event at the end of the stream, so it copes with its empty `choices`. */
  wantsUsageEvent: boolean
  /** The caller's own name for the request, under which its debug record is kept. */
  requestGuid: string | undefined
}

/**
 * Reads a request body: takes the network's own fields out, reserves for what the backend may produce, and
 * leaves the rest as it is. A body that needs no change is handed on as the same bytes. Throws a ClientError
 * with code `invalid-request` that says which field, or which byte, is wrong.
 */
export function readQuery(
  kind: QueryKind,
  path: string,
  bytes: Buffer,
  defaults: QueryDefaults,
  queryTimeoutMs: number,
): Ask {
  const members = findMembers(bytes)
  const body = parseObject(bytes, members) as Record<string, unknown>
  if (!Array.isArray(members) || Object.keys(body).length * 4 !== members.length) throw duplicate(bytes)
  const tokens = kind === 'embedding' ? nothingGenerated : readTokens(kind, body, defaults.maxTokens)
  const query: Query = {
    model: readModel(body.model),
    path,
    body: bytes,
    maxCoefficient: readUnsigned(body, 'max_coefficient') ?? defaults.maxCoefficient,
    maxTokens: tokens.reserved,
    timeoutMs: readTimeout(body.timeout, queryTimeoutMs) ?? defaults.timeoutMs,
    enableDebug: readBoolean(body, 'enable_debug') ?? false,
  }
  const requestGuid = readGuid(body.request_guid)
  const drop = namesToDrop(body, tokens.drop)
  if (drop.size > 0 || tokens.added !== '') query.body = rewriteMembers(bytes, members, drop, tokens.added)
  return { query, wantsUsageEvent: wantsUsageEvent(body.stream_options), requestGuid }
}

function parseObject(bytes: Buffer, members: number[] | JsonFault): unknown {
  if (bytes.length === 0) throw wrong('The request has no body: send a JSON object.')
  if (!isUtf8(bytes)) throw wrong(`The body is not valid UTF-8 ${place(bytes, firstInvalidByte(bytes))}.`)
  if (!Array.isArray(members)) throw fault(bytes, members)
  try {
    return JSON.parse(bytes.toString())
  } catch {
    throw fault(bytes, findFault(bytes))
  }
}

interface Tokens {
  /** Completion tokens to reserve for, over all choices. */
  reserved: number
  /** Fields that must leave the body so that the backend is held to the reservation. */
  drop: string[]
  /** JSON member to add, or nothing. */
  added: string
}

const nothingGenerated: Tokens = { reserved: 1, drop: [], added: '' }

function readTokens(kind: QueryKind, body: Record<string, unknown>, defaultTokens: number): Tokens {
  const newer = readUnsigned(body, 'max_completion_tokens')
  const older = readUnsigned(body, 'max_tokens')
  const each = newer ?? older ?? defaultTokens
  const reserved = each * countChoices(kind, body)
  if (reserved > largestUnsigned) {
    throw wrong('The choices times their tokens are more than a query can reserve.', 'n')
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
  if (asked < 1) throw wrong('n has to be 1 or more.', 'n')
  if (kind !== 'completion') return asked
  const best = readUnsigned(body, 'best_of') ?? 1
  const prompt = body.prompt
  // An array of numbers is one prompt in tokens; any other array is a list of prompts.
  const prompts = Array.isArray(prompt) && typeof prompt[0] !== 'number' ? Math.max(1, prompt.length) : 1
  return Math.max(asked, best) * prompts
}

function readModel(value: unknown): string {
  if (value === undefined) throw wrong('model is missing: name the model that shall answer.', 'model')
  if (typeof value !== 'string') throw wrong('model has to be a string.', 'model')
  if (value === '' || value.length > longestName || !value.isWellFormed() || hasControl.test(value)) {
    throw wrong(`model has to be a name of 1 to ${longestName} printable characters.`, 'model')
  }
  return value
}

function readUnsigned(body: Record<string, unknown>, name: string): number | undefined {
  const value = body[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= largestUnsigned) {
    return value
  }
  throw wrong(`${name} has to be an integer from 0 to ${largestUnsigned}.`, name)
}

function readBoolean(body: Record<string, unknown>, name: string): boolean | undefined {
  const value = body[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'boolean') return value
  throw wrong(`${name} has to be true or false.`, name)
}

function readTimeout(value: unknown, longestMs: number): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !(value > 0)) {
    throw wrong('timeout has to be a number of seconds above 0.', 'timeout')
  }
  return Math.min(longestMs, Math.ceil(value * 1000))
}

function readGuid(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' && value !== '' && value.length <= longestName) return value
  throw wrong(`request_guid has to be a string of 1 to ${longestName} characters.`, 'request_guid')
}

function wantsUsageEvent(options: unknown): boolean {
  return typeof options === 'object' && options !== null && 'include_usage' in options
    ? options.include_usage === true
    : false
}

function namesToDrop(body: Record<string, unknown>, limits: string[]): ReadonlySet<string> {
  const dropsNothing =
    body.max_coefficient === undefined &&
    body.timeout === undefined &&
    body.enable_debug === undefined &&
    body.request_guid === undefined &&
    limits.length === 0
  return dropsNothing ? noNames : new Set([...networkFields, ...limits])
}

/** Two readers of the same text may believe different ones of two members, so there must be one. */
function duplicate(bytes: Buffer): ClientError {
  const members = findMembers(bytes) as number[]
  const seen = new Set<string>()
  for (let index = 0; index < members.length; index += 4) {
    const name = JSON.parse(bytes.toString('utf8', members[index], members[index + 1])) as string
    if (seen.has(name)) {
      const at = place(bytes, members[index] ?? 0)
      return wrong(`The body has a member twice ${at}.`, name.slice(0, longestName))
    }
    seen.add(name)
  }
  return wrong('The body is not a JSON object.')
}

function fault(bytes: Buffer, { problem, at }: JsonFault): ClientError {
  return wrong(`The body is not a valid JSON object ${place(bytes, at)}: ${problem}.`)
}

/** Decoding replaces what is invalid, so the first byte that encoding does not give back is at fault. */
function firstInvalidByte(bytes: Buffer): number {
  const again = Buffer.from(bytes.toString())
  let at = 0
  while (at < bytes.length && bytes[at] === again[at]) at++
  return at
}

function place(bytes: Buffer, at: number): string {
  let line = 1
  let lineStart = 0
  for (let next = bytes.indexOf(0x0a); next >= 0 && next < at; next = bytes.indexOf(0x0a, next + 1)) {
    line++
    lineStart = next + 1
  }
  return `at byte ${at} (line ${line}, byte ${at - lineStart + 1} of it)`
}

function wrong(message: string, param?: string): ClientError {
  return new ClientError('invalid-request', message, param === undefined ? {} : { param })
}

const noNames: ReadonlySet<string> = new Set()
const networkFields = ['max_coefficient', 'timeout', 'enable_debug', 'request_guid']
const largestUnsigned = 2_147_483_647
const longestName = 256
// oxlint-disable-next-line no-control-regex -- control characters are what it is for
const hasControl = /[\u0000-\u001f\u007f]/
