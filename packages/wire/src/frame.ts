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
      throw new WireError('overloaded', `all connections together hold ${this.#usedBytes} bytes, the most allowed`)
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
    if (this.#partialBytes > 0) {
      this.#keep(bytes)
      rest = this.#partial.subarray(0, this.#partialBytes)
      if (rest.length < frameHeaderBytes) return
      const end = frameHeaderBytes + this.#checkedLength(rest)
      this.#checkSeqno(rest)
      if (rest.length < end) return
      this.#release()
    }
    while (!this.#stopped && rest.length >= frameHeaderBytes) {
      const end = frameHeaderBytes + this.#checkedLength(rest)
      this.#checkSeqno(rest)
      if (rest.length < end) break
      this.#seqno = (this.#seqno + 1) >>> 0
      const payload = rest.subarray(frameHeaderBytes, end)
      rest = rest.subarray(end)
      frame(payload)
    }
    if (!this.#stopped && rest.length > 0) this.#keep(rest)
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
      const grown = new Uint8Array(Math.max(wanted, Math.min(2 * this.#partial.length, maxPayloadBytes + frameHeaderBytes)))
      grown.set(this.#partial.subarray(0, this.#partialBytes))
      this.#budget?.take(grown.length - this.#partial.length)
      this.#partial = grown
    }
    this.#partial.set(bytes, this.#partialBytes)
    this.#partialBytes = wanted
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
    (bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24)) >>> 0
  )
}

function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value
  bytes[offset + 1] = value >>> 8
  bytes[offset + 2] = value >>> 16
  bytes[offset + 3] = value >>> 24
}
