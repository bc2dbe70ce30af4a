/**
 * JSON objects as bytes: where their members lie, and how to add or drop one without touching the rest.
 * Parsing and serialising again would change what the caller wrote (integers beyond 2^53, 1.0, spacing).
 */

/** Deepest nesting that is read. Deeper text costs a parser far more memory than its own size. */
export const maxDepth = 500

/** What is wrong with a text, and the byte where it is. */
export interface JsonFault {
  problem: string
  at: number
}

/**
 * The members of the object that `bytes` hold: four offsets for each, key start, key end, value start, value
 * end; ends are exclusive and keys include their quotes. Exact when the text is valid JSON; for any other text
 * it ends all the same and reports a fault only where it noticed one.
 */
export function findMembers(bytes: Uint8Array): number[] | JsonFault {
  let at = afterSpace(bytes, 0)
  if (bytes[at] !== openBrace) return { problem: 'a JSON object has to begin here', at }
  const members: number[] = []
  at = afterSpace(bytes, at + 1)
  while (bytes[at] === quote) {
    const keyEnd = afterString(bytes, at)
    const colonAt = afterSpace(bytes, keyEnd)
    if (bytes[colonAt] !== colon) return { problem: 'a colon is missing', at: colonAt }
    const valueAt = afterSpace(bytes, colonAt + 1)
    const valueEnd = afterValue(bytes, valueAt)
    if (valueEnd < 0) return { problem: `nested deeper than ${maxDepth} levels`, at: valueAt }
    members.push(at, keyEnd, valueAt, valueEnd)
    at = afterSpace(bytes, valueEnd)
    if (bytes[at] !== comma) break
    at = afterSpace(bytes, at + 1)
  }
  return members
}

/** The decoded key of the member whose key begins at `members[index]`. */
export function memberName(bytes: Buffer, members: number[], index: number): string {
  return JSON.parse(bytes.toString('utf8', members[index], members[index + 1])) as string
}

/**
 * The same object without the members that `drop` names and with `added` (members as ASCII JSON text, such as
 * `"max_tokens":1000`) before the others. Whatever is kept is kept byte by byte.
 */
export function rewriteMembers(
  bytes: Buffer,
  members: number[],
  drop: ReadonlySet<string>,
  added: string,
): Buffer {
  const out = Buffer.allocUnsafe(bytes.length + added.length + 3)
  let end = out.write(`{${added}`, 'latin1')
  let runStart = -1
  for (let index = 0; index <= members.length; index += 4) {
    const isKept = index < members.length && (drop.size === 0 || !drop.has(memberName(bytes, members, index)))
    if (isKept && runStart < 0) runStart = members[index] ?? 0
    if (isKept || runStart < 0) continue
    if (end > 1) out[end++] = comma
    end += bytes.copy(out, end, runStart, members[index - 1])
    runStart = -1
  }
  out[end++] = closeBrace
  return out.subarray(0, end)
}

/** The object with one more member at its end; `member` is JSON text such as `"debug":{}`. */
export function appendMember(bytes: Buffer, members: number[], member: string): Buffer {
  const lastEnd = members[members.length - 1]
  if (lastEnd === undefined) return Buffer.from(`{${member}}`)
  return splice(bytes, lastEnd, lastEnd, `,${member}`)
}

/** `bytes` with those from `start` to `end` replaced by `text`. */
export function splice(bytes: Buffer, start: number, end: number, text: string): Buffer {
  return Buffer.concat([bytes.subarray(0, start), Buffer.from(text), bytes.subarray(end)])
}

/** The first fault of a text that JSON.parse refused, for the caller who has to mend it. */
export function findFault(bytes: Uint8Array): JsonFault {
  try {
    const end = afterSpace(bytes, checkValue(bytes, afterSpace(bytes, 0), 0))
    return { problem: 'more text follows the object', at: end }
  } catch (error) {
    if (error instanceof Fault) return { problem: error.message, at: error.at }
    throw error
  }
}

