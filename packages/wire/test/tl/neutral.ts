import { readFileSync } from 'node:fs'
import {
  type AnyCombinator,
  type Codec,
  codecs,
  type CombinatorName,
  combinators,
  decodeAny,
  encodeAny,
} from '../../src/tl/index.ts'

/**
 * The form of values in the language-neutral vectors: field names of the schema, `_` for the combinator,
 * bytes as `hex:...` or, where they hold another boxed value, as that value.
 */
export type Neutral = { readonly _: CombinatorName; readonly [field: string]: unknown }

type LosslessParse = (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown

/** Parses a file under vectors/wire: integers that a number cannot hold become bigints, null is absent. */
export function readVectors<T>(file: string): T {
  const text = readFileSync(new URL(`../../../../vectors/wire/${file}`, import.meta.url), 'utf8')
  return (JSON.parse as LosslessParse)(text, (_key, value, { source = '' }) => {
    const isLarge = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
    return isLarge ? BigInt(source) : (value ?? undefined)
  }) as T
}

export function codecOf(name: CombinatorName): Codec<AnyCombinator> {
  return codecs[name] as Codec<AnyCombinator>
}

export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** The value that the codec takes. */
export function fromNeutral(neutral: Neutral): AnyCombinator {
  const value: Record<string, unknown> = { _: neutral._ }
  for (const { name, property, type } of combinators[neutral._].fields) {
    const json = neutral[name]
    if (json !== undefined)
      value[property] = Array.isArray(json) ? json.map(each => scalar(type, each)) : scalar(type, json)
  }
  return value as unknown as AnyCombinator
}

function scalar(type: string, json: unknown): unknown {
  if (type === 'long') return BigInt(json as number | bigint)
  if (type === 'bytes' && typeof json === 'object') return encodeAny(fromNeutral(json as Neutral))
  if (type === 'bytes' || type === 'int256') return fromHex((json as string).slice('hex:'.length))
  return typeof json === 'object' ? fromNeutral(json as Neutral) : json
}

/** The neutral form of a value; bytes are opened up where they are opened up in `like`. */
export function toNeutral(value: unknown, like: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (value instanceof Uint8Array)
    return typeof like === 'object' ? toNeutral(decodeAny(value), like) : `hex:${toHex(value)}`
  if (Array.isArray(value)) return value.map((each, index) => toNeutral(each, (like as unknown[])[index]))
  if (typeof value !== 'object' || value === null) return value
  const { _, ...properties } = value as Record<string, unknown>
  const neutral: Record<string, unknown> = { _ }
  for (const [property, each] of Object.entries(properties)) {
    const name = property.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
    neutral[name] = toNeutral(each, (like as Neutral)[name])
  }
  return neutral
}
