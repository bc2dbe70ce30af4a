import { WorkerError } from '../error.ts'
import { AnswerScanner } from './scanner.ts'
import type { AnswerFormat, ScannerEvents } from './scanner.ts'
import { closingBytes } from './closing.ts'
import { UsageCounters, costMembers } from './usage.ts'
import type { PriceUsage, Usage } from './usage.ts'

/** Bytes that may wait for the end of an event once an answer stands at its token limit. */
const maxHeldBytes = 16 * 1024 * 1024

export interface MeterOptions {
  /** The answer's `content-type` header, if it has one. */
  contentType: string | undefined
  /** Whether the request asked for a stream: only a stream is ever cut. */
  stream: boolean
  price: PriceUsage
  /** Completion tokens that one choice may have. Absent: no limit. */
  maxTokens?: number
  /** Answers that the request asked for. */
  choices?: number
  /** Keeps the answer's text up to this many bytes, to count its tokens with a tokenizer. */
  keepTextBytes?: number
}

export interface MeteredUsage extends Usage {
  /** Whether the backend stated any of it. Otherwise all counters are 0. */
  stated: boolean
}

/**
 * Counts what an answer used while its bytes pass through, and tells the caller of the network what it costs:
 * each usage object that raised a counter gets `prompt_total_cost`, `completion_total_cost` and `total_cost`
 * (nanoTON) as its last members. All other bytes stay as they are, and none of them waits.
 */
export interface Meter {
  /** Takes the next bytes of the body, and gives the bytes to send on: the same view where nothing changes. */
  push(bytes: Uint8Array): Uint8Array | undefined
  /** The body is complete: gives what was held back. */
  end(): Uint8Array | undefined
  /** What is billed: never more completion tokens than the limit allows. */
  readonly usage: MeteredUsage
  /** Parts of a stream that carried text or arguments of a tool call: tokens, at least. */
  readonly completionDeltas: number
  /** Every choice that was seen has stated why it ended. */
  readonly finished: boolean
  /** A choice went past its limit. What came after the limit is dropped: stop the backend, then send `cut`. */
  readonly exceeded: boolean
  /**
   * Ends an exceeded stream in its own format: a last part with finish reason `length` for each open choice,
   * the usage and its cost. Where nobody stated tokens they come from `known`; completion tokens are at least
   * the parts seen. Undefined where nothing was exceeded.
   */
  cut(known?: Partial<Usage>): Uint8Array | undefined
  /** The answer's text so far. Empty without `keepTextBytes`. */
  text(): string
  /** Whether `text` is all of it. */
  readonly textComplete: boolean
}

/** A meter for one answer. `push` throws a WorkerError `malformed-answer` where a bound is passed. */
export function createMeter(options: MeterOptions): Meter {
  return new AnswerMeter(options)
}

/** Longest beginning of a stream that is kept to close it alike, bytes. */
const maxOpeningBytes = 4096

class AnswerMeter implements Meter, ScannerEvents {
  completionDeltas = 0
  exceeded = false

  private readonly price: PriceUsage
  private readonly maxTokens: number
  private readonly counters: UsageCounters
  private readonly choices: Choice[] = []
  private readonly stream: boolean
  private readonly contentType: string
  private readonly keepTextBytes: number

  /** Undefined before the first byte, and for bodies that are no JSON. */
  private format: AnswerFormat | undefined
  private scanner: AnswerScanner | undefined
  private started = false
  private readonly opening: Uint8Array[] = []
  private openingLeft = 0

  private bytes: Buffer = empty
  private emittedTo = 0
  private readonly pieces: Uint8Array[] = []
  private committed = 0
  private holding: boolean
  private limitReached: boolean
  private limitPassed = false
  private afterBlankLine = true

  private readonly textParts: string[] = []
  private textBytes = 0

  constructor(options: MeterOptions) {
    const { maxTokens = Infinity, choices = 1 } = options
    this.price = options.price
    this.stream = options.stream
    this.maxTokens = options.stream ? maxTokens : Infinity
    this.counters = new UsageCounters(maxTokens * choices || 0)
    this.contentType = (options.contentType ?? '').toLowerCase()
    this.keepTextBytes = options.keepTextBytes ?? 0
    this.limitReached = this.maxTokens <= 0
    this.holding = this.limitReached
  }

  get usage(): MeteredUsage {
    return { ...this.counters.billed(), stated: this.counters.stated }
  }

  get finished(): boolean {
    return this.choices.length > 0 && this.choices.every(choice => choice.finished)
  }

  get textComplete(): boolean {
    return this.keepTextBytes > 0 && this.textBytes <= this.keepTextBytes
  }

