import type { Readable, Writable } from 'node:stream'
import type { Context } from './context.ts'
import { CliError } from './error.ts'

/** Questions to a person at a terminal. Each rejects with `cancelled` when the person breaks off. */
export interface Prompts {
  confirm(message: string, isYes?: boolean): Promise<boolean>
  /** `check` says what is wrong, or nothing. */
  text(message: string, options?: TextQuestion): Promise<string>
  password(message: string, check?: Check): Promise<string>
  select<Value extends string>(
    message: string,
    options: ReadonlyArray<{ value: Value; label: string; hint?: string }>,
  ): Promise<Value>
  /** Something to read between questions. */
  note(text: string, title: string): void
}

export type Check = (text: string) => string | undefined

export interface TextQuestion {
  /** What stands there and is taken as it is by Enter. */
  readonly initial?: string
  readonly placeholder?: string
  readonly check?: Check
}

/** Whether a person sits at both ends. */
export function isInteractive({ stdin, stdout }: Context): boolean {
  return stdin.isTTY === true && stdout.isTTY === true
}

/** Questions, or undefined where nobody would answer. */
export async function promptsOf(context: Context): Promise<Prompts | undefined> {
  if (!isInteractive(context)) return undefined
  const clack = await import('@clack/prompts')
  const streams: { input: Readable; output: Writable } = { input: context.stdin, output: context.stdout }
  const answered = <Value>(answer: Value): Exclude<Value, symbol> => {
    if (typeof answer === 'symbol') throw cancelled()
    return answer as Exclude<Value, symbol>
  }
  const validateOf = (
    check: Check | undefined,
  ): { validate?: (text: string | undefined) => string | undefined } =>
    check === undefined ? {} : { validate: text => check(text ?? '') }
  return {
    confirm: async (message, initialValue = false) =>
      answered(await clack.confirm({ ...streams, message, initialValue })),
    text: async (message, { initial, placeholder, check } = {}) =>
      answered(
        await clack.text({
          ...streams,
          message,
          ...(initial !== undefined && { initialValue: initial }),
          ...(placeholder !== undefined && { placeholder }),
          ...validateOf(check),
        }),
      ) ?? '',
    password: async (message, check) =>
      answered(await clack.password({ ...streams, message, mask: '*', ...validateOf(check) })) ?? '',
    select: async <Value extends string>(
      message: string,
      options: ReadonlyArray<{ value: Value; label: string; hint?: string }>,
    ): Promise<Value> =>
      answered(await clack.select<string>({ ...streams, message, options: [...options] })) as Value,
    note: (text, title) => clack.note(text, title, { output: context.stdout }),
  }
}

export function cancelled(what = 'Nothing was done.'): CliError {
  return new CliError('cancelled', what)
}
