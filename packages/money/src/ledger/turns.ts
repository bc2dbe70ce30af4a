import type { World } from '@cocoon/wire'

/** From the start of one turn to the next, where several things were done in one. */
const turnEveryMs = 2
const maxTurn = 1_000

/**
 * Does many things in one round trip: what is asked while one turn is under way is done in the next. A turn has
 * each name once, so that what is asked twice is done one after the other.
 */
export class Turns<Ask extends { readonly requestId: string }, Answer> {
  readonly #world: Pick<World, 'after' | 'monotonic'>
  readonly #run: (asks: readonly Ask[]) => Promise<Answer[]>
  #waiting: Waiting<Ask, Answer>[] = []
  #isRunning = false

  /** `run` gives an answer for each of what is asked, in the same order, or rejects for all of it. */
  constructor(world: Pick<World, 'after' | 'monotonic'>, run: (asks: readonly Ask[]) => Promise<Answer[]>) {
    this.#world = world
    this.#run = run
  }

  ask(ask: Ask): Promise<Answer> {
    if (!this.#isRunning) {
      this.#isRunning = true
      queueMicrotask(() => void this.#turn())
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ask, resolve, reject })
    })
  }

  async #turn(): Promise<void> {
    while (this.#waiting.length > 0) {
      const startedMs = this.#world.monotonic()
      const turn = this.#take()
      try {
        const answers = await this.#run(turn.map(({ ask }) => ask))
        for (const [index, { resolve }] of turn.entries()) resolve(answers[index]!)
      } catch (error) {
        for (const { reject } of turn) reject(error)
      }
      if (turn.length > 1) await this.#pause(startedMs + turnEveryMs - this.#world.monotonic())
    }
    this.#isRunning = false
  }

  #take(): Waiting<Ask, Answer>[] {
    const turn = new Map<string, Waiting<Ask, Answer>>()
    const later: Waiting<Ask, Answer>[] = []
    for (const waiting of this.#waiting) {
      if (turn.size >= maxTurn || turn.has(waiting.ask.requestId)) later.push(waiting)
      else turn.set(waiting.ask.requestId, waiting)
    }
    this.#waiting = later
    return [...turn.values()]
  }

  async #pause(durationMs: number): Promise<void> {
    if (durationMs > 0) await new Promise<void>(resolve => void this.#world.after(durationMs, resolve))
  }
}

interface Waiting<Ask, Answer> {
  readonly ask: Ask
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}
