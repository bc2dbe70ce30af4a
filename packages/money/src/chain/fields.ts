import { MoneyError } from '../error.ts'

/** Reads fields of parsed JSON. Whatever it holds, the worst is `MoneyError('chain-answer')`. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>

  constructor(value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw wrong('an object is missing')
    this.#values = value as Record<string, unknown>
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined && this.#values[name] !== null
  }

  value(name: string): unknown {
    return this.#values[name]
  }

  fields(name: string): Fields {
    return new Fields(this.#values[name])
  }

  text(name: string): string {
    const value = this.#values[name]
    if (typeof value !== 'string') throw wrong(`${name} is no text`)
    return value
  }

  /** Not negative, up to 2^53. */
  count(name: string): number {
    const value = Number(this.integer(name))
    if (!Number.isSafeInteger(value) || value < 0) throw wrong(`${name} is out of range`)
    return value
  }

  /** A JSON number, or digits in a text where it may be large. */
  integer(name: string): bigint {
    const value = this.#values[name]
    if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
    if (typeof value !== 'string' || !/^-?\d{1,40}$/.test(value)) throw wrong(`${name} is no whole number`)
    return BigInt(value)
  }

  /** 32 bytes in base64 or hex, as 64 hex digits. */
  hash(name: string): string {
    const value = this.text(name)
    if (/^[0-9a-fA-F]{64}$/.test(value)) return value.toLowerCase()
    const bytes = value.length <= 44 ? Buffer.from(value, 'base64') : Buffer.alloc(0)
    if (bytes.length !== 32) throw wrong(`${name} is no hash`)
    return bytes.toString('hex')
  }
}

/** A list of at most `most` values. */
export function listOf(value: unknown, most: number): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong('a list is missing')
  if (value.length > most) throw wrong(`a list has ${value.length} entries, more than ${most}`)
  return value
}

function wrong(why: string): MoneyError {
  return new MoneyError('chain-answer', `A field is not as it should be: ${why}`)
}
