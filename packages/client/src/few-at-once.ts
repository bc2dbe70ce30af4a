/** Runs what it is given, so many at once; the rest waits for its turn. */
export class FewAtOnce {
  #free: number
  readonly #waiting: Array<() => void> = []

  constructor(most: number) {
    this.#free = most
  }

  async run<Value>(act: () => Promise<Value>): Promise<Value> {
    if (this.#free === 0) await new Promise<void>(resolve => this.#waiting.push(resolve))
    else this.#free--
    try {
      return await act()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }
}
