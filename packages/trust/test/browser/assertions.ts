// Stands for `node:assert/strict` in a browser: the part of it that the tests of verification use.

type Expected = RegExp | { name?: string; code?: string } | ((error: unknown) => boolean) | ErrorConstructor

export function ok(value: unknown, message = 'It is not so.'): asserts value {
  if (!value) throw new Error(message)
}

export function equal(actual: unknown, expected: unknown, message = ''): void {
  ok(Object.is(actual, expected), `${message} ${shown(actual)} is not ${shown(expected)}`)
}

export function notEqual(actual: unknown, expected: unknown): void {
  ok(!Object.is(actual, expected), `${shown(actual)} is the same`)
}

export function deepEqual(actual: unknown, expected: unknown, message = ''): void {
  ok(isAlike(actual, expected), `${message} ${shown(actual)} is not ${shown(expected)}`)
}

export function match(text: string, pattern: RegExp): void {
  ok(pattern.test(text), `${text} does not match ${pattern}`)
}

export function doesNotMatch(text: string, pattern: RegExp): void {
  ok(!pattern.test(text), `${text} matches ${pattern}`)
}

export function throws(run: () => unknown, expected?: Expected): void {
  try {
    run()
  } catch (error) {
    return fits(error, expected)
  }
  ok(false, 'Nothing was thrown.')
}

export async function rejects(promise: Promise<unknown>, expected?: Expected): Promise<void> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  ok(outcome, 'The promise did not reject.')
  fits(outcome.error, expected)
}

function fits(error: unknown, expected: Expected | undefined): void {
  if (expected === undefined) return
  if (expected instanceof RegExp) match(String(error), expected)
  else if (typeof expected !== 'function') {
    for (const [name, value] of Object.entries(expected))
      equal((error as Record<string, unknown>)[name], value)
  } else if (!(error instanceof expected)) ok((expected as (error: unknown) => boolean)(error))
}

function isAlike(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b)
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (a instanceof Map || a instanceof Set) return isAlike([...a], [...(b as Set<unknown>)])
  const [entries, others] = [new Map(Object.entries(a)), new Map(Object.entries(b))]
  return (
    entries.size === others.size && [...entries].every(([name, value]) => isAlike(value, others.get(name)))
  )
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 400)
}

const assert = { ok, equal, notEqual, deepEqual, match, doesNotMatch, throws, rejects }
// oxlint-disable-next-line import/no-default-export -- it stands for a module that has one
export default assert