class Fault extends Error {
  readonly at: number

  constructor(problem: string, at: number) {
    super(problem)
    this.at = at
  }
}

/** Offset after the value that begins at `start`; throws a Fault where the grammar of RFC 8259 is broken. */
function checkValue(bytes: Uint8Array, start: number, depth: number): number {
  if (depth > maxDepth) throw new Fault(`nested deeper than ${maxDepth} levels`, start)
  const first = bytes[start]
  if (first === undefined) throw new Fault('the text ends too early', start)
  if (first === quote) return checkString(bytes, start)
  if (first !== openBrace && first !== openBracket) return checkScalar(bytes, start)
  const close = first === openBrace ? closeBrace : closeBracket
  let at = afterSpace(bytes, start + 1)
  if (bytes[at] === close) return at + 1
  for (;;) {
    if (first === openBrace) {
      if (bytes[at] !== quote) throw new Fault(unexpected(bytes, at, 'a member name in double quotes'), at)
      at = afterSpace(bytes, checkString(bytes, at))
      if (bytes[at] !== colon) throw new Fault(unexpected(bytes, at, 'a colon'), at)
      at = afterSpace(bytes, at + 1)
    }
    at = afterSpace(bytes, checkValue(bytes, at, depth + 1))
    if (bytes[at] === close) return at + 1
    if (bytes[at] !== comma) throw new Fault(unexpected(bytes, at, 'a comma or the closing bracket'), at)
    at = afterSpace(bytes, at + 1)
  }
}

function checkString(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; ; at++) {
    const byte = bytes[at]
    if (byte === undefined) throw new Fault('a string is not closed', start)
    if (byte === quote) return at + 1
    if (byte < 0x20) throw new Fault('a control character in a string has to be escaped', at)
    if (byte !== backslash) continue
    const escape = escapePattern.exec(ascii(bytes, at, at + 6))
    if (escape === null) throw new Fault('an escape that JSON does not have', at)
    at += escape[0].length - 1
  }
}

function checkScalar(bytes: Uint8Array, start: number): number {
  const end = afterScalar(bytes, start)
  if (scalarPattern.test(ascii(bytes, start, end))) return end
  throw new Fault(unexpected(bytes, start, 'a value'), start)
}

function unexpected(bytes: Uint8Array, at: number, wanted: string): string {
  return at >= bytes.length ? 'the text ends too early' : `${wanted} is expected here`
}

function afterSpace(bytes: Uint8Array, start: number): number {
  let at = start
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++
  return at
}

function afterString(bytes: Uint8Array, start: number): number {
  const length = bytes.length
  for (let at = start + 1; at < length; at++) {
    const byte = bytes[at]
    if (byte === quote) return at + 1
    if (byte === backslash) at++
  }
  return length
}

/** Offset after a value, or -1 when it is nested too deep. */
function afterValue(bytes: Uint8Array, start: number): number {
  const first = bytes[start]
  if (first === quote) return afterString(bytes, start)
  if (first !== openBrace && first !== openBracket) return afterScalar(bytes, start)
  const length = bytes.length
  let depth = 0
  let at = start
  while (at < length) {
    const byte = bytes[at]
    if (byte === quote) {
      at = afterString(bytes, at)
      continue
    }
    at++
    if (byte === openBrace || byte === openBracket) {
      if (++depth > maxDepth) return -1
    } else if ((byte === closeBrace || byte === closeBracket) && --depth === 0) return at
  }
  return length
}

function afterScalar(bytes: Uint8Array, start: number): number {
  let at = start
  for (; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === comma || byte === closeBrace || byte === closeBracket || byte === undefined) break
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) break
  }
  return at
}

function ascii(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, Math.min(end, start + longestScalar)))
}

/** Longer numbers than this are refused by nobody, but a fault report has no need to read them whole. */
const longestScalar = 4096
const escapePattern = /^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/
const scalarPattern = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d