  push(bytes: Uint8Array): Uint8Array | undefined {
    if (this.exceeded || bytes.length === 0) return undefined
    if (!this.started) this.start(bytes)
    if (this.scanner === undefined) return bytes
    if (this.openingLeft > 0) this.keepOpening(bytes)

    this.bytes = asBuffer(bytes)
    this.emittedTo = 0
    const stoppedAt = this.scanner.scan(this.bytes)
    if (this.pieces.length === 0 && !this.holding && !this.exceeded) return bytes

    if (!this.exceeded) this.take(stoppedAt)
    if (!this.holding) this.committed = this.pieces.length
    this.bytes = empty
    const ready = join(this.pieces.splice(0, this.committed))
    this.committed = 0
    if (sizeBytes(this.pieces) > maxHeldBytes)
      throw new WorkerError(
        'malformed-answer',
        `the backend sent an event of more than ${maxHeldBytes} bytes`,
      )
    return ready
  }

  end(): Uint8Array | undefined {
    return join(this.pieces.splice(0))
  }

  cut(known: Partial<Usage> = {}): Uint8Array | undefined {
    if (!this.exceeded || this.format === undefined) return undefined
    // What was stated on the way may be older than the last part.
    const seen = this.counters.stated ? nothingKnown : { ...nothingKnown, ...known }
    const completionTokens = Math.max(seen.completionTokens, this.completionDeltas)
    this.counters.raiseTo({ ...seen, completionTokens })
    this.pieces.length = 0
    const open = [...this.choices.keys()].filter(index => this.choices[index]?.finished !== true)
    const usage = this.counters.billed()
    return closingBytes({
      format: this.format,
      opening: Buffer.concat(this.opening),
      afterBlankLine: this.afterBlankLine,
      openChoices: this.choices.length === 0 ? [0] : open,
      usage,
      costs: this.price(usage),
    })
  }

  text(): string {
    const raw = Buffer.from(this.textParts.join(''), 'latin1').toString('utf8')
    try {
      return JSON.parse(`"${raw}"`) as string
    } catch {
      return raw
    }
  }

  // ScannerEvents

  usageEnd(json: string, at: number): void {
    let usage: unknown
    try {
      usage = JSON.parse(json)
    } catch {
      return
    }
    if (!this.counters.raise(usage)) return
    this.take(at)
    this.pieces.push(Buffer.from(`,${costMembers(this.price(this.counters.billed()))}`))
  }

  choiceEnd(index: number, hasText: boolean, finished: boolean): void {
    const choice = this.choice(index)
    if (finished) choice.finished = true
    if (!hasText) return
    this.completionDeltas++
    choice.deltas++
    if (choice.deltas >= this.maxTokens) this.limitReached = true
    if (choice.deltas > this.maxTokens) this.limitPassed = true
  }

  boundary(at: number, blank: boolean): boolean {
    if (!this.limitReached) return false
    if (this.limitPassed && this.holding) {
      this.pieces.length = this.committed
    } else {
      this.take(at)
      this.committed = this.pieces.length
      this.afterBlankLine = blank
    }
    // From here on an event waits for its end, and is dropped if it goes past the limit.
    this.holding = true
    this.exceeded = this.limitPassed
    return this.exceeded
  }

  textPart(raw: string): void {
    this.textBytes += raw.length
    if (this.textBytes <= this.keepTextBytes) this.textParts.push(raw)
  }

  private start(bytes: Uint8Array): void {
    const first = bytes.find(byte => byte > 0x20)
    if (first === undefined) return
    this.started = true
    this.format = detectFormat(this.contentType, this.stream, first)
    if (this.format === undefined) {
      this.holding = false
      return
    }
    this.scanner = new AnswerScanner(this.format, this.keepTextBytes > 0, this)
    if (this.maxTokens !== Infinity) this.openingLeft = maxOpeningBytes
  }

  private keepOpening(bytes: Uint8Array): void {
    const part = bytes.slice(0, this.openingLeft)
    this.openingLeft -= part.length
    this.opening.push(part)
  }

  /** Moves the bytes up to `at` into the pieces. */
  private take(at: number): void {
    if (at > this.emittedTo) this.pieces.push(this.bytes.subarray(this.emittedTo, at))
    this.emittedTo = at
  }

  private choice(index: number): Choice {
    let choice = this.choices[index]
    if (choice === undefined) {
      choice = { deltas: 0, finished: false }
      this.choices[index] = choice
    }
    return choice
  }
}

interface Choice {
  deltas: number
  finished: boolean
}

const empty = Buffer.alloc(0)
const nothingKnown: Usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 }

/**
 * The header decides where it says something; otherwise the first byte that is no white space. Undefined is for bodies without
 * anything to count: they pass through.
 */
function detectFormat(contentType: string, stream: boolean, first: number): AnswerFormat | undefined {
  if (contentType.startsWith('text/event-stream')) return 'events'
  if (first === 0x7b || first === 0x5b) return 'values'
  const fieldOrComment = first === 0x64 || first === 0x65 || first === 0x3a
  return stream && fieldOrComment && !contentType.includes('json') ? 'events' : undefined
}

function sizeBytes(pieces: Uint8Array[]): number {
  let size = 0
  for (const piece of pieces) size += piece.length
  return size
}

function join(pieces: Uint8Array[]): Uint8Array | undefined {
  return pieces.length <= 1 ? pieces[0] : Buffer.concat(pieces)
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
