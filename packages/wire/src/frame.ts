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

/**
 * Cuts a byte stream into frame payloads. Payloads are views of the received bytes where a frame arrived
 * whole. What is kept of an unfinished frame is at most twice what was received of it, whatever length its
 * header claims and however small the pieces are.
 */
export class FrameDecoder {
  #partial = new Uint8Array(0)
  #partialBytes = 0
  #seqno = 0
  #stopped = false

  /** Calls `frame` for each complete payload in order. Throws a WireError at the first bad header. */
  push(bytes: Uint8Array, frame: (payload: Uint8Array) => void): void {
    let rest = bytes
    if (this.#partialBytes > 0) {
      this.#keep(bytes)
      rest = this.#partial.subarray(0, this.#partialBytes)
      if (rest.length < frameHeaderBytes) return
      const end = frameHeaderBytes + checkedLength(rest)
      this.#checkSeqno(rest)
      if (rest.length < end) return
      this.#partial = new Uint8Array(0)
      this.#partialBytes = 0
    }
    while (!this.#stopped && rest.length >= frameHeaderBytes) {
      const end = frameHeaderBytes + checkedLength(rest)
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
    this.#partial = new Uint8Array(0)
    this.#partialBytes = 0
  }

  /** Copies: a small unfinished rest must not hold on to the large buffer that it came in. */
  #keep(bytes: Uint8Array): void {
    const wanted = this.#partialBytes + bytes.length
    if (wanted > this.#partial.length) {
      const grown = new Uint8Array(Math.max(wanted, Math.min(2 * this.#partial.length, maxPayloadBytes + frameHeaderBytes)))
      grown.set(this.#partial.subarray(0, this.#partialBytes))
      this.#partial = grown
    }
    this.#partial.set(bytes, this.#partialBytes)
    this.#partialBytes = wanted
  }

  #checkSeqno(header: Uint8Array): void {
    const seqno = readUint32(header, 4)
    if (seqno !== this.#seqno) {
      throw new WireError('sequence', `frame number ${seqno} where ${this.#seqno} was due`)
    }
  }
}

function checkedLength(header: Uint8Array): number {
  const length = readUint32(header, 0)
  if (length < minPayloadBytes || length > maxPayloadBytes) {
    throw new WireError(
      'frame-too-large',
      `a frame of ${length} bytes; ${minPayloadBytes} to ${maxPayloadBytes} are allowed`,
    )
  }
  return length
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
