import type { IncomingHttpHeaders } from 'node:http'
import type { Timer, World } from '@cocoon/wire'
import { ClientError } from '../error.ts'
import { hashKey, type KeyRecord, readKeyFile } from './key-file.ts'

/** What a key spent in one day of UTC. */
export interface KeySpent {
  id: string
  /** Days since 1970-01-01. */
  day: number
  spentNano: bigint
}

export interface KeyBookOptions {
  world: World
  /** What was saved before; entries of other days and of unknown keys are left out. */
  spent?: KeySpent[]
  /** Called at most once a second, and at `flush`, with all that was spent today. */
  saveSpent?: (spent: KeySpent[]) => void
}

/**
 * The API keys that the endpoint accepts, what each may do, and what it did today. Keys are known by the
 * SHA-256 of their text alone, and looked up by it: how long a look-up takes says nothing about a key.
 */
export class KeyBook {
  readonly #options: KeyBookOptions
  readonly #accounts = new Map<string, Account>()
  #keys = new Map<string, Key>()
  #saveTimer: Timer | undefined

  /** Throws a ClientError with code `configuration` if `file` is not a key file. */
  constructor(file: unknown, options: KeyBookOptions) {
    this.#options = options
    for (const { id, day, spentNano } of options.spent ?? []) {
      this.#accounts.set(id, { ...newAccount(id, options.world), day, spentNano })
    }
    this.replace(file)
  }

  /** Takes a changed key file. Requests that run go on; what keys spent stays. */
  replace(file: unknown): void {
    const { world } = this.#options
    const records = readKeyFile(file)
    const keys = new Map<string, Key>()
    for (const record of records) {
      const account = this.#accounts.get(record.id) ?? newAccount(record.id, world)
      this.#accounts.set(record.id, account)
      keys.set(record.hash, new Key(record, account, world, () => this.#saveSoon()))
    }
    const known = new Set(records.map(record => record.id))
    for (const id of this.#accounts.keys()) if (!known.has(id)) this.#accounts.delete(id)
    this.#keys = keys
  }

  /** The key that a request shows, in `Authorization: Bearer` or `api-key`. Throws `unauthorized`. */
  find(headers: IncomingHttpHeaders): Key {
    const text = shownKey(headers)
    if (text === undefined) {
      throw new ClientError('unauthorized', 'An API key is needed: send it as "Authorization: Bearer <key>".')
    }
    const key = text.length > longestKey ? undefined : this.#keys.get(hashKey(text))
    if (key === undefined) throw new ClientError('unauthorized', 'The API key is not known here.')
    if (key.isExpired()) throw new ClientError('unauthorized', 'The API key has expired.')
    return key
  }

  /** Saves what was spent now. */
  flush(): void {
    if (this.#saveTimer === undefined) return
    this.#saveTimer.cancel()
    this.#save()
  }

  #saveSoon(): void {
    if (this.#options.saveSpent === undefined) return
    this.#saveTimer ??= this.#options.world.after(saveEveryMs, () => this.#save())
  }

  #save(): void {
    this.#saveTimer = undefined
    const day = dayOf(this.#options.world)
    const today = [...this.#accounts.values()].filter(account => account.day === day)
    this.#options.saveSpent?.(today.map(({ id, spentNano }) => ({ id, day, spentNano })))
  }
}

/** What a key does, whatever the key file says of it meanwhile. */
interface Account extends KeySpent {
  /** Set aside for queries that run. */
  runningNano: bigint
  /** Requests that it may send at once. */
  requests: number
  refilledMs: number
}

function newAccount(id: string, world: World): Account {
  const refilledMs = world.monotonic()
  return { id, day: 0, spentNano: 0n, runningNano: 0n, requests: Number.POSITIVE_INFINITY, refilledMs }
}

/** One API key while the endpoint runs. */
export class Key {
  readonly #record: KeyRecord
  readonly #account: Account
  readonly #world: World
  readonly #onCharge: () => void

  constructor(record: KeyRecord, account: Account, world: World, onCharge: () => void) {
    this.#record = record
    this.#account = account
    this.#world = world
    this.#onCharge = onCharge
  }

  get id(): string {
    return this.#record.id
  }

  isExpired(): boolean {
    return this.#record.expiresMs !== undefined && this.#world.now() >= this.#record.expiresMs
  }

  allows(model: string): boolean {
    return this.#record.models === undefined || this.#record.models.has(model)
  }

  /** Counts one request. Throws `rate-limited` when the key has none left for now. */
  countRequest(): void {
    const perMinute = this.#record.requestsPerMinute
    if (perMinute === undefined) return
    this.#refill(perMinute)
    if (this.#account.requests < 1) {
      throw new ClientError('rate-limited', `The API key may send ${perMinute} requests a minute.`, {
        retryAfterMs: Math.ceil(((1 - this.#account.requests) * 60_000) / perMinute),
      })
    }
    this.#account.requests -= 1
  }

  /** How much of the rate is left, in the headers of OpenAI; flat. */
  rateHeaders(): string[] {
    const perMinute = this.#record.requestsPerMinute
    if (perMinute === undefined) return []
    this.#refill(perMinute)
    const fullAfterS = ((perMinute - this.#account.requests) * 60) / perMinute
    return [
      'x-ratelimit-limit-requests',
      String(perMinute),
      'x-ratelimit-remaining-requests',
      String(Math.floor(this.#account.requests)),
      'x-ratelimit-reset-requests',
      `${Math.ceil(fullAfterS)}s`,
    ]
  }

  /** Sets `boundNano` aside for a query that begins. Throws `budget-exhausted`. */
  reserve(boundNano: bigint): void {
    const budget = this.#record.budgetNano
    if (budget === undefined) return
    const used = this.#spentToday() + this.#account.runningNano
    if (used >= budget || used + boundNano > budget) {
      const dayEndMs = (dayOf(this.#world) + 1) * dayMs
      throw new ClientError('budget-exhausted', "The API key's budget for today is used up.", {
        retryAfterMs: dayEndMs - this.#world.now(),
      })
    }
    this.#account.runningNano += boundNano
  }

  /** Ends what `reserve` began: what the query really cost counts from now on. */
  charge(boundNano: bigint, costNano: bigint): void {
    if (this.#record.budgetNano !== undefined) this.#account.runningNano -= boundNano
    if (costNano <= 0n) return
    this.#spentToday()
    this.#account.spentNano += costNano
    this.#onCharge()
  }

  #spentToday(): bigint {
    const day = dayOf(this.#world)
    if (this.#account.day !== day) {
      this.#account.day = day
      this.#account.spentNano = 0n
    }
    return this.#account.spentNano
  }

  #refill(perMinute: number): void {
    const now = this.#world.monotonic()
    this.#account.requests = Math.min(
      perMinute,
      this.#account.requests + ((now - this.#account.refilledMs) * perMinute) / 60_000,
    )
    this.#account.refilledMs = now
  }
}

function shownKey(headers: IncomingHttpHeaders): string | undefined {
  const authorization = headers.authorization
  if (authorization !== undefined) return /^bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1]
  const header = headers['api-key']
  return typeof header === 'string' && header !== '' ? header : undefined
}

function dayOf(world: World): number {
  return Math.floor(world.now() / dayMs)
}

const dayMs = 86_400_000
const saveEveryMs = 1000
const longestKey = 512
