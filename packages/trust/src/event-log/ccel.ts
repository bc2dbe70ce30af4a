import type { Bytes } from '../bytes.ts'
import { eventLogLimits, isRegister, malformedLog, noAction } from './event.ts'
import type { MeasuredEvent } from './event.ts'

const sha384Algorithm = 0x000c
const sha384Bytes = 48
const signature = 'Spec ID Event03\0'

/**
 * Reads a crypto-agile log of the TCG (CCEL), as firmware of a trust domain leaves it:
 *
 *     first: index u32, type u32 (3), SHA-1 20 (zeros), size u32, "Spec ID Event03" header
 *     then:  index u32 (1 to 4 are RTMR0 to 3), type u32, count u32, count × (algorithm u16, digest),
 *            size u32, data
 *
 * Little-endian; to the end, or to padding that is all zeros or all ones. Throws `event-log-malformed`.
 */
export function parseCcel(bytes: Uint8Array): MeasuredEvent[] {
  if (bytes.length > eventLogLimits.maxLogBytes) throw malformedLog(`it has ${bytes.length} bytes`)
  const reader = new LogReader(Uint8Array.from(bytes))
  const sizes = parseHeader(reader)
  const events: MeasuredEvent[] = []
  while (!reader.isPadding()) {
    if (events.length === eventLogLimits.maxEvents) throw malformedLog('it has too many events')
    events.push(parseEvent(reader, sizes))
  }
  return events
}

/** Digest sizes by algorithm. */
type DigestSizes = ReadonlyMap<number, number>

function parseHeader(reader: LogReader): DigestSizes {
  reader.number(4) // Index: it extends none.
  if (reader.number(4) !== noAction) throw malformedLog('its first record is no header')
  if (reader.take(20).some(byte => byte !== 0)) throw malformedLog('its header has a digest')
  const header = new LogReader(reader.take(reader.number(4)))
  if (String.fromCharCode(...header.take(16)) !== signature)
    throw malformedLog('its header is not of version 3')
  header.take(4) // Platform class.
  const minor = header.number(1)
  const major = header.number(1)
  if (major !== 2 || minor !== 0) throw malformedLog(`its header is of version ${major}.${minor}`)
  header.take(2) // Errata, and the size of a native integer.
  const count = header.number(4)
  if (count === 0 || count > eventLogLimits.maxAlgorithms)
    throw malformedLog(`it has ${count} hash algorithms`)
  const sizes = new Map<number, number>()
  for (let index = 0; index < count; index += 1) sizes.set(header.number(2), header.number(2))
  header.take(header.number(1))
  header.end('header')
  if (sizes.size !== count || sizes.get(sha384Algorithm) !== sha384Bytes) {
    throw malformedLog('its hash algorithms are doubled, or SHA-384 is not among them')
  }
  return sizes
}

function parseEvent(reader: LogReader, sizes: DigestSizes): MeasuredEvent {
  const register = reader.number(4) - 1
  const type = reader.number(4)
  const count = reader.number(4)
  if (count > sizes.size) throw malformedLog(`an event with ${count} digests`)
  const digests = new Map<number, Bytes>()
  for (let index = 0; index < count; index += 1) {
    const algorithm = reader.number(2)
    const size = sizes.get(algorithm)
    if (size === undefined || digests.has(algorithm))
      throw malformedLog('a digest that its header does not know')
    digests.set(algorithm, reader.take(size))
  }
  const data = reader.take(reader.number(4))
  const digest = digests.get(sha384Algorithm)
  if (!digest) throw malformedLog('an event without a SHA-384 digest')
  if (type === noAction) return { type, digest, data }
  if (!isRegister(register)) throw malformedLog(`an event of register ${register + 1}`)
  return { register, type, digest, data }
}

class LogReader {
  readonly #bytes: Bytes
  #offset = 0

  constructor(bytes: Bytes) {
    this.#bytes = bytes
  }

  /** Whether what is left is empty, all zeros or all ones. */
  isPadding(): boolean {
    const first = this.#bytes[this.#offset]
    if (first === undefined) return true
    // An event begins with its index, whose bytes are neither all zeros nor all ones.
    const head = this.#bytes.subarray(this.#offset, this.#offset + 4)
    if ((first !== 0 && first !== 0xff) || head.some(byte => byte !== first)) return false
    if (this.#bytes.subarray(this.#offset).some(byte => byte !== first)) {
      throw malformedLog('bytes behind its end')
    }
    return true
  }

  take(length: number): Bytes {
    const end = this.#offset + length
    if (end > this.#bytes.length) throw malformedLog('a field reaches past the end')
    const field = this.#bytes.subarray(this.#offset, end)
    this.#offset = end
    return field
  }

  /** Unsigned, of up to 4 bytes. */
  number(length: number): number {
    return this.take(length).reduceRight((value, byte) => value * 0x100 + byte, 0)
  }

  end(what: string): void {
    if (this.#offset < this.#bytes.length) throw malformedLog(`bytes are left at the end of its ${what}`)
  }
}
