/**
 * Why a command ended, by what the reader can do:
 *
 * - `usage`: call it otherwise
 * - `config`: correct the file, the variable or the flag that is named
 * - `port-in-use`: stop the other program or choose another port
 * - `unreachable`: start what is not running, or correct the address
 * - `not-ready`: what was started did not come up; the message says where it stopped
 * - `refused`: the other side answered with an error
 * - `unsupported`: this version cannot do that
 * - `cancelled`: a person broke off
 */
export type CliErrorCode =
  | 'usage'
  | 'config'
  | 'port-in-use'
  | 'unreachable'
  | 'not-ready'
  | 'refused'
  | 'unsupported'
  | 'cancelled'

/** A failure as a person is told of it: `message` says what happened and why, `advice` how to solve it. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly code: CliErrorCode
  readonly advice: string | undefined

  constructor(code: CliErrorCode, message: string, options: ErrorOptions & { advice?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.advice = options.advice
  }
}

/** What a command's process ends with: 1 for a failure, 2 for a call that makes no sense. */
export function exitCodeOf(error: unknown): 1 | 2 {
  return error instanceof CliError && error.code === 'usage' ? 2 : 1
}

/** The reason of any failure in one sentence, without a stack trace. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message === '' ? error.name : error.message
}
