import { isUtf8 } from 'node:buffer'
import type { ClientError } from '../error.ts'
import type { Query } from '../network.ts'
import {
  longestName,
  nothingGenerated,
  type QueryKind,
  readLeastProtection,
  readModel,
  readTimeout,
  readTokens,
  readUnsigned,
  wantsUsageEvent,
  wrongField as wrong,
} from '../query-fields.ts'
import { findFault, findMembers, type JsonFault, rewriteMembers } from './json-object.ts'
import type { QueryDefaults } from './limits.ts'

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
  const leastProtection = readLeastProtection(body.cocoon_protection, 'cocoon_protection')
  if (leastProtection !== undefined) query.leastProtection = leastProtection
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

function readBoolean(body: Record<string, unknown>, name: string): boolean | undefined {
  const value = body[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'boolean') return value
  throw wrong(`${name} has to be true or false.`, name)
}

function readGuid(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' && value !== '' && value.length <= longestName) return value
  throw wrong(`request_guid has to be a string of 1 to ${longestName} characters.`, 'request_guid')
}

function namesToDrop(body: Record<string, unknown>, limits: string[]): ReadonlySet<string> {
  const dropsNothing =
    body.max_coefficient === undefined &&
    body.timeout === undefined &&
    body.enable_debug === undefined &&
    body.request_guid === undefined &&
    body.cocoon_protection === undefined &&
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

const noNames: ReadonlySet<string> = new Set()
const networkFields = ['max_coefficient', 'timeout', 'enable_debug', 'request_guid', 'cocoon_protection']
