import { hash } from 'node:crypto'

/** Repeatable randomness: everything that it gives follows from its seed. Not for secrets. */
export class Random {
  readonly #seed: string
  readonly #state = new Uint32Array(4)

  constructor(seed: string) {
    this.#seed = seed
    const digest = hash('sha256', seed, 'buffer')
    for (let i = 0; i < 4; i++) this.#state[i] = digest.readUInt32LE(4 * i)
  }

  /** Independent of how much was drawn here before. */
  fork(label: string): Random {
    return new Random(`${this.#seed}/${label}`)
  }

  /** sfc32. */
  uint32(): number {
    const state = this.#state
    const result = (state[0]! + state[1]! + state[3]!) >>> 0
    state[3] = state[3]! + 1
    state[0] = state[1]! ^ (state[1]! >>> 9)
    state[1] = state[2]! + (state[2]! << 3)
    state[2] = ((state[2]! << 21) | (state[2]! >>> 11)) + result
    return result
  }

  /** In [0, 1). */
  unit(): number {
    return this.uint32() / 0x1_0000_0000
  }

  /** In [from, to). */
  between(from: number, to: number): number {
    return from + (to - from) * this.unit()
  }

  /** A whole number in [from, to], both included. */
  whole(from: number, to: number): number {
    return from + Math.floor((to - from + 1) * this.unit())
  }

  chance(probability: number): boolean {
    return this.unit() < probability
  }

  /** Positive, most of it around `mean`, some of it far above. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.unit())
  }

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(choices.length * this.unit())]!
  }

  /** Each choice as often as its weight says. */
  weighted<Name extends string>(weights: Readonly<Partial<Record<Name, number>>>): Name {
    const entries = Object.entries(weights) as Array<[Name, number]>
    let left = this.unit() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [name, weight] of entries) if ((left -= weight) < 0) return name
    return entries.at(-1)![0]
  }

  bytes(sizeBytes: number): Uint8Array {
    const bytes = new Uint8Array(sizeBytes)
    for (let i = 0; i < sizeBytes; i += 4) {
      const word = this.uint32()
      for (let byte = 0; byte < 4 && i + byte < sizeBytes; byte++) bytes[i + byte] = word >>> (8 * byte)
    }
    return bytes
  }
}
