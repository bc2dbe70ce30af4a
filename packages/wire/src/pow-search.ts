/**
 * SHA-256 of the one message shape that the proof of work knows: 16 bytes of salt, then the nonce as 8
 * little-endian bytes. Such a message is a single block in which only two words change, so everything that
 * depends on the salt alone is computed once. Runs at some four million hashes a second and thread.
 */

/** A salt, prepared for many nonces. Its arrays are rewritten by every hash. */
export interface PreparedSalt {
  /** The message schedule. Words 0 to 3 hold the salt, 16 to 18 what follows from it. */
  readonly schedule: Int32Array
  /** The working variables after the four rounds that take the salt alone. */
  readonly saltState: Int32Array
  /** The working variables after all rounds. */
  readonly finalState: Int32Array
}

export function prepareSalt(salt: Uint8Array): PreparedSalt {
  if (salt.length !== 16) throw new RangeError(`A salt has 16 bytes, not ${salt.length}.`)
  const schedule = new Int32Array(64)
  const view = new DataView(salt.buffer, salt.byteOffset, salt.byteLength)
  for (let word = 0; word < 4; word += 1) schedule[word] = view.getInt32(word * 4)
  schedule[6] = 0x8000_0000
  schedule[15] = 24 * 8
  expandSchedule(schedule, 16, 19)
  const saltState = new Int32Array(8)
  compress(schedule, initialState, 0, 4, saltState)
  return { schedule, saltState, finalState: new Int32Array(8) }
}

/**
 * How many zero bits the hash begins with, where its first eight bytes are read as one little-endian integer:
 * the bits of hash byte 7 come first, then those of byte 6, and so on. 0 to 64.
 */
export function zeroBits(prepared: PreparedSalt, nonceLow: number, nonceHigh: number): number {
  hashNonce(prepared, nonceLow, nonceHigh)
  const [first = 0, second = 0] = prepared.finalState
  const upper = Math.clz32(swapBytes(second + initialState[1]!))
  return upper < 32 ? upper : 32 + Math.clz32(swapBytes(first + initialState[0]!))
}

/**
 * Tries `count` nonces from `nonceLow` on, which must not pass 2^32 together. Returns the low half of the
 * first nonce whose hash has `difficulty` zero bits, or -1.
 */
export function searchNonces(
  prepared: PreparedSalt,
  difficulty: number,
  nonceLow: number,
  nonceHigh: number,
  count: number,
): number {
  const { finalState } = prepared
  const end = nonceLow + count
  const offset = initialState[1]!
  // The first eight zero bits are the lowest byte of the second hash word; nearly every nonce fails there.
  const mask = difficulty >= 8 ? 0xff : 0
  for (let low = nonceLow; low < end; low += 1) {
    hashNonce(prepared, low, nonceHigh)
    if (((finalState[1]! + offset) & mask) === 0 && zeroBits(prepared, low, nonceHigh) >= difficulty)
      return low
  }
  return -1
}

function hashNonce(prepared: PreparedSalt, nonceLow: number, nonceHigh: number): void {
  const { schedule, saltState, finalState } = prepared
  schedule[4] = swapBytes(nonceLow)
  schedule[5] = swapBytes(nonceHigh)
  expandSchedule(schedule, 19, 64)
  compress(schedule, saltState, 4, 64, finalState)
}

function swapBytes(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}

/** Fills words `first` to `end` of the schedule from those before. */
function expandSchedule(w: Int32Array, first: number, end: number): void {
  for (let t = first; t < end; t += 1) {
    const w15 = w[t - 15]!
    const w2 = w[t - 2]!
    const sigma0 = ((w15 >>> 7) | (w15 << 25)) ^ ((w15 >>> 18) | (w15 << 14)) ^ (w15 >>> 3)
    const sigma1 = ((w2 >>> 17) | (w2 << 15)) ^ ((w2 >>> 19) | (w2 << 13)) ^ (w2 >>> 10)
    w[t] = (w[t - 16]! + sigma0 + w[t - 7]! + sigma1) | 0
  }
}

/** Runs rounds `first` to `end` on `from` and stores the working variables in `into`. */
function compress(w: Int32Array, from: Int32Array, first: number, end: number, into: Int32Array): void {
  let a = from[0]!
  let b = from[1]!
  let c = from[2]!
  let d = from[3]!
  let e = from[4]!
  let f = from[5]!
  let g = from[6]!
  let h = from[7]!
  for (let t = first; t < end; t += 1) {
    const sum1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const sum0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const temporary = (h + sum1 + (g ^ (e & (f ^ g))) + roundConstants[t]! + w[t]!) | 0
    h = g
    g = f
    f = e
    e = (d + temporary) | 0
    d = c
    c = b
    b = a
    a = (temporary + sum0 + ((b & c) | (d & (b | c)))) | 0
  }
  into[0] = a
  into[1] = b
  into[2] = c
  into[3] = d
  into[4] = e
  into[5] = f
  into[6] = g
  into[7] = h
}

const initialState = Int32Array.of(
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
)

const roundConstants = Int32Array.of(
  0x428a2f98,
  0x71374491,
  0xb5c0fbcf,
  0xe9b5dba5,
  0x3956c25b,
  0x59f111f1,
  0x923f82a4,
  0xab1c5ed5,
  0xd807aa98,
  0x12835b01,
  0x243185be,
  0x550c7dc3,
  0x72be5d74,
  0x80deb1fe,
  0x9bdc06a7,
  0xc19bf174,
  0xe49b69c1,
  0xefbe4786,
  0x0fc19dc6,
  0x240ca1cc,
  0x2de92c6f,
  0x4a7484aa,
  0x5cb0a9dc,
  0x76f988da,
  0x983e5152,
  0xa831c66d,
  0xb00327c8,
  0xbf597fc7,
  0xc6e00bf3,
  0xd5a79147,
  0x06ca6351,
  0x14292967,
  0x27b70a85,
  0x2e1b2138,
  0x4d2c6dfc,
  0x53380d13,
  0x650a7354,
  0x766a0abb,
  0x81c2c92e,
  0x92722c85,
  0xa2bfe8a1,
  0xa81a664b,
  0xc24b8b70,
  0xc76c51a3,
  0xd192e819,
  0xd6990624,
  0xf40e3585,
  0x106aa070,
  0x19a4c116,
  0x1e376c08,
  0x2748774c,
  0x34b0bcb5,
  0x391c0cb3,
  0x4ed8aa4a,
  0x5b9cca4f,
  0x682e6ff3,
  0x748f82ee,
  0x78a5636f,
  0x84c87814,
  0x8cc70208,
  0x90befffa,
  0xa4506ceb,
  0xbef9a3f7,
  0xc67178f2,
)
