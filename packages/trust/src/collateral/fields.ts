import { type Bytes, fromHex } from '../bytes.ts'
import { invalidJson, type StrictJson } from './strict-json.ts'

/** More levels, modules or advisories than that are nobody's. */
const maxListEntries = 1024

/**
 * Reads the members of one JSON object by their types. What is missing, of another type or out of range is
 * `evidence-invalid`; members that nobody asks for are passed over.
 */
export class Fields {
  readonly #members: ReadonlyMap<string, StrictJson>

  constructor(value: StrictJson) {
    if (!(value instanceof Map)) throw invalidJson('an object is missing')
    this.#members = value as ReadonlyMap<string, StrictJson>
  }

  has(name: string): boolean {
    return this.#members.has(name)
  }

  text(name: string): string {
    const value = this.#members.get(name)
    if (typeof value !== 'string' || value.length > 4096) throw invalidJson(`${name} is no text`)
    return value
  }

  /** A whole number from 0 to `most`. */
  number(name: string, most: number): number {
    const value = this.#members.get(name)
    if (typeof value !== 'number' || value < 0 || value > most) {
      throw invalidJson(`${name} is no number from 0 to ${most}`)
    }
    return value
  }

  hex(name: string, sizeBytes: number): Bytes {
    const bytes = fromHex(this.text(name))
    if (bytes?.length !== sizeBytes) throw invalidJson(`${name} is not ${sizeBytes} bytes in hexadecimal`)
    return bytes
  }

  /** A time such as 2026-02-01T14:49:26Z, in milliseconds since the Unix epoch. */
  time(name: string): number {
    const timeMs = parseTime(this.text(name))
    if (timeMs === undefined) throw invalidJson(`${name} is no time`)
    return timeMs
  }

  object(name: string): Fields {
    return new Fields(this.#members.get(name) ?? null)
  }

  list(name: string): readonly StrictJson[] {
    const value = this.#members.get(name)
    if (!Array.isArray(value) || value.length > maxListEntries) throw invalidJson(`${name} is no list`)
    return value as readonly StrictJson[]
  }

  /** Texts of a list that may be missing. */
  texts(name: string): string[] {
    if (!this.has(name)) return []
    return this.list(name).map(value => {
      if (typeof value !== 'string' || value.length > 4096)
        throw invalidJson(`${name} has an entry that is no text`)
      return value
    })
  }
}

/** Whole seconds of UTC in the one form that collateral uses; undefined for anything else. */
export function parseTime(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return undefined
  const timeMs = Date.parse(text)
  if (Number.isNaN(timeMs)) return undefined
  // Days that do not exist are parsed as later ones.
  return new Date(timeMs).toISOString() === text.replace('Z', '.000Z') ? timeMs : undefined
}
