import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import { chainError } from './failure.ts'

/** Largest packet that is taken, bytes. The largest answer that is of use fits. */
export const maxPacketBytes = 4 * 1024 * 1024
const nonceBytes = 32
const hashBytes = 32
/** What both sides derive their streams of key from. */
export const sessionBytes = 160

/** One direction's stream of key. */
export interface PacketKey {
  readonly key: Uint8Array
  readonly nonce: Uint8Array
}

/** The two directions, of the side that has dialed. */
export function sessionKeys(session: Uint8Array): { inbound: PacketKey; outbound: PacketKey } {
  return {
    inbound: { key: session.subarray(0, 32), nonce: session.subarray(64, 80) },
    outbound: { key: session.subarray(32, 64), nonce: session.subarray(80, 96) },
  }
}

/**
 * The first 256 bytes on a connection: `key_id:int256 public_key:int256 hash:int256 session:160*bytes`, where the
 * session is encrypted with the shared secret and hashed before.
 */
export function encodeHello(
  keyId: Uint8Array,
  publicKey: Uint8Array,
  shared: Uint8Array,
  session: Uint8Array,
): Buffer {
  const hash = createHash('sha256').update(session).digest()
  return Buffer.concat([keyId, publicKey, hash, helloCipher(shared, hash).update(session)])
}

/** Encrypts and decrypts the session of a hello. */
export function helloCipher(shared: Uint8Array, hash: Uint8Array): ReturnType<typeof createCipheriv> {
  const key = Buffer.concat([shared.subarray(0, 16), hash.subarray(16, 32)])
  const nonce = Buffer.concat([hash.subarray(0, 4), shared.subarray(20, 32)])
  return createCipheriv('aes-256-ctr', key, nonce)
}

/** `size:uint32 nonce:int256 payload hash:int256`, the hash being of nonce and payload, all of it encrypted. */
export class PacketWriter {
  readonly #cipher

  constructor({ key, nonce }: PacketKey) {
    this.#cipher = createCipheriv('aes-256-ctr', key, nonce)
  }

  encode(payload: Uint8Array, nonce: Uint8Array): Buffer {
    const size = Buffer.alloc(4)
    size.writeUInt32LE(nonceBytes + payload.length + hashBytes)
    const hash = createHash('sha256').update(nonce).update(payload).digest()
    return this.#cipher.update(Buffer.concat([size, nonce, payload, hash]))
  }
}

/** Cuts a stream of bytes into packets. Throws `chain-answer` for one that is too large or damaged. */
export class PacketReader {
  readonly #decipher
  readonly #source: string
  #chunks: Buffer[] = []
  #heldBytes = 0
  /** Of the packet that has begun, with its size; 0 before that is known. */
  #dueBytes = 0

  constructor(source: string, { key, nonce }: PacketKey) {
    this.#source = source
    this.#decipher = createDecipheriv('aes-256-ctr', key, nonce)
  }

  /** The payloads that these bytes complete. */
  read(bytes: Uint8Array): Buffer[] {
    this.#chunks.push(this.#decipher.update(bytes))
    this.#heldBytes += bytes.length
    const payloads: Buffer[] = []
    while (this.#heldBytes >= 4) {
      if (this.#dueBytes === 0) this.#dueBytes = 4 + this.#size(this.#held().readUInt32LE())
      if (this.#heldBytes < this.#dueBytes) break
      const held = this.#held()
      payloads.push(this.#payload(held.subarray(4, this.#dueBytes)))
      this.#chunks = [held.subarray(this.#dueBytes)]
      this.#heldBytes -= this.#dueBytes
      this.#dueBytes = 0
    }
    return payloads
  }

  /** Joins what has come, which happens once or twice a packet. */
  #held(): Buffer {
    const [first = Buffer.alloc(0), ...more] = this.#chunks
    const held = more.length === 0 ? first : Buffer.concat(this.#chunks)
    this.#chunks = [held]
    return held
  }

  #size(size: number): number {
    if (size >= nonceBytes + hashBytes && size <= maxPacketBytes) return size
    throw chainError('chain-answer', this.#source, `sends a packet of ${size} bytes`)
  }

  #payload(packet: Buffer): Buffer {
    const hashed = packet.subarray(0, -hashBytes)
    const hash = createHash('sha256').update(hashed).digest()
    if (hash.equals(packet.subarray(-hashBytes))) return hashed.subarray(nonceBytes)
    throw chainError('chain-answer', this.#source, 'sends a damaged packet')
  }
}
