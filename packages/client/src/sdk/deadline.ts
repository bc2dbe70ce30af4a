import type { Timer } from '@cocoon/wire'
import { ClientError } from '../error.ts'
import { errorOf } from './endpoint-error.ts'
import type { SdkWorld } from './ambient-world.ts'

/** Ends a query when its time is over or its caller wants no more of it. Whoever makes one ends it. */
export class Deadline {
  readonly #controller = new AbortController()
  readonly #world: Pick<SdkWorld, 'monotonic' | 'after'>
  readonly #endsAt: number
  readonly #timer: Timer
  readonly #caller: AbortSignal | undefined

  constructor(
    world: Pick<SdkWorld, 'monotonic' | 'after'>,
    timeoutMs: number,
    caller: AbortSignal | undefined,
  ) {
    this.#world = world
    this.#endsAt = world.monotonic() + timeoutMs
    this.#caller = caller
    this.#timer = world.after(timeoutMs, () =>
      this.#controller.abort(new ClientError('timeout', `No complete answer within ${timeoutMs} ms.`)),
    )
    if (caller?.aborted === true) this.#left()
    else caller?.addEventListener('abort', this.#left)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  leftMs(): number {
    return Math.max(1, Math.ceil(this.#endsAt - this.#world.monotonic()))
  }

  /** What was asked, or the end of the time for it. */
  within<Value>(asked: Value | Promise<Value>): Promise<Value> {
    const { signal } = this
    return new Promise((resolve, reject) => {
      const end = (): void => reject(errorOf(signal.reason, signal))
      if (signal.aborted) end()
      else signal.addEventListener('abort', end, { once: true })
      Promise.resolve(asked)
        .then(resolve, reject)
        .finally(() => signal.removeEventListener('abort', end))
    })
  }

  end(): void {
    this.#timer.cancel()
    this.#caller?.removeEventListener('abort', this.#left)
  }

  readonly #left = (): void => {
    const cause: unknown = this.#caller?.reason
    this.#controller.abort(new ClientError('cancelled', 'The query was cancelled.', { cause }))
  }
}
