/** How an answer's body is treated: event by event, as one JSON text, or as it comes. */
export type BodyKind = 'events' | 'json' | 'other'

/** A backend's or proxy's response head, reduced to what a caller may see. */
export interface AnswerHead {
  status: number
  body: BodyKind
  /** Flat: name, value, name, value. Always has a content type. */
  headers: string[]
}

/**
 * Reads a response head that comes from a peer. Undefined when its status is none that an HTTP caller can be
 * given. Only headers on a short list get through: the rest concerns connections that are not the caller's
 * (`transfer-encoding`), could act on the caller (`set-cookie`, `location`), or would speak in this
 * client's name (`x-cocoon-protection`, `x-ratelimit-*`).
 */
export function readHead(status: number, headers: ReadonlyArray<[string, string]>): AnswerHead | undefined {
  if (!Number.isInteger(status) || status < 200 || status > 599) return undefined
  let contentType = ''
  const passed: string[] = []
  const count = Math.min(headers.length, maxHeaders)
  for (let index = 0; index < count; index++) {
    const [name, value] = headers[index]!
    if (name === 'content-type') contentType ||= value
    else if (passedNames.has(name) && isPlain(value) && !passed.includes(name)) passed.push(name, value)
  }
  const known = contentType === 'application/json' ? jsonType : knownType(contentType)
  passed.push('content-type', known.type)
  return { status, body: known.body, headers: passed }
}

function isPlain(value: string): boolean {
  return value.length <= maxValueLength && printable.test(value)
}

interface KnownType {
  type: string
  body: BodyKind
}

/** Anything that a browser could run or show is given as plain bytes. */
function knownType(contentType: string): KnownType {
  const semicolon = contentType.indexOf(';')
  const name = semicolon < 0 ? contentType : contentType.slice(0, semicolon)
  return knownTypes.get(name.trim().toLowerCase()) ?? unknownType
}

const jsonType: KnownType = { type: 'application/json', body: 'json' }
const unknownType: KnownType = { type: 'application/octet-stream', body: 'other' }
const knownTypes = new Map<string, KnownType>([
  ['application/json', jsonType],
  ['text/event-stream', { type: 'text/event-stream; charset=utf-8', body: 'events' }],
  ['application/x-ndjson', { type: 'application/x-ndjson', body: 'other' }],
  ['text/plain', { type: 'text/plain; charset=utf-8', body: 'other' }],
])
const passedNames = new Set([
  'retry-after',
  'x-request-id',
  'openai-processing-ms',
  'openai-version',
  'x-cocoon-worker-start',
  'x-cocoon-worker-end',
  'x-cocoon-proxy-start',
  'x-cocoon-proxy-end',
])
const printable = /^[\x20-\x7e]*$/
const maxHeaders = 64
const maxValueLength = 1024
