import { randomBetween, type World } from '@cocoon/wire'
import type { MoneyError } from '../error.ts'
import { chainError, Retry } from './failure.ts'

const shortestBackoffMs = 200
const longestBackoffMs = 4_000

/** The end of one call, by the monotonic clock. Ends early where its parent ends. Has to be disposed. */
export class Deadline implements Disposable {
  readonly signal: AbortSignal
  readonly #world: World
  readonly #endMs: number
  readonly #release: () => void

  constructor(world: World, timeoutMs: number, parent?: AbortSignal) {
    this.#world = world
    this.#endMs = world.monotonic() + timeoutMs
    const controller = new AbortController()
    this.signal = controller.signal
    const end = (): void => controller.abort()
    const timer = world.after(timeoutMs, end)
    parent?.addEventListener('abort', end, { once: true })
    if (parent?.aborted === true) end()
    this.#release = () => {
      timer.cancel()
      parent?.removeEventListener('abort', end)
    }
  }

  get leftMs(): number {
    return this.signal.aborted ? 0 : Math.max(0, this.#endMs - this.#world.monotonic())
  }

  [Symbol.dispose](): void {
    this.#release()
  }
}

/** Resolves after `delayMs`, or as soon as the signal aborts. */
export function pause(world: World, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) {
      resolve()
      return
    }
    const end = (): void => {
      timer.cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = world.after(delayMs, end)
    signal.addEventListener('abort', end, { once: true })
  })
}

/**
 * Attempts, with numbers from 1 on, until a value comes, an error is thrown that is no `Retry`, or the next attempt would begin after the
 * deadline: then the last attempt's error. Waits a random time in between, longer each time.
 */
export async function retrying<T>(
  world: World,
  deadline: Deadline,
  attempt: (number: number) => Promise<T>,
): Promise<T> {
  for (let number = 1; ; number++) {
    const backoffMs = Math.min(shortestBackoffMs * 2 ** Math.min(number - 1, 10), longestBackoffMs)
    try {
      return await attempt(number)
    } catch (cause) {
      if (!(cause instanceof Retry)) throw cause
      const waitMs = Math.max(cause.afterMs, randomBetween(world, backoffMs / 2, backoffMs))
      if (waitMs >= deadline.leftMs) throw cause.error
      await pause(world, waitMs, deadline.signal)
      if (deadline.leftMs === 0) throw cause.error
    }
  }
}

/** The error of a call whose time is over. */
export function late(source: string): MoneyError {
  return chainError(
    'chain-unreachable',
    source,
    'does not answer in time. Retry later, or name another source',
  )
}
