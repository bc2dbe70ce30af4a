import { findMembers, memberName } from './json-object.ts'
import type { QueryKind } from '../query-fields.ts'

/**
 * Passes a `text/event-stream` on, event by event. Complete events leave at once; of an incomplete one nothing
 * leaves, so that the caller never reads half an event when the answer fails; `data: [DONE]` waits for the
 * network's word that the answer is complete. The bytes that leave do not depend on how they came in pieces.
 *
 * With `fillChoices` an event whose `choices` are empty (the usage at the end of a stream) gets one choice
 * that says nothing: callers who did not ask for usage read `choices[0]` of every event.
 *
 * Lines end in LF or CR LF; a stream with lone CRs is passed on at its end.
 */
export class EventStream {
  readonly #fillChoices: boolean
  readonly #emptyChoice: string
  readonly #maxEventBytes: number
  #held: Buffer = nothing
  #heldBytes = 0
  #done: Buffer | undefined

  constructor(kind: QueryKind, fillChoices: boolean, maxEventBytes: number) {
    this.#fillChoices = fillChoices
    this.#emptyChoice = kind === 'completion' ? emptyCompletionChoice : emptyChatChoice
    this.#maxEventBytes = maxEventBytes
  }

  /** Bytes that wait for the rest of their event. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** True once an event is longer than the bound; the stream is of no more use then. */
  get isOverfull(): boolean {
    return this.#heldBytes > this.#maxEventBytes
  }

  /** Takes the next bytes, which stay the caller's when complete and are copied when not. */
  push(bytes: Buffer): Buffer | undefined {
    if (this.#heldBytes === 0) {
      const end = lastBoundary(bytes, 0)
      if (end < bytes.length) this.#hold(bytes.subarray(end))
      return end === 0 ? undefined : this.#release(end === bytes.length ? bytes : bytes.subarray(0, end))
    }
    const scanFrom = Math.max(0, this.#heldBytes - 2)
    this.#hold(bytes)
    const end = lastBoundary(this.#held.subarray(0, this.#heldBytes), scanFrom)
    if (end === 0) return undefined
    const complete = this.#held.subarray(0, end)
    const rest = this.#held.subarray(end, this.#heldBytes)
    this.#held = nothing
    this.#heldBytes = 0
    if (rest.length > 0) this.#hold(rest)
    return this.#release(complete)
  }

  /** What is left when the answer is complete: the last event, an event and a comment if given, `[DONE]`. */
  end({ event, comment }: { event?: string | undefined; comment?: string | undefined } = {}): Buffer {
    const parts: Buffer[] = []
    const gap = this.#heldBytes > 0 ? '\n\n' : ''
    if (this.#heldBytes > 0) {
      const last = this.#release(this.#held.subarray(0, this.#heldBytes))
      if (last !== undefined) parts.push(last)
    }
    const added =
      (event === undefined ? '' : `data: ${event}\n\n`) + (comment === undefined ? '' : `: ${comment}\n\n`)
    if (added !== '') parts.push(Buffer.from(gap + added))
    if (this.#done !== undefined) parts.push(this.#done)
    this.#heldBytes = 0
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  #hold(bytes: Buffer): void {
    const size = this.#heldBytes + bytes.length
    if (size > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(size, 2 * this.#held.length, smallestHold))
      this.#held.copy(larger, 0, 0, this.#heldBytes)
      this.#held = larger
    }
    bytes.copy(this.#held, this.#heldBytes)
    this.#heldBytes = size
  }

  /** Whole events in; what may leave now out. */
  #release(events: Buffer): Buffer | undefined {
    let out = this.#fillChoices ? this.#fill(events) : events
    if (this.#done !== undefined) {
      out = Buffer.concat([this.#done, out])
      this.#done = undefined
    }
    const doneAt = trailingDone(out)
    if (doneAt < 0) return out
    this.#done = out.subarray(doneAt)
    return doneAt === 0 ? undefined : out.subarray(0, doneAt)
  }

  #fill(events: Buffer): Buffer {
    let parts: Buffer[] | undefined
    let copied = 0
    for (let at = events.indexOf(choicesKey); at >= 0; at = events.indexOf(choicesKey, at + 1)) {
      if (!opensEmptyArray(events, at + choicesKey.length)) continue
      const lineStart = events.lastIndexOf(0x0a, at) + 1
      const newline = events.indexOf(0x0a, at)
      const lineEnd = newline < 0 ? events.length : newline
      const array = emptyChoices(events.subarray(lineStart, lineEnd))
      if (array !== undefined) {
        parts ??= []
        parts.push(events.subarray(copied, lineStart + array.start), Buffer.from(this.#emptyChoice))
        copied = lineStart + array.end
      }
      at = lineEnd
    }
    if (parts === undefined) return events
    parts.push(events.subarray(copied))
    return Buffer.concat(parts)
  }
}

/** Offset after the last blank line that ends at or after `from`, or 0. */
function lastBoundary(bytes: Buffer, from: number): number {
  for (let at = bytes.length - 1; at > from; at--) {
    if (bytes[at] !== newline) continue
    const before = bytes[at - 1]
    if (before === newline || (before === carriageReturn && at > 1 && bytes[at - 2] === newline))
      return at + 1
  }
  return 0
}

/** Where the last event begins when it is `data: [DONE]`, or -1. */
function trailingDone(events: Buffer): number {
  let end = events.length
  while (end > 0 && (events[end - 1] === newline || events[end - 1] === carriageReturn)) end--
  if (events[end - 1] !== closeBracket) return -1
  const start = events.lastIndexOf(newline, end - 1) + 1
  const line = events.toString('latin1', start, end)
  if (line !== 'data: [DONE]' && line !== 'data:[DONE]') return -1
  return start === 0 || lastBoundary(events.subarray(0, start), start - 2) === start ? start : -1
}

/** True when `: []`, spaced in any way, follows. */
function opensEmptyArray(bytes: Buffer, start: number): boolean {
  let step = 0
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === 0x20 || byte === 0x09) continue
    if (byte !== emptyArray[step]) return false
    if (++step === emptyArray.length) return true
  }
  return false
}

/** Where the empty array lies that is the `choices` of a data line's object. */
function emptyChoices(line: Buffer): { start: number; end: number } | undefined {
  if (line.toString('latin1', 0, dataField.length) !== dataField) return undefined
  const json = line.subarray(dataField.length)
  try {
    JSON.parse(json.toString())
  } catch {
    return undefined
  }
  const members = findMembers(json)
  if (!Array.isArray(members)) return undefined
  for (let index = 0; index < members.length; index += 4) {
    const start = members[index + 2]!
    const end = members[index + 3]!
    if (memberName(json, members, index) !== 'choices') continue
    if (json[start] !== emptyArray[1] || json.toString('latin1', start + 1, end - 1).trim() !== '') continue
    return { start: dataField.length + start, end: dataField.length + end }
  }
  return undefined
}

const emptyChatChoice = '[{"index":0,"delta":{},"finish_reason":null}]'
const emptyCompletionChoice = '[{"index":0,"text":"","logprobs":null,"finish_reason":null}]'
const choicesKey = Buffer.from('"choices"')
const dataField = 'data:'
const emptyArray = Buffer.from(':[]')
const nothing = Buffer.alloc(0)
const smallestHold = 1024
const newline = 0x0a
const carriageReturn = 0x0d
const closeBracket = 0x5d
