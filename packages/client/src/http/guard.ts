import type { IncomingMessage } from 'node:http'
import { refuse, type Refusal } from './refusal.ts'

export interface GuardOptions {
  /** Where the endpoint listens. */
  host: string
  /** Origins whose pages may call, such as `https://app.example`; `*` for all; false for none. */
  cors: string[] | false
  /** Names that a Host header may hold besides loopback ones; false to take any. */
  hostNames: string[] | false
}

/**
 * Keeps web pages out. A page that the user merely visits can send requests to a loopback port: from its own
 * origin, or, after rebinding its DNS name to 127.0.0.1, as if the endpoint were its own server. Each such
 * request would spend the user's money.
 */
export class Guard {
  readonly #isLoopback: boolean
  readonly #checksHost: boolean
  readonly #hostNames: ReadonlySet<string>
  readonly #origins: ReadonlySet<string> | undefined
  readonly #allOrigins: boolean
  #lastHost: string | undefined

  constructor(options: GuardOptions) {
    const names = options.hostNames === false ? [] : options.hostNames
    this.#isLoopback = isLoopbackName(options.host)
    this.#checksHost = options.hostNames !== false && (this.#isLoopback || names.length > 0)
    this.#hostNames = new Set(names.map(name => name.toLowerCase()))
    this.#origins =
      options.cors === false ? undefined : new Set(options.cors.map(origin => origin.toLowerCase()))
    this.#allOrigins = this.#origins?.has('*') ?? false
  }

  /** True when web pages of some origins may call. */
  get hasCors(): boolean {
    return this.#origins !== undefined
  }

  /** Why the request must not be served, or undefined. */
  check(request: IncomingMessage): Refusal | undefined {
    const { host, origin } = request.headers
    if (this.#checksHost && host !== undefined && host !== this.#lastHost) {
      if (!this.#allowsHost(hostName(host))) return foreignHost
      this.#lastHost = host
    }
    if (origin !== undefined && !this.#allowsOrigin(origin, host)) return foreignOrigin
    return undefined
  }

  /** Headers with which a browser lets the page read the answer; flat. */
  answerHeaders(origin: string | undefined): string[] {
    if (this.#origins === undefined) return []
    if (this.#allOrigins) return ['access-control-allow-origin', '*', ...exposed]
    if (origin === undefined || !this.#origins.has(origin.toLowerCase())) return ['vary', 'Origin']
    return ['access-control-allow-origin', origin, 'vary', 'Origin', ...exposed]
  }

  /** The same for the question that a browser sends beforehand. */
  preflightHeaders(request: IncomingMessage, methods: string): string[] {
    const headers = this.answerHeaders(request.headers.origin)
    headers.push('access-control-allow-methods', methods, 'access-control-max-age', '600')
    const asked = request.headers['access-control-request-headers']
    // OpenAI's library adds headers of its own from release to release, so those asked for are allowed.
    headers.push('access-control-allow-headers', isTokenList(asked) ? asked : 'authorization, content-type')
    if (request.headers['access-control-request-private-network'] === 'true') {
      headers.push('access-control-allow-private-network', 'true')
    }
    return headers
  }

  #allowsHost(name: string): boolean {
    return this.#hostNames.has(name) || isLoopbackName(name)
  }

  #allowsOrigin(origin: string, host: string | undefined): boolean {
    if (this.#allOrigins || this.#origins?.has(origin.toLowerCase())) return true
    const scheme = /^https?:\/\//.exec(origin)?.[0]
    if (scheme === undefined) return false
    const authority = origin.slice(scheme.length)
    return authority === host || (this.#isLoopback && isLoopbackName(hostName(authority)))
  }
}

/** The name or address in `name:port`, lower case, without brackets and a final dot. */
function hostName(authority: string): string {
  const bracket = authority.startsWith('[') ? authority.indexOf(']') : -1
  if (bracket > 0) return authority.slice(1, bracket).toLowerCase()
  const colon = authority.indexOf(':')
  const name = colon < 0 ? authority : authority.slice(0, colon)
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase()
}

function isLoopbackName(name: string): boolean {
  if (name === 'localhost' || name === '::1' || name.endsWith('.localhost')) return true
  return /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)
}

function isTokenList(value: string | undefined): value is string {
  return (
    value !== undefined &&
    value.length <= 1024 &&
    /^[\w!#$%&'*+.^`|~-]+(?:, *[\w!#$%&'*+.^`|~-]+)*$/.test(value)
  )
}

const foreignHost = refuse(
  403,
  'invalid_request_error',
  'host_not_allowed',
  'The Host header names no address of this machine. Call the endpoint as localhost, or add the name to its host names.',
)
const foreignOrigin = refuse(
  403,
  'invalid_request_error',
  'origin_not_allowed',
  'Web pages of this origin may not call the endpoint. Add the origin to its CORS setting if they shall.',
)
const exposed = [
  'access-control-expose-headers',
  'retry-after, x-request-id, x-cocoon-protection, x-cocoon-proxy, x-cocoon-receipt, x-cocoon-total-cost',
]
