import type { Timer, World } from '@cocoon/wire'
import { TestnetError } from '../error.ts'
import { EventQueue } from './event-queue.ts'
import { EventLog } from './event-log.ts'
import { Random } from './random.ts'

export interface SimWorldOptions {
  seed?: string
  log?: EventLog
  /** Timers run up to so much too late, as they do on a busy machine. */
  timerDelayMs?: number
}

/** The wall clock when the virtual clock stands at 0: a fixed moment of 2026. */
const epochMs = Date.UTC(2026, 5, 1)

/**
 * Virtual time: nothing happens but what was scheduled, one event after the other, in an order that follows
 * from the seed alone. What an event leaves to promises is finished before the next event, so their number
 * and depth cannot change the order. See `withoutThreads` for the one thing that this relies on.
 */
export class SimWorld implements World {
  readonly random: (sizeBytes: number) => Uint8Array
  readonly chance: Random
  readonly log: EventLog
  /** What events threw: nothing may. */
  readonly thrown: unknown[] = []
  readonly #queue = new EventQueue()
  readonly #timerDelayMs: number
  #timeMs = 0
  #order = 0
  #waiting = 0
  #ran = 0

  constructor(options: SimWorldOptions = {}) {
    const root = new Random(options.seed ?? 'cocoon')
    this.chance = root.fork('world')
    const bytes = root.fork('bytes')
    this.random = sizeBytes => bytes.bytes(sizeBytes)
    this.log = options.log ?? new EventLog()
    this.#timerDelayMs = options.timerDelayMs ?? 0
  }

  now(): number {
    return epochMs + this.#timeMs
  }

  monotonic(): number {
    return this.#timeMs
  }

  after(delayMs: number, run: () => void): Timer {
    return this.schedule(delayMs + this.#timerDelayMs * this.chance.unit(), run)
  }

  readonly soon = (run: () => void): void => {
    this.schedule(0, run)
  }

  /** `after` without lateness: for what is not a timer of a program. */
  schedule(delayMs: number, run: () => void): Timer {
    const event = {
      at: this.#timeMs + Math.max(0, delayMs),
      order: this.#order++,
      run: run as (() => void) | undefined,
    }
    this.#queue.push(event)
    this.#waiting++
    return {
      cancel: () => {
        if (event.run === undefined) return
        event.run = undefined
        this.#waiting--
      },
    }
  }

  /** Events that are scheduled and not cancelled. */
  get waiting(): number {
    return this.#waiting
  }

  /** Events that have run. */
  get ran(): number {
    return this.#ran
  }

  write(who: string, what: string): void {
    this.log.write(this.#timeMs, who, what)
  }

  /** Runs the next event and what follows from it at once. False when there is none. */
  async step(): Promise<boolean> {
    for (;;) {
      const event = this.#queue.pop()
      if (event === undefined) return false
      if (event.run === undefined) continue
      const { run } = event
      event.run = undefined
      this.#waiting--
      this.#ran++
      this.#timeMs = Math.max(this.#timeMs, event.at)
      this.log.detail(event.at, event.order)
      try {
        run()
      } catch (error) {
        this.thrown.push(error)
      }
      await promisesSettled()
      return true
    }
  }

  /** Lets so much time pass. */
  async runFor(durationMs: number): Promise<void> {
    const until = this.#timeMs + durationMs
    let arrived = false
    const alarm = this.schedule(durationMs, () => {
      arrived = true
    })
    while (!arrived && (await this.step()));
    alarm.cancel()
    this.#timeMs = Math.max(this.#timeMs, until)
  }

  /** Runs events until the condition holds. Rejects with `TestnetError('stuck')` when it does not in time. */
  async until(condition: () => boolean, limitMs = 600_000): Promise<void> {
    const deadline = this.#timeMs + limitMs
    await promisesSettled()
    while (!condition()) {
      const ran = await this.step()
      if (ran && this.#timeMs <= deadline) continue
      if (condition()) return
      throw new TestnetError('stuck', `Not so after ${limitMs} ms of virtual time: ${condition.toString()}`)
    }
  }

  /** Runs events until the promise is settled, and gives its result. */
  async finish<T>(promise: Promise<T>, limitMs?: number): Promise<T> {
    let settled = false
    const settle = (): void => {
      settled = true
    }
    promise.then(settle, settle)
    await this.until(() => settled, limitMs)
    return promise
  }
}

/** A whole turn of the event loop runs all microtasks, however many follow from one another. */
function promisesSettled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
