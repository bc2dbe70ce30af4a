import { WorkerError } from '../error.ts'

/**
 * How an answer's body is cut into JSON values:
 *
 * - `events`: server-sent events, whose `data` fields carry the values;
 * - `values`: one JSON value, or several one after another with any white space between them.
 */
export type AnswerFormat = 'events' | 'values'

/** What the scanner reports while it reads. Positions are indexes into the bytes of the running `scan`. */
export interface ScannerEvents {
  /** A usage object of a value's own ends: `at` is its closing brace, `json` the whole object. */
  usageEnd(json: string, at: number): void
  /** One entry of `choices` ends. `finished`: it states a finish reason. */
  choiceEnd(index: number, hasText: boolean, finished: boolean): void
  /** No value is open before `at`; `blank`: a blank line ended there. True stops the scan. */
  boundary(at: number, blank: boolean): boolean
  /** Raw characters of an answer's text, escapes included, one per byte. Only with `keepText`. */
  textPart(raw: string): void
}

/** A usage object larger than this is no usage object, bytes. */
const maxUsageBytes = 64 * 1024
const maxKeyBytes = 32

const none = 0
const usageKey = 1
const choicesKey = 2
const textKey = 3
const indexKey = 4
const finishKey = 5

const lineStart = 0
const linePayload = 1
const lineSkipped = 2

const object = 1
const array = 2
const trackedDepth = 16

const dataField = Buffer.from('data:')

/**
 * Reads an OpenAI-shaped body byte by byte, in chunks cut anywhere, and keeps nothing of it but the path to
 * the present byte. It knows these places, and skips everything else:
 *
 *     { "usage": {...},
 *       "choices": [ { "index": 0, "finish_reason": "stop", "text": "...",
 *                      "delta" | "message": { "content" | "reasoning_content" | ...: "...",
 *                                             "tool_calls": [ { "function": { "arguments": "..." } } ] } } ] }
 *
 * Text inside of strings cannot imitate any of them, since a quote in it is escaped.
 */
export class AnswerScanner {
  private readonly lines: boolean
  private readonly keepText: boolean
  private readonly events: ScannerEvents

  private line = lineStart
  private matchedBytes = 0
  private afterCarriageReturn = false
  private blank = false

  private depth = 0
  private readonly kinds = new Uint8Array(trackedDepth)
  private key = none
  private expectsKey = false
  private insideChoices = false

  private inString = false
  private escaped = false
  private stringIsKey = false
  private stringHasBytes = false
  private keyPart = ''

  private choiceIndex = 0
  private choiceHasText = false
  private choiceFinished = false

  private capturing = false
  private captured = ''

  constructor(format: AnswerFormat, keepText: boolean, events: ScannerEvents) {
    this.lines = format === 'events'
    this.keepText = keepText
    this.events = events
  }

  /** Borrows `bytes` until it returns. Returns where it stopped: at the end, or at a boundary that said so. */
  scan(bytes: Buffer): number {
    return this.lines ? this.scanLines(bytes) : this.scanJson(bytes, 0)
  }

  private scanLines(bytes: Buffer): number {
    const end = bytes.length
    let i = 0
    while (i < end) {
      const byte = bytes[i]!
      if (byte === 0x0a && this.afterCarriageReturn) {
        this.afterCarriageReturn = false
        i++
        if (this.depth === 0 && this.events.boundary(i, this.blank)) return i
      } else if (byte === 0x0a || byte === 0x0d) {
        i++
        this.afterCarriageReturn = byte === 0x0d
        this.blank = this.line === lineStart && this.matchedBytes === 0
        this.line = lineStart
        this.matchedBytes = 0
        if (this.blank) this.dropValue()
        if (this.depth === 0 && this.events.boundary(i, this.blank)) return i
      } else if (this.line === linePayload) {
        i = this.scanJson(bytes, i)
      } else if (this.line === lineSkipped) {
        i = lineEnd(bytes, i)
      } else {
        this.afterCarriageReturn = false
        if (this.matchedBytes === dataField.length) {
          this.line = linePayload
          if (byte === 0x20) i++
        } else if (byte === dataField[this.matchedBytes]) {
          this.matchedBytes++
          i++
        } else this.line = lineSkipped
      }
    }
    return end
  }

  /** An event ended in the middle of a value: the next event starts afresh. */
  private dropValue(): void {
    if (this.depth === 0 && !this.inString) return
    this.depth = 0
    this.key = none
    this.inString = false
    this.escaped = false
    this.insideChoices = false
    this.capturing = false
    this.captured = ''
    this.keyPart = ''
  }

  /** Reads payload bytes up to the end of the chunk, or of the line where lines matter. */
  private scanJson(bytes: Buffer, from: number): number {
    const end = bytes.length
    const lines = this.lines
    let captureFrom = from
    let i = from
    if (this.inString) i = this.scanString(bytes, i)
    while (i < end && !this.inString) {
      const byte = bytes[i]!
      if (byte === 0x22) {
        this.inString = true
        this.stringHasBytes = false
        this.stringIsKey = this.expectsKey && (this.depth === 1 || (this.insideChoices && this.depth <= 7))
        i = this.scanString(bytes, i + 1)
        continue
      }
      if (byte === 0x3a) this.expectsKey = false
      else if (byte === 0x2c) {
        this.key = none
        this.expectsKey = this.depth < trackedDepth && this.kinds[this.depth] === object
      } else if (byte === 0x7b || byte === 0x5b) {
        if (this.open(byte === 0x7b ? object : array)) captureFrom = i
      } else if (byte === 0x7d || byte === 0x5d) {
        if (this.capturing && this.depth === 2) this.endCapture(bytes, captureFrom, i)
        this.close()
        if (this.depth === 0 && !lines && this.events.boundary(i + 1, false)) return i + 1
      } else if (byte < 0x20 && lines && (byte === 0x0a || byte === 0x0d)) break
      else if (this.key === indexKey && byte >= 0x30 && byte <= 0x39)
        this.choiceIndex = Math.min(this.choiceIndex * 10 + byte - 0x30, 0xffff)
      i++
    }
    if (this.capturing) this.capture(bytes, captureFrom, i)
    return i
  }

