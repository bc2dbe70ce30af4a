export type ProxyErrorCode =
  /** The configuration cannot work as it is. */
  | 'configuration'
  /** The ledger refused or its books do not balance. */
  | 'ledger'
  /** The transparency log cannot be read or written. */
  | 'log'
  /** The proxy is shutting down. */
  | 'closed'

/** What can go wrong in running a proxy. What goes wrong with a peer ends in a refusal to that peer. */
export class ProxyError extends Error {
  readonly code: ProxyErrorCode

  constructor(code: ProxyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ProxyError'
    this.code = code
  }
}
