import type { Timer, World } from '@cocoon/wire'

/** Total since the start, then per-second rates that fade over 1 s, 10 s, 1 min, 10 min, 1 h and 1 d. */
export type Rate = [total: number, s1: number, s10: number, m1: number, m10: number, h1: number, d1: number]

const windowsS = [1, 10, 60, 600, 3_600, 86_400] as const
const sampleEveryMs = 1_000

/** Follows counters that only grow, by looking at them once a second and whenever it is asked. */
export class Rates<Name extends string> implements Disposable {
  readonly #world: World
  readonly #read: () => Record<Name, number>
  readonly #rates: Map<Name, Rate>
  #sampledAtMs: number
  #timer: Timer | undefined

  constructor(world: World, read: () => Record<Name, number>) {
    this.#world = world
    this.#read = read
    this.#sampledAtMs = world.monotonic()
    const names = Object.keys(read()) as Name[]
    this.#rates = new Map(names.map(name => [name, [0, 0, 0, 0, 0, 0, 0]]))
    this.#sampleLater()
  }

  now(): Record<Name, Rate> {
    this.#sample()
    return Object.fromEntries([...this.#rates].map(([name, rate]) => [name, [...rate]])) as Record<Name, Rate>
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel()
  }

  #sampleLater(): void {
    this.#timer = this.#world.after(sampleEveryMs, () => {
      this.#sample()
      this.#sampleLater()
    })
  }

  #sample(): void {
    const nowMs = this.#world.monotonic()
    const seconds = (nowMs - this.#sampledAtMs) / 1000
    if (seconds <= 0) return
    this.#sampledAtMs = nowMs
    const totals = this.#read()
    for (const [name, rate] of this.#rates) fade(rate, totals[name], seconds)
  }
}

/** Moves each rate towards what happened in the last `seconds`, the more so the shorter its window is. */
function fade(rate: Rate, total: number, seconds: number): void {
  const perSecond = (total - rate[0]) / seconds
  rate[0] = total
  for (const [index, windowS] of windowsS.entries()) {
    const kept = Math.exp(-seconds / windowS)
    const old = rate[index + 1] ?? 0
    // Below a millionth nothing is left to show; denormal numbers would only make the JSON long.
    const next = old * kept + perSecond * (1 - kept)
    rate[index + 1] = next < 1e-6 ? 0 : next
  }
}
