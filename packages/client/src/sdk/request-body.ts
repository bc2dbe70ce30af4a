import { queryDefaults } from '../http/limits.ts'
import type { LeastProtection } from '../network.ts'
import {
  nothingGenerated,
  type QueryKind,
  readLeastProtection,
  readModel,
  readTimeout,
  readTokens,
  readUnsigned,
  wantsUsageEvent,
} from '../query-fields.ts'

/** A request of a caller: fields of OpenAI's API, and the network's own. */
export type RequestFields = Readonly<Record<string, unknown>>

/** A request, read. */
export interface ReadRequest {
  readonly kind: QueryKind
  /** At the worker's backend. */
  readonly path: string
  readonly model: string
  /** JSON without the network's own fields, UTF-8. */
  readonly body: Uint8Array
  readonly maxCoefficient: number
  readonly maxTokens: number
  readonly timeoutMs: number
  readonly isStream: boolean
  /** The caller did not ask for the event without choices, and would not expect it. */
  readonly fillsChoices: boolean
  readonly leastProtection: LeastProtection | undefined
}

const longestTimeoutMs = 3_600_000
const networkFields = new Set([
  'max_coefficient',
  'timeout',
  'enable_debug',
  'request_guid',
  'cocoon_protection',
])

/** Reads a request as an endpoint of the client role would. Throws `invalid-request`. */
export function readRequest(kind: QueryKind, path: string, fields: RequestFields): ReadRequest {
  const own = { ...fields }
  const { maxCoefficient, maxTokens, timeoutMs } = queryDefaults
  const tokens = kind === 'embedding' ? nothingGenerated : readTokens(kind, own, maxTokens)
  const kept = Object.entries(own).filter(([name]) => !networkFields.has(name) && !tokens.drop.includes(name))
  const body = Object.fromEntries(tokens.added === '' ? kept : [...kept, ['max_tokens', maxTokens]])
  return {
    kind,
    path,
    model: readModel(own['model']),
    body: new TextEncoder().encode(JSON.stringify(body)),
    maxCoefficient: readUnsigned(own, 'max_coefficient') ?? maxCoefficient,
    maxTokens: tokens.reserved,
    timeoutMs: readTimeout(own['timeout'], longestTimeoutMs) ?? timeoutMs,
    isStream: own['stream'] === true,
    fillsChoices: !wantsUsageEvent(own['stream_options']),
    leastProtection: readLeastProtection(own['cocoon_protection'], 'cocoon_protection'),
  }
}
