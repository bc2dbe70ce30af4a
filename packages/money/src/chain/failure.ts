import { MoneyError, type MoneyErrorCode } from '../error.ts'

/** The error of one source, which it names. */
export function chainError(
  code: MoneyErrorCode & `chain-${string}`,
  source: string,
  what: string,
  cause?: unknown,
): MoneyError {
  return new MoneyError(code, `${source} ${what}`, cause === undefined ? undefined : { cause })
}

/** What may be another's or a moment's fault; everything else fails the same way again. */
export class Retry {
  readonly error: MoneyError
  /** What the source asks for. */
  readonly afterMs: number

  constructor(error: MoneyError, afterMs = 0) {
    this.error = error
    this.afterMs = afterMs
  }
}

/** The cause of an error for an answer that is too large: a smaller question may help. */
export const oversized: unique symbol = Symbol('answer too large')

/** Runs what reads an answer of a source. Whatever goes wrong with it is `chain-answer`. */
export function reading<T>(source: string, what: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof Retry) throw cause
    if (cause instanceof MoneyError && cause.code.startsWith('chain-') && cause.code !== 'chain-answer')
      throw cause
    const why = cause instanceof MoneyError ? `: ${cause.message}` : ''
    const root = isOversized(cause) ? oversized : cause
    throw chainError('chain-answer', source, `answers with a ${what} that cannot be read${why}`, root)
  }
}

export function isOversized(error: unknown): boolean {
  return error instanceof MoneyError && error.cause === oversized
}

/** Text of a source, cut to what fits a message, without line breaks. */
export function quoted(text: string): string {
  const line = text.replaceAll(/[^\x20-\x7e]+/g, ' ')
  return line.length > 240 ? `${line.slice(0, 240)}...` : line
}
