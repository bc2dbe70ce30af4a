import { WireError } from './error.ts'
import { prepareSalt, zeroBits } from './pow-search.ts'

export const challengeBytes = 24
export const responseBytes = 12
export const saltBytes = 16

const challengeMagic = 0x418e_1291
const responseMagic = 0x0182_7319

/** What an acceptor asks a dialer to compute before it spends anything on the connection. */
export interface Challenge {
  /** Zero bits that the hash must begin with, 0 to 64. */
  readonly difficulty: number
  /** 16 random bytes. */
  readonly salt: Uint8Array
}

/** `91128e41`, difficulty int32, salt 16 bytes; integers are little-endian. */
export function encodeChallenge({ difficulty, salt }: Challenge): Uint8Array {
  if (!isDifficulty(difficulty)) throw new RangeError(`A difficulty is 0 to 64, not ${difficulty}.`)
  if (salt.length !== saltBytes) throw new RangeError(`A salt has ${saltBytes} bytes, not ${salt.length}.`)
  const bytes = new Uint8Array(challengeBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, challengeMagic, true)
  view.setInt32(4, difficulty, true)
  bytes.set(salt, 8)
  return bytes
}

/** Reads exactly 24 bytes; the salt is a copy. Throws `proof-of-work`. */
export function decodeChallenge(bytes: Uint8Array): Challenge {
  const view = viewOf(bytes, challengeBytes, challengeMagic, 'challenge')
  const difficulty = view.getInt32(4, true)
  if (!isDifficulty(difficulty))
    throw refused(`The peer asks for a difficulty of ${difficulty}; 0 to 64 exist.`)
  return { difficulty, salt: bytes.slice(8) }
}

/** `19738201`, nonce int64; integers are little-endian. */
export function encodeResponse(nonce: bigint): Uint8Array {
  const bytes = new Uint8Array(responseBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, responseMagic, true)
  view.setBigInt64(4, nonce, true)
  return bytes
}

/** Reads exactly 12 bytes and returns the nonce. Throws `proof-of-work`. */
export function decodeResponse(bytes: Uint8Array): bigint {
  return viewOf(bytes, responseBytes, responseMagic, 'response').getBigInt64(4, true)
}

/**
 * Whether SHA-256(salt, nonce as 8 little-endian bytes) begins with enough zero bits, counted in its first
 * eight bytes taken as a little-endian integer: byte 7 first, byte 0 last.
 */
export function check({ difficulty, salt }: Challenge, nonce: bigint): boolean {
  const low = Number(BigInt.asUintN(32, nonce))
  const high = Number(BigInt.asIntN(32, nonce >> 32n))
  return zeroBits(prepareSalt(salt), low, high) >= difficulty
}

function isDifficulty(difficulty: number): boolean {
  return Number.isInteger(difficulty) && difficulty >= 0 && difficulty <= 64
}

function viewOf(bytes: Uint8Array, sizeBytes: number, magic: number, what: string): DataView {
  if (bytes.length !== sizeBytes) throw refused(`A ${what} has ${sizeBytes} bytes, not ${bytes.length}.`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(0, true) !== magic) {
    throw refused(
      `What the peer sent is no proof-of-work ${what}. It may not be a Cocoon peer, or not on this port.`,
    )
  }
  return view
}

function refused(message: string): WireError {
  return new WireError('proof-of-work', message)
}
