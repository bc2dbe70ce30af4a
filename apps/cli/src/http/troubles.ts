import type { Report, RoleEvent } from '../event.ts'

const longestReason = 300
const maxProxies = 64

/** The latest reasons why something is not there, for health and status. */
export class Troubles {
  /** Passes everything on. */
  readonly report: Report
  readonly #proxies = new Map<string, string>()
  backend: string | undefined
  books: string | undefined

  constructor(report: Report) {
    this.report = event => {
      this.#note(event)
      report(event)
    }
  }

  /** Why a proxy is not connected, if it was ever tried. */
  proxy(address: string): string | undefined {
    return this.#proxies.get(address)
  }

  #note(event: RoleEvent): void {
    switch (event.event) {
      case 'proxy-lost':
        this.#proxies.delete(event.proxy)
        this.#proxies.set(event.proxy, event.why.slice(0, longestReason))
        for (const oldest of this.#proxies.keys()) {
          if (this.#proxies.size <= maxProxies) break
          this.#proxies.delete(oldest)
        }
        break
      case 'proxy-ready':
        this.#proxies.delete(event.proxy)
        break
      case 'backend-down':
        this.backend = event.why.slice(0, longestReason)
        break
      case 'backend-up':
        this.backend = undefined
        break
      case 'books-unbalanced':
        this.books = event.why.slice(0, longestReason)
        break
      default:
    }
  }
}

/** What is wrong with the connections to proxies, in words: nothing as soon as one stands. */
export function proxyProblems(
  targets: ReadonlyArray<{
    endpoint: { host: string; port: number }
    session: { isReady: boolean } | undefined
  }>,
  troubles: Troubles,
  wanted: number,
): string[] {
  if (targets.some(({ session }) => session?.isReady)) return []
  if (wanted <= 0) return ['proxy_connections is 0, so no proxy is ever dialled']
  if (targets.length === 0) return ['the root configuration registers no proxy']
  return targets.map(({ endpoint }) => {
    const address = `${endpoint.host}:${endpoint.port}`
    return `proxy ${address} is not connected: ${troubles.proxy(address) ?? 'the handshake is under way'}`
  })
}
