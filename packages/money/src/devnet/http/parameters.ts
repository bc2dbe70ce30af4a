import type { Address } from '@ton/core'
import { parseAddress } from '../../address.ts'
import { MoneyError } from '../../error.ts'
import { tonAddress } from '../accounts.ts'
import { devnetLimits } from '../limits.ts'

/**
 * The parameters of a request, from its query or from a JSON object; numbers may come as text. What does not fit is
 * `MoneyError('devnet')`, addresses `MoneyError('address')`.
 */
export class Parameters {
  readonly #query: URLSearchParams
  readonly #body: Readonly<Record<string, unknown>>

  constructor(query: URLSearchParams, body: Readonly<Record<string, unknown>> = {}) {
    this.#query = query
    this.#body = body
  }

  /** As it came; undefined or null where it is missing. */
  value(name: string): unknown {
    return Object.hasOwn(this.#body, name) ? this.#body[name] : (this.#query.get(name) ?? undefined)
  }

  text(name: string): string | undefined {
    const value = this.value(name)
    if (value === undefined || value === null || value === '') return undefined
    if (typeof value === 'string') return value
    if (typeof value === 'number' || typeof value === 'bigint') return String(value)
    throw wrong(`${name} has to be a text`)
  }

  required(name: string): string {
    return this.text(name) ?? wrongly(`${name} is missing`)
  }

  /** All values of a parameter that may be repeated. */
  texts(name: string): string[] {
    const value = this.value(name)
    const all = Array.isArray(value)
      ? value
      : Object.hasOwn(this.#body, name)
        ? [value]
        : this.#query.getAll(name)
    if (all.length > devnetLimits.repeated)
      throw wrong(`${name} is given more than ${devnetLimits.repeated} times`)
    return all.map(item => (typeof item === 'string' ? item : wrongly(`${name} has to be a text`)))
  }

  integer(name: string, bounds: { least?: number; most?: number } = {}): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const { least = 0, most = Number.MAX_SAFE_INTEGER } = bounds
    const number = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    if (number >= least && number <= most) return number
    throw wrong(`${name} has to be a whole number from ${least} to ${most}`)
  }

  /** A signed number of 64 bits. */
  big(name: string): bigint | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const number = /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined
    if (number !== undefined && BigInt.asIntN(64, number) === number) return number
    throw wrong(`${name} has to be a whole number of 64 bits`)
  }

  flag(name: string): boolean {
    const value = this.value(name)
    return value === true || value === 'true' || value === '1'
  }

  address(name: string): Address {
    return tonAddress(parseAddress(this.required(name)))
  }

  /** Bytes in base64, or nothing. */
  bytes(name: string): Buffer {
    const text = this.text(name) ?? ''
    if (/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) return Buffer.from(text, 'base64')
    throw wrong(`${name} has to be base64`)
  }

  /** A hash in base64 or hex, as 64 hex digits. */
  hash(name: string): string | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    if (/^[0-9a-fA-F]{64}$/.test(text)) return text.toLowerCase()
    const bytes = /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined
    if (bytes?.length === 32) return bytes.toString('hex')
    throw wrong(`${name} has to be a hash in base64 or hex`)
  }
}

export function wrong(why: string): MoneyError {
  return new MoneyError('devnet', why)
}

export function notFound(what: string): MoneyError {
  return new MoneyError('chain-history', `${what} not found`)
}

export function missing(what: string): never {
  throw notFound(what)
}

export function wrongly(why: string): never {
  throw wrong(why)
}
