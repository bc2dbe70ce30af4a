/** What can go wrong in a test network. */
export type TestnetErrorCode =
  /** A rule that must hold was broken: the roles have a fault, or the check has one. */
  | 'check-failed'
  /** Nothing happens any more, or not in time, and what was waited for has not come. */
  | 'stuck'
  /** Options that do not fit together, or a flag that is not known. */
  | 'usage'

/** Every failure that this package reports. */
export class TestnetError extends Error {
  override readonly name = 'TestnetError'
  readonly code: TestnetErrorCode

  constructor(code: TestnetErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Throws `TestnetError('check-failed')` unless the condition holds. */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new TestnetError('check-failed', message)
}
