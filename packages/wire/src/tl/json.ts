import { WireError } from '../error.ts'
import type { CombinatorName } from './any.ts'
import type { FieldInfo } from './reflection.ts'
import { boxedTypes, type CombinatorTypes, combinators } from './schema.generated.ts'

/**
 * Reads a combinator's value from parsed JSON, as configuration files hold it. Keys are the names of the
 * schema. Unknown keys are ignored; a key that is missing or null gives 0, false, '', zero bytes or an empty
 * vector. A number may be a decimal string, a Bool may be 0, 1, "0" or "1", bytes are standard base64 with
 * padding. A boxed value names its combinator under `@type`, unless its type has only one.
 *
 * Throws `WireError('malformed')` that names the key, preceded by `path`, and never repeats the value, which
 * may be a secret.
 */
export function fromJson<Name extends CombinatorName>(
  name: Name,
  json: unknown,
  path = '',
): CombinatorTypes[Name] {
  const source = isObject(json) ? json : fail(path, 'an object', json)
  const value: Record<string, unknown> = { _: name }
  for (const field of combinators[name].fields) {
    if (isPresent(field, value)) value[field.property] = readField(field, source, path)
  }
  return value as unknown as CombinatorTypes[Name]
}

function isPresent({ condition }: FieldInfo, value: Readonly<Record<string, unknown>>): boolean {
  return condition === undefined || ((value[condition.flags] as number) & (1 << condition.bit)) !== 0
}

function readField({ name, type, vector }: FieldInfo, source: JsonObject, path: string): unknown {
  const json = Object.hasOwn(source, name) ? (source[name] ?? undefined) : undefined
  const fieldPath = path === '' ? name : `${path}.${name}`
  if (vector === undefined) return readScalar(type, json, fieldPath)
  const elements = json ?? []
  if (!Array.isArray(elements)) fail(fieldPath, 'an array', json)
  return elements.map((element: unknown, index) =>
    readScalar(type, element ?? undefined, `${fieldPath}[${index}]`),
  )
}

/** `json` undefined stands for a key that is missing. */
function readScalar(type: string, json: unknown, path: string): unknown {
  switch (type) {
    case 'int':
      return Number(readInteger(json, path, 'a 32-bit integer', -(2n ** 31n), 2n ** 31n - 1n))
    case '#':
      return Number(readInteger(json, path, 'flags of bits 0 to 30', 0n, 2n ** 31n - 1n))
    case 'long':
      return readInteger(json, path, 'a 64-bit integer', -(2n ** 63n), 2n ** 63n - 1n)
    case 'double':
      return readDouble(json, path)
    case 'Bool':
      return readBool(json, path)
    case 'string':
      return json === undefined || typeof json === 'string' ? (json ?? '') : fail(path, 'a string', json)
    case 'bytes':
      return json === undefined ? new Uint8Array(0) : readBase64(json, path, 'standard base64')
    case 'int128':
      return readFixed(json, path, 16)
    case 'int256':
      return readFixed(json, path, 32)
    default:
      return isCombinator(type) ? fromJson(type, json ?? {}, path) : readBoxed(type, json, path)
  }
}

function readInteger(json: unknown, path: string, expected: string, least: bigint, most: bigint): bigint {
  const isInteger = Number.isSafeInteger(json) || (typeof json === 'string' && /^-?\d{1,20}$/.test(json))
  if (json !== undefined && !isInteger) fail(path, expected, json)
  const value = BigInt((json ?? 0) as number | string)
  return value >= least && value <= most ? value : fail(path, expected, json)
}

function readDouble(json: unknown, path: string): number {
  if (json === undefined) return 0
  const value = typeof json === 'string' && /^-?\d{1,20}(\.\d{1,20})?$/.test(json) ? Number(json) : json
  return typeof value === 'number' && Number.isFinite(value) ? value : fail(path, 'a number', json)
}

function readBool(json: unknown, path: string): boolean {
  switch (json) {
    case true:
    case 1:
    case '1':
      return true
    case undefined:
    case false:
    case 0:
    case '0':
      return false
    default:
      return fail(path, 'true or false', json)
  }
}

function readFixed(json: unknown, path: string, size: number): Uint8Array {
  if (json === undefined) return new Uint8Array(size)
  const expected = `${size} bytes in standard base64 with padding`
  const bytes = readBase64(json, path, expected)
  return bytes.length === size ? bytes : fail(path, expected, json)
}

function readBase64(json: unknown, path: string, expected: string): Uint8Array {
  if (typeof json !== 'string' || json.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(json))
    return fail(path, expected, json)
  return Uint8Array.from(atob(json), character => character.charCodeAt(0))
}

function readBoxed(type: string, json: unknown, path: string): unknown {
  const names = boxedTypes[type] ?? []
  const only = names.length === 1 ? names[0] : undefined
  const name = only ?? names.find(candidate => isObject(json) && json['@type'] === candidate)
  return name === undefined
    ? fail(path, `an object whose @type is one of ${names.join(', ')}`, json)
    : fromJson(name, json ?? {}, path)
}

type JsonObject = { readonly [key: string]: unknown }

function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

function isCombinator(type: string): type is CombinatorName {
  return Object.hasOwn(combinators, type)
}

function fail(path: string, expected: string, json: unknown): never {
  throw new WireError(
    'malformed',
    `${path === '' ? 'The JSON' : path} must be ${expected}, not ${describe(json)}`,
  )
}

/** What a value is, without its content. */
function describe(json: unknown): string {
  if (json === undefined || json === null) return 'missing'
  if (Array.isArray(json)) return `an array of ${json.length}`
  if (typeof json === 'string') return `a string of ${json.length} characters`
  return typeof json === 'object' ? 'an object' : `another ${typeof json}`
}
