import { connect, type Socket } from 'node:net'

/** What a caller does and whom it tells. */
export interface CallerOptions {
  readonly port: number
  readonly request: Buffer
  /** Server-sent events that a right answer has; 0 for an answer in one JSON object. */
  readonly expectedEvents: number
  /** Chunks carry the time at which they were made. */
  readonly isStamped: boolean
  /** An answer is complete and right. Times in milliseconds. */
  readonly answered: (latencyMs: number, firstByteMs: number) => void
  /** A stamped chunk took so long to arrive. */
  readonly chunkArrived: (delayMs: number) => void
  readonly failed: (why: string) => void
}

/**
 * One caller with one connection, asking again as soon as it is answered. It reads just as much of HTTP as it
 * takes to know that an answer is right, since its own cost is taken from what is measured.
 */
export class Caller {
  readonly #options: CallerOptions
  readonly #socket: Socket
  #state: 'idle' | 'head' | 'counted' | 'chunk-size' | 'chunk' | 'chunk-end' | 'last' = 'idle'
  #partialHead = ''
  #partialSize = 0
  #left = 0
  #events = 0
  #afterNewline = false
  #endsWell = false
  #askedAt = 0
  #firstByteAt = 0
  #stopping = false

  constructor(options: CallerOptions) {
    this.#options = options
    this.#socket = connect({ host: '127.0.0.1', port: options.port, noDelay: true })
    this.#socket.on('data', bytes => this.#data(bytes))
    this.#socket.on('error', error => this.#fail(error.message))
    this.#socket.on('close', () => {
      if (this.#state !== 'idle') this.#fail('the connection was closed in the middle of an answer')
    })
  }

  connected(): Promise<void> {
    return new Promise(resolve => this.#socket.once('connect', resolve))
  }

  get isIdle(): boolean {
    return this.#state === 'idle'
  }

  /** When the request that is under way was sent. */
  get askedAt(): number {
    return this.#askedAt
  }

  start(): void {
    this.#state = 'head'
    this.#events = 0
    this.#afterNewline = false
    this.#endsWell = false
    this.#firstByteAt = 0
    this.#askedAt = performance.now()
    this.#socket.write(this.#options.request)
  }

  /** Asks nothing more; what is under way may end. */
  stop(): void {
    this.#stopping = true
  }

  close(): void {
    this.#state = 'idle'
    this.#stopping = true
    this.#socket.destroy()
  }

  #data(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length) {
      switch (this.#state) {
        case 'head':
          at = this.#head(bytes, at)
          if (at < 0) return
          break
        case 'counted':
          at = this.#body(bytes, at)
          if (this.#left === 0) this.#done(bytes)
          break
        case 'chunk-size':
          at = this.#chunkSize(bytes, at)
          break
        case 'chunk':
          at = this.#body(bytes, at)
          if (this.#left === 0) {
            this.#state = 'chunk-end'
            this.#left = 2
          }
          break
        case 'chunk-end':
        case 'last': {
          const taken = Math.min(this.#left, bytes.length - at)
          at += taken
          this.#left -= taken
          if (this.#left > 0) return
          if (this.#state === 'last') this.#done(bytes)
          else this.#state = 'chunk-size'
          break
        }
        case 'idle':
          return this.#fail('bytes that nobody asked for')
      }
    }
  }

  /** Reads the head; -1 while it is incomplete. */
  #head(bytes: Buffer, at: number): number {
    const known = this.#partialHead.length
    this.#partialHead += bytes.toString('latin1', at)
    const end = this.#partialHead.indexOf('\r\n\r\n')
    if (end < 0) return -1
    const head = this.#partialHead.slice(0, end)
    this.#partialHead = ''
    if (!head.startsWith('HTTP/1.1 200 ')) {
      this.#fail(
        `answered with ${head.slice(9, 60)}: ${bytes.toString('latin1', at + end + 4 - known).slice(0, 300)}`,
      )
      return -1
    }
    const length = contentLength.exec(head)
    this.#partialSize = 0
    this.#left = Number(length?.[1] ?? 0)
    this.#state = length === null ? 'chunk-size' : 'counted'
    return at + end + 4 - known
  }

  #chunkSize(bytes: Buffer, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at]!
      if (byte === newline) {
        const sizeBytes = this.#partialSize
        this.#partialSize = 0
        this.#state = sizeBytes === 0 ? 'last' : 'chunk'
        // What follows the chunk of size zero is an empty line.
        this.#left = sizeBytes === 0 ? 2 : sizeBytes
        return at + 1
      }
      if (byte !== carriageReturn) this.#partialSize = this.#partialSize * 16 + hexDigit(byte)
    }
    return bytes.length
  }

  /** Takes bytes of the body: counts events and notes what the last of them are. */
  #body(bytes: Buffer, at: number): number {
    if (this.#firstByteAt === 0) this.#firstByteAt = performance.now()
    const end = Math.min(bytes.length, at + this.#left)
    this.#left -= end - at
    if (this.#options.expectedEvents === 0) {
      this.#endsWell = bytes[end - 1] === closingBrace
      return end
    }
    if (this.#options.isStamped) this.#readStamps(bytes, at, end)
    for (let i = at; i < end; i++) {
      if (bytes[i] !== newline) this.#afterNewline = false
      else if (this.#afterNewline) {
        this.#events++
        this.#afterNewline = false
      } else this.#afterNewline = true
    }
    return end
  }

  #readStamps(bytes: Buffer, from: number, end: number): void {
    const now = Number(process.hrtime.bigint() / 1000n)
    for (
      let at = bytes.indexOf(atSign, from);
      at >= 0 && at + 17 <= end;
      at = bytes.indexOf(atSign, at + 17)
    ) {
      const madeAt = Number(bytes.toString('latin1', at + 1, at + 17))
      if (madeAt > 0) this.#options.chunkArrived((now - madeAt) / 1000)
    }
  }

  #done(bytes: Buffer): void {
    const { expectedEvents } = this.#options
    const isRight = expectedEvents === 0 ? this.#endsWell : this.#events === expectedEvents
    if (!isRight) return this.#fail(`a wrong answer, ${this.#events} events: ...${bytes.subarray(-200)}`)
    this.#state = 'idle'
    this.#options.answered(performance.now() - this.#askedAt, this.#firstByteAt - this.#askedAt)
    if (!this.#stopping) this.start()
  }

  #fail(why: string): void {
    if (this.#stopping && this.#state === 'idle') return
    this.close()
    this.#options.failed(why)
  }
}

const contentLength = /\r\ncontent-length: *(\d+)/i
const newline = 0x0a
const carriageReturn = 0x0d
const closingBrace = 0x7d
const atSign = 0x40

function hexDigit(byte: number): number {
  return byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57
}
