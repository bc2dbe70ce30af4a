import type { World } from '@cocoon/wire'
import { MoneyError } from '../error.ts'

/** How long one source is waited for before the next one is asked as well. */
export const patienceMs = 2_000

/** The errors of all attempts. */
export class AllFailed {
  readonly errors: readonly MoneyError[]

  constructor(errors: readonly MoneyError[]) {
    this.errors = errors
  }
}

/**
 * Attempts in order, the first `width` of them at once, until one succeeds: the next begins when one fails, or has
 * taken longer than `patienceMs`. Rejects with `AllFailed`; where one was refused, without waiting for slower ones
 * for longer than that.
 */
export function firstOf<T>(
  world: World,
  attempts: ReadonlyArray<() => Promise<T>>,
  width: number,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const waiting = [...attempts]
  const errors: MoneyError[] = []
  let running = 0
  let isOver = false
  const timers = new Set<{ cancel(): void }>()

  const finish = (end: () => void): void => {
    if (isOver) return
    isOver = true
    for (const timer of timers) timer.cancel()
    end()
  }
  const giveUp = (): void => finish(() => reject(new AllFailed(errors)))
  const begin = (): void => {
    const attempt = waiting.shift()
    if (attempt === undefined || isOver) return
    running++
    if (waiting.length > 0 && width === 1) timers.add(world.after(patienceMs, begin))
    attempt().then(
      value => finish(() => resolve(value)),
      (error: unknown) => {
        if (!(error instanceof MoneyError)) {
          finish(() => reject(error))
          return
        }
        running--
        errors.push(error)
        if (error.code === 'chain-refused') {
          // Two that say so are not both wrong.
          if (errors.filter(({ code }) => code === 'chain-refused').length > 1) giveUp()
          else timers.add(world.after(patienceMs, giveUp))
        }
        begin()
        if (running === 0) giveUp()
      },
    )
  }
  for (let index = 0; index < width; index++) begin()
  if (running === 0) giveUp()
  return promise
}
