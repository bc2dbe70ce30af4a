import { randomBetween, type Timer, type World } from '@cocoon/wire'

/** How long to wait between two looks: a random time in [fromMs, toMs). */
export interface PollInterval {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * Looks at something again and again, never twice at once: the next look begins a random time after the last one
 * ended. `look` deals with its own failures; what it rejects with nevertheless does not end the polling.
 */
export class Poll implements AsyncDisposable {
  readonly #world: World
  readonly #interval: PollInterval
  readonly #look: (signal: AbortSignal) => Promise<void>
  readonly #closing = new AbortController()
  #timer: Timer | undefined
  #running: Promise<void> | undefined
  #following: Promise<void> | undefined

  constructor(world: World, interval: PollInterval, look: (signal: AbortSignal) => Promise<void>) {
    this.#world = world
    this.#interval = interval
    this.#look = look
  }

  /** Looks at once, and from then on. Resolves when a look that began after this call has ended. */
  poke(): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.resolve()
    if (this.#running === undefined) return this.#begin()
    this.#following ??= this.#running.then(() => {
      this.#following = undefined
      return this.#running ?? this.#begin()
    })
    return this.#following
  }

  /** Cancels the look that runs, and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    this.#timer?.cancel()
    await this.#running
  }

  #begin(): Promise<void> {
    this.#timer?.cancel()
    const { signal } = this.#closing
    if (signal.aborted) return Promise.resolve()
    const end = (): void => {
      this.#running = undefined
      if (signal.aborted) return
      const { fromMs, toMs } = this.#interval
      this.#timer = this.#world.after(randomBetween(this.#world, fromMs, toMs), () => void this.#begin())
    }
    this.#running = this.#look(signal).then(end, end)
    return this.#running
  }
}
