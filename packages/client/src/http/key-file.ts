import { createHash } from 'node:crypto'
import type { World } from '@cocoon/wire'
import { ClientError } from '../error.ts'

/** One key as a key file holds it: `{"keys":[{"id","hash","name",...}]}`. */
export interface KeyEntry {
  id: string
  /** SHA-256 of the key's text, lower-case hex. */
  hash: string
  name: string
  /** Most that it may spend in one day of UTC, nanotons; a decimal string or an integer. */
  budgetNano?: string | number
  requestsPerMinute?: number
  /** Models that it may use; all of them if absent. */
  models?: string[]
  /** ISO 8601 time from which on it is refused. */
  expires?: string
}

/** The same, parsed. */
export interface KeyRecord {
  id: string
  hash: string
  budgetNano: bigint | undefined
  requestsPerMinute: number | undefined
  models: ReadonlySet<string> | undefined
  expiresMs: number | undefined
}

/** What a new key shall be allowed to do. */
export type KeyGrant = Omit<KeyEntry, 'id' | 'hash'>

/** Makes a key. Its text exists in the result alone: the entry, which goes into the key file, has its hash. */
export function createKey(world: World, grant: KeyGrant): { key: string; entry: KeyEntry } {
  const key = `sk-cocoon-${Buffer.from(world.random(32)).toString('base64url')}`
  const id = Buffer.from(world.random(6)).toString('hex')
  return { key, entry: { id, hash: hashKey(key), ...grant } }
}

/** SHA-256 of a key's text, lower-case hex: what a key file holds in its place. */
export function hashKey(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Parses the contents of a key file. Throws a ClientError with code `configuration`. */
export function readKeyFile(file: unknown): KeyRecord[] {
  if (!isObject(file) || !Array.isArray(file.keys)) throw faulty('it has to be {"keys": [...]}')
  const records = file.keys.map((entry, index) => readEntry(entry, `keys[${index}]`))
  if (new Set(records.map(record => record.id)).size < records.length) throw faulty('two keys have one id')
  if (new Set(records.map(record => record.hash)).size < records.length)
    throw faulty('two keys have one hash')
  return records
}

function readEntry(entry: unknown, where: string): KeyRecord {
  if (!isObject(entry)) throw faulty(`${where} has to be an object`)
  const { id, hash } = entry
  if (typeof id !== 'string' || id === '') throw faulty(`${where}.id has to be a string`)
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) {
    throw faulty(`${where}.hash has to be 64 lower-case hex digits`)
  }
  return {
    id,
    hash,
    budgetNano: readBudget(entry.budgetNano, where),
    requestsPerMinute: readRate(entry.requestsPerMinute, where),
    models: readModels(entry.models, where),
    expiresMs: readExpiry(entry.expires, where),
  }
}

function readBudget(value: unknown, where: string): bigint | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && /^\d{1,30}$/.test(value)) return BigInt(value)
  if (Number.isSafeInteger(value) && (value as number) >= 0) return BigInt(value as number)
  throw faulty(`${where}.budgetNano has to be a whole number of nanotons`)
}

function readRate(value: unknown, where: string): number | undefined {
  if (value === undefined) return undefined
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number
  throw faulty(`${where}.requestsPerMinute has to be a whole number from 1`)
}

function readModels(value: unknown, where: string): ReadonlySet<string> | undefined {
  if (value === undefined) return undefined
  if (Array.isArray(value) && value.every(model => typeof model === 'string')) return new Set(value)
  throw faulty(`${where}.models has to be a list of model names`)
}

function readExpiry(value: unknown, where: string): number | undefined {
  if (value === undefined) return undefined
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (Number.isNaN(time)) throw faulty(`${where}.expires has to be an ISO 8601 time`)
  return time
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function faulty(what: string): ClientError {
  return new ClientError('configuration', `The key file cannot be used: ${what}.`)
}
