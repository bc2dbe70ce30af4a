import type { AnswerSummary } from '../network.ts'
import { appendMember, findMembers, memberName, splice } from './json-object.ts'

/**
 * A complete JSON answer with its cost in nanotons as `usage.total_cost`. Workers of this network write it
 * themselves; where one did not, this client's own count is added. Anything that is not an object with a
 * `usage` object comes back as it is.
 */
export function withCost(body: Buffer, costNano: bigint): Buffer {
  if (hasCost(body)) return body
  const usage = findObject(body, 'usage')
  if (usage === undefined) return body
  const priced = appendMember(usage.bytes, usage.members, `"total_cost":${costNano}`)
  return Buffer.concat([body.subarray(0, usage.start), priced, body.subarray(usage.end)])
}

/** A complete JSON answer with the member `debug`; `debug` is JSON text. */
export function withDebug(body: Buffer, debug: string): Buffer {
  if (!isObject(parsed(body))) return body
  const members = findMembers(body)
  if (!Array.isArray(members)) return body
  for (let index = 0; index < members.length; index += 4) {
    if (memberName(body, members, index) !== 'debug') continue
    return splice(body, members[index + 2]!, members[index + 3]!, debug)
  }
  return appendMember(body, members, `"debug":${debug}`)
}

/** What the hops say of themselves, as one line of JSON. It comes from peers, so it may be no JSON at all. */
export function debugText(debug: AnswerSummary['debug']): string {
  const parts: string[] = []
  for (const hop of ['client', 'proxy', 'worker'] as const) {
    const text = debug?.[hop]
    if (text !== undefined) parts.push(`"${hop}":${oneLine(text)}`)
  }
  return `{${parts.join(',')}}`
}

/**
 * The body of an answer whose status says that it failed. An error object in OpenAI's shape is handed on as it
 * is; another text is put into one, so that callers find the message where their library looks for it.
 */
export function errorBody(status: number, body: Buffer): Buffer {
  const value = parsed(body)
  if (isObject(value) && isObject(value.error)) return body
  const said = isObject(value) ? (value.error ?? value.message ?? value.detail) : undefined
  const text = typeof said === 'string' ? said : body.toString()
  const message = text.slice(0, maxErrorLength).trim() || `The worker answered with status ${status}.`
  const type = status >= 500 ? 'server_error' : 'invalid_request_error'
  return Buffer.from(JSON.stringify({ error: { message, type, param: null, code: 'upstream_error' } }))
}

/** True where `"total_cost"` stands as a key, which no text inside a JSON string can look like. */
function hasCost(body: Buffer): boolean {
  for (let at = body.indexOf(costKey); at >= 0; at = body.indexOf(costKey, at + 1)) {
    let next = at + costKey.length
    while (body[next] === 0x20) next++
    if (body[next] === 0x3a) return true
  }
  return false
}

interface Found {
  start: number
  end: number
  bytes: Buffer
  members: number[]
}

/** The object that is the member `name` of the object in `body`. */
function findObject(body: Buffer, name: string): Found | undefined {
  const value = parsed(body)
  if (!isObject(value) || !isObject(value[name])) return undefined
  const members = findMembers(body)
  if (!Array.isArray(members)) return undefined
  for (let index = members.length - 4; index >= 0; index -= 4) {
    if (memberName(body, members, index) !== name) continue
    const start = members[index + 2]!
    const end = members[index + 3]!
    const bytes = body.subarray(start, end)
    const inner = findMembers(bytes)
    return Array.isArray(inner) ? { start, end, bytes, members: inner } : undefined
  }
  return undefined
}

function parsed(body: Buffer): unknown {
  // Deeper nesting than the scanner reads would cost the parser a multiple of the text in memory.
  if (!Array.isArray(findMembers(body))) return undefined
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

function oneLine(text: string): string {
  if (text.length > maxDebugLength) return JSON.stringify(text.slice(0, maxDebugLength))
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return JSON.stringify(text)
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const costKey = Buffer.from('"total_cost"')
const maxErrorLength = 2000
const maxDebugLength = 16 * 1024
