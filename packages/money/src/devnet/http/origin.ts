/** Names by which this machine calls itself. */
const loopback = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i

/** Whether a request was sent to loopback by name too: a page cannot reach it under a name of its own. */
export function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && loopback.test(host)
}

/** Web pages that are served from this machine may read the chain and send signed messages. */
export function allowedOrigin(origin: string): boolean {
  const [, host = ''] = /^https?:\/\/([^/]+)$/.exec(origin) ?? []
  return loopback.test(host)
}
