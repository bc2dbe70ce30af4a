import { WireError } from './error.ts'

/**
 * Frames: `len:u32le seqno:i32le payload[len]`, 4 <= len <= 2^24, seqno counting from 0 per direction.
 */
export const frameHeaderBytes = 8
export const maxPayloadBytes = 1 << 24
const minPayloadBytes = 4

/** Writes a frame header into `target` at offset 0. */
export function writeFrameHeader(target: Uint8Array, payloadBytes: number, seqno: number): void {
  writeUint32(target, 0, payloadBytes)
  writeUint32(target, 4, seqno)
}

const nothing = new Uint8Array(0)
/** Kept at once for an unfinished frame that claims so much or more. */
const roomBytes = 64 << 10

/** Written over completely before it is read. */
const newBytes: (size: number) => Uint8Array =
  typeof Buffer === 'undefined' ? size => new Uint8Array(size) : size => Buffer.allocUnsafeSlow(size)

/** Memory that several holders share. */
export class ByteBudget {
  readonly #limitBytes: number
  #usedBytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  has(sizeBytes: number): boolean {
    return this.#usedBytes + sizeBytes <= this.#limitBytes
  }

  /** Throws `WireError('overloaded')`, taking nothing, when there is not enough left. */
  take(sizeBytes: number): void {
    if (!this.has(sizeBytes)) {
      throw new WireError(
        'overloaded',
        `all connections together hold ${this.#usedBytes} bytes, the most allowed`,
      )
    }
    this.#usedBytes += sizeBytes
  }

  give(sizeBytes: number): void {
    this.#usedBytes -= sizeBytes
  }
}

/**
 * Cuts a byte stream into frame payloads. Payloads are views of the received bytes where a frame arrived
 * whole. What is kept of an unfinished frame is at most twice what was received of it, whatever length its
 * header claims and however small the pieces are.
 */
export class FrameDecoder {
  #partial: Uint8Array = nothing
  #partialBytes = 0
  #seqno = 0
  #stopped = false
  #maxPayloadBytes: number
  readonly #budget: ByteBudget | undefined

  /** `budget` is shared by all connections of a role: together they keep no more than it allows. */
  constructor(options: { maxPayloadBytes?: number; budget?: ByteBudget | undefined } = {}) {
    this.#maxPayloadBytes = options.maxPayloadBytes ?? maxPayloadBytes
    this.#budget = options.budget
  }

  /** Frames from now on may be as long as the network allows. */
  allowLongest(): void {
    this.#maxPayloadBytes = maxPayloadBytes
  }

  /** Calls `frame` for each complete payload in order. Throws a WireError at the first bad header. */
  push(bytes: Uint8Array, frame: (payload: Uint8Array) => void): void {
    let rest = bytes
    while (!this.#stopped && rest.length > 0) {
      if (this.#partialBytes > 0) {
        rest = this.#complete(rest, frame)
        continue
      }
      const end = this.#frameEnd(rest)
      if (rest.length < end) return this.#keep(rest)
      this.#seqno = (this.#seqno + 1) >>> 0
      const payload = rest.subarray(frameHeaderBytes, end)
      rest = rest.subarray(end)
      frame(payload)
    }
  }

  /** Adds to the unfinished frame what it lacks, and delivers it once it is whole. Returns the bytes after it. */
  #complete(bytes: Uint8Array, frame: (payload: Uint8Array) => void): Uint8Array {
    const lacking = this.#frameEnd(this.#partial.subarray(0, this.#partialBytes)) - this.#partialBytes
    const rest = bytes.subarray(lacking)
    this.#keep(lacking < bytes.length ? bytes.subarray(0, lacking) : bytes)
    const whole = this.#partial.subarray(0, this.#partialBytes)
    if (whole.length < this.#frameEnd(whole)) return rest
    this.#seqno = (this.#seqno + 1) >>> 0
    this.#release()
    frame(whole.subarray(frameHeaderBytes))
    return rest
  }

  /** Where the frame ends that begins these bytes, or where its header does while that is unfinished. */
  #frameEnd(bytes: Uint8Array): number {
    if (bytes.length < frameHeaderBytes) return frameHeaderBytes
    const end = frameHeaderBytes + this.#checkedLength(bytes)
    this.#checkSeqno(bytes)
    return end
  }

  /** Nothing is delivered after this, also from within a `frame` callback. */
  stop(): void {
    this.#stopped = true
    this.#release()
  }

  #release(): void {
    this.#budget?.give(this.#partial.length)
    this.#partial = nothing
    this.#partialBytes = 0
  }

  /** Copies: a small unfinished rest must not hold on to the large buffer that it came in. */
  #keep(bytes: Uint8Array): void {
    const wanted = this.#partialBytes + bytes.length
    if (wanted > this.#partial.length) {
      const grown = newBytes(Math.max(wanted, this.#expectedBytes(bytes, wanted)))
      grown.set(this.#partial.subarray(0, this.#partialBytes))
      this.#budget?.take(grown.length - this.#partial.length)
      this.#partial = grown
    }
    this.#partial.set(bytes, this.#partialBytes)
    this.#partialBytes = wanted
  }

  /** The whole frame if it is short, else twice what came of it: a header alone claims no more than `roomBytes`. */
  #expectedBytes(bytes: Uint8Array, wanted: number): number {
    const header = this.#partialBytes >= frameHeaderBytes ? this.#partial : bytes
    const frameBytes = header.length < frameHeaderBytes ? 0 : frameHeaderBytes + readUint32(header, 0)
    return Math.min(frameBytes, Math.max(2 * wanted, roomBytes))
  }

  #checkedLength(header: Uint8Array): number {
    const length = readUint32(header, 0)
    if (length < minPayloadBytes || length > this.#maxPayloadBytes) {
      throw new WireError(
        'frame-too-large',
        `a frame of ${length} bytes where ${minPayloadBytes} to ${this.#maxPayloadBytes} are allowed`,
      )
    }
    return length
  }

  #checkSeqno(header: Uint8Array): void {
    const seqno = readUint32(header, 4)
    if (seqno !== this.#seqno) {
      throw new WireError('sequence', `frame number ${seqno} where ${this.#seqno} was due`)
    }
  }
}

function readUint32(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24)) >>>
    0
  )
}

function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value
  bytes[offset + 1] = value >>> 8
  bytes[offset + 2] = value >>> 16
  bytes[offset + 3] = value >>> 24
}
