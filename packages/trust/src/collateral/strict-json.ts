import { TrustError } from '../error.ts'

/** Signed JSON of a vendor has some 20 KiB. */
export const maxSignedJsonBytes = 1_048_576

const maxJsonDepth = 16

/** A value of strict JSON. Objects are maps, so that no name in them means anything to the language. */
export type StrictJson =
  | null
  | boolean
  | number
  | string
  | readonly StrictJson[]
  | ReadonlyMap<string, StrictJson>

/**
 * Parses JSON that reads in one way only: no name twice in an object, numbers whole and exact, nesting bounded,
 * nothing around the value. Throws `evidence-invalid`.
 */
export function parseStrictJson(text: string): StrictJson {
  const parser = new Parser(text)
  const value = parser.value(0)
  parser.end()
  return value
}

/**
 * The raw text of each member of an object, byte for byte as it was received: what a signature over one of them
 * covers. Throws `evidence-invalid`.
 */
export function memberTexts(text: string): ReadonlyMap<string, string> {
  const parser = new Parser(text)
  const spans = parser.spans()
  parser.end()
  return new Map([...spans].map(([name, [start, end]]) => [name, text.slice(start, end)]))
}

const space = /[ \t\n\r]*/y
const integer = /-?(?:0|[1-9]\d{0,15})(?![\d.eE])/y
const word = /true|false|null/y
const quote = 0x22
const backslash = 0x5c

class Parser {
  readonly #text: string
  #offset = 0

  constructor(text: string) {
    if (text.length > maxSignedJsonBytes) throw invalidJson(`it has ${text.length} characters`)
    this.#text = text
  }

  value(depth: number): StrictJson {
    if (depth > maxJsonDepth) throw invalidJson('it is nested too deeply')
    this.#match(space)
    const first = this.#text[this.#offset]
    if (first === '{') return this.#object(depth)
    if (first === '[') return this.#array(depth)
    if (first === '"') return this.#string()
    const digits = this.#match(integer)
    if (digits !== undefined) return exact(Number(digits))
    const name = this.#match(word)
    if (name === undefined) throw invalidJson(`it breaks off at character ${this.#offset}`)
    return name === 'null' ? null : name === 'true'
  }

  /** Where the value of each member of the object begins and ends. */
  spans(): ReadonlyMap<string, [start: number, end: number]> {
    const found = new Map<string, [number, number]>()
    this.#match(space)
    this.#members(found, () => {
      this.#match(space)
      const start = this.#offset
      this.value(1)
      return [start, this.#offset]
    })
    return found
  }

  end(): void {
    this.#match(space)
    if (this.#offset < this.#text.length) throw invalidJson('something follows it')
  }

  #object(depth: number): ReadonlyMap<string, StrictJson> {
    const found = new Map<string, StrictJson>()
    this.#members(found, () => this.value(depth + 1))
    return found
  }

  #members<Value>(found: Map<string, Value>, read: () => Value): void {
    this.#expect('{')
    this.#match(space)
    if (this.#skip('}')) return
    do {
      this.#match(space)
      const name = this.#string()
      if (found.has(name)) throw invalidJson(`it names ${name.slice(0, 40)} twice`)
      this.#match(space)
      this.#expect(':')
      found.set(name, read())
      this.#match(space)
    } while (this.#skip(','))
    this.#expect('}')
  }

  #array(depth: number): StrictJson[] {
    const found: StrictJson[] = []
    this.#expect('[')
    this.#match(space)
    if (this.#skip(']')) return found
    do {
      found.push(this.value(depth + 1))
      this.#match(space)
    } while (this.#skip(','))
    this.#expect(']')
    return found
  }

  #string(): string {
    const start = this.#offset
    if (this.#text[start] !== '"') throw invalidJson(`a string is missing at character ${start}`)
    let end = start + 1
    for (let code = this.#text.charCodeAt(end); code !== quote; code = this.#text.charCodeAt(end)) {
      // Control characters are not allowed, and behind the end of the text there is no code at all.
      if (!(code >= 0x20)) throw invalidJson(`a string breaks off at character ${end}`)
      end += code === backslash ? 2 : 1
    }
    this.#offset = end + 1
    const quoted = this.#text.slice(start, end + 1)
    return quoted.includes('\\') ? unescape(quoted) : quoted.slice(1, -1)
  }

  #match(form: RegExp): string | undefined {
    form.lastIndex = this.#offset
    const [found] = form.exec(this.#text) ?? []
    this.#offset += found?.length ?? 0
    return found
  }

  #skip(sign: string): boolean {
    if (this.#text[this.#offset] !== sign) return false
    this.#offset += 1
    return true
  }

  #expect(sign: string): void {
    if (!this.#skip(sign)) throw invalidJson(`${sign} is missing at character ${this.#offset}`)
  }
}

function exact(number: number): number {
  if (!Number.isSafeInteger(number) || Object.is(number, -0))
    throw invalidJson('it has a number that is not exact')
  return number
}

function unescape(quoted: string): string {
  try {
    return JSON.parse(quoted) as string
  } catch (cause) {
    throw new TrustError('evidence-invalid', 'The signed JSON is malformed: a string has an odd escape.', {
      cause,
    })
  }
}

export function invalidJson(what: string): TrustError {
  return new TrustError('evidence-invalid', `The signed JSON is malformed: ${what}.`)
}