  /** True if the opened value is the usage object. */
  private open(kind: number): boolean {
    const key = this.key
    this.depth++
    if (this.depth < trackedDepth) this.kinds[this.depth] = kind
    this.key = none
    this.expectsKey = kind === object
    if (this.depth === 2) {
      this.insideChoices = key === choicesKey && kind === array
      if (key === usageKey && kind === object) {
        this.capturing = true
        this.captured = ''
        return true
      }
    } else if (this.depth === 3) {
      this.choiceIndex = 0
      this.choiceHasText = false
      this.choiceFinished = false
    }
    return false
  }

  private close(): void {
    if (this.depth === 0) return
    if (this.depth === 3 && this.insideChoices)
      this.events.choiceEnd(this.choiceIndex, this.choiceHasText, this.choiceFinished)
    this.depth--
    this.key = none
    this.expectsKey = false
    if (this.depth === 1) this.insideChoices = false
  }

  /** From inside of a string to behind its closing quote, or as far as the chunk or the line goes. */
  private scanString(bytes: Buffer, from: number): number {
    const end = bytes.length
    let i = from
    if (this.escaped && i < end) {
      this.escaped = false
      i++
    }
    for (;;) {
      let byte = 0
      while (i < end) {
        byte = bytes[i]!
        if (byte === 0x22 || byte === 0x5c || byte < 0x20) break
        i++
      }
      if (i === end) break
      if (byte === 0x22) {
        this.inString = false
        this.endString(bytes, from, i)
        return i + 1
      }
      if (byte === 0x5c) {
        i += 2
        if (i > end) {
          this.escaped = true
          i = end
          break
        }
      } else if (this.lines && (byte === 0x0a || byte === 0x0d)) break
      else i++
    }
    this.keepString(bytes, from, i)
    return i
  }

  private keepString(bytes: Buffer, from: number, to: number): void {
    if (to === from) return
    this.stringHasBytes = true
    if (this.stringIsKey) {
      if (this.keyPart.length <= maxKeyBytes)
        this.keyPart += bytes.toString('latin1', from, Math.min(to, from + maxKeyBytes + 1))
    } else if (this.keepText && this.key === textKey) this.events.textPart(bytes.toString('latin1', from, to))
  }

  private endString(bytes: Buffer, from: number, to: number): void {
    if (this.stringIsKey) {
      if (this.keyPart === '') this.key = this.classify(bytes, from, to)
      else {
        const whole = Buffer.from(
          this.keyPart + bytes.toString('latin1', from, Math.min(to, from + maxKeyBytes)),
          'latin1',
        )
        this.keyPart = ''
        this.key = this.classify(whole, 0, whole.length)
      }
    } else if (this.key === textKey) {
      if (to > from || this.stringHasBytes) this.choiceHasText = true
      if (this.keepText) this.events.textPart(bytes.toString('latin1', from, to))
    } else if (this.key === finishKey) this.choiceFinished = true
  }

  private classify(bytes: Buffer, from: number, to: number): number {
    const length = to - from
    if (this.depth === 1) {
      if (length === 5 && same(bytes, from, usageName)) return usageKey
      if (length === 7 && same(bytes, from, choicesName)) return choicesKey
      return none
    }
    const names = choiceKeys[this.depth]
    if (names === undefined) return none
    for (const { name, key } of names) {
      if (length === name.length && same(bytes, from, name)) return key
    }
    return none
  }

  private capture(bytes: Buffer, from: number, to: number): void {
    if (this.captured.length + to - from > maxUsageBytes)
      throw new WorkerError(
        'malformed-answer',
        `the backend's usage object is larger than ${maxUsageBytes} bytes`,
      )
    this.captured += bytes.toString('latin1', from, to)
  }

  private endCapture(bytes: Buffer, from: number, brace: number): void {
    this.capture(bytes, from, brace + 1)
    this.capturing = false
    const json = this.captured
    this.captured = ''
    this.events.usageEnd(json, brace)
  }
}

const usageName = Buffer.from('usage')
const choicesName = Buffer.from('choices')

/** Keys that matter inside of `choices`, by depth: the choice is 3, its delta 4, a call's function 7. */
const choiceKeys: Array<Array<{ name: Buffer; key: number }> | undefined> = []
choiceKeys[3] = named({ text: textKey, index: indexKey, finish_reason: finishKey })
choiceKeys[4] = named({ content: textKey, reasoning_content: textKey, reasoning: textKey, refusal: textKey })
choiceKeys[5] = named({ arguments: textKey })
choiceKeys[7] = named({ arguments: textKey })

function named(keys: Record<string, number>): Array<{ name: Buffer; key: number }> {
  return Object.entries(keys).map(([name, key]) => ({ name: Buffer.from(name), key }))
}

function same(bytes: Buffer, from: number, name: Buffer): boolean {
  for (let i = 0; i < name.length; i++) {
    if (bytes[from + i] !== name[i]) return false
  }
  return true
}

function lineEnd(bytes: Buffer, from: number): number {
  let i = from
  while (i < bytes.length && bytes[i] !== 0x0a && bytes[i] !== 0x0d) i++
  return i
}
