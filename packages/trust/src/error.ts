/**
 * Why a peer was not believed. Codes that begin with `certificate-` or `key-` and `evidence-invalid` say that
 * what the peer showed is wrong in itself; `evidence-missing` and `policy-refused` say that it is sound but
 * not enough for the policy in force.
 */
export type TrustErrorCode =
  | 'certificate-malformed'
  | 'certificate-not-self-signed'
  | 'certificate-not-yet-valid'
  | 'certificate-expired'
  | 'certificate-wrong-purpose'
  | 'certificate-wrong-name'
  | 'certificate-unknown-extension'
  | 'key-not-ed25519'
  | 'evidence-missing'
  | 'evidence-invalid'
  | 'policy-refused'
  | 'policy-malformed'
  | 'quote-unavailable'
  | 'gpu-evidence-malformed'
  | 'reference-malformed'
  | 'revocation-malformed'
  | 'token-malformed'
  | 'event-log-malformed'
  | 'recording-failed'
  | 'fetch-failed'
  | 'identity-invalid'
  | 'session-unknown'
  | 'query-unreadable'
  | 'answer-altered'
  | 'receipt-invalid'
  | 'log-malformed'
  | 'log-unverified'
  | 'log-inconsistent'
  | 'log-conflict'

export class TrustError extends Error {
  override readonly name = 'TrustError'
  readonly code: TrustErrorCode

  constructor(code: TrustErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
