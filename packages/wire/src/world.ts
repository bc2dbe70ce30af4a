/**
 * Time and randomness as a role sees them. A main passes the real world; the simulation passes a seeded
 * one, so that the production code runs unchanged in virtual time.
 */
export interface World {
  /** Wall clock, milliseconds since the Unix epoch. */
  now(): number
  /** Monotonic clock, milliseconds with fraction; its zero is arbitrary. */
  monotonic(): number
  /** Fresh random bytes, fit for keys and nonces. */
  random(sizeBytes: number): Uint8Array
  /** Calls `run` once after `delayMs`, unless the timer is cancelled first. Never keeps a process alive. */
  after(delayMs: number, run: () => void): Timer
  /** Calls `run` once the events that already wait have been handled. */
  soon(run: () => void): void
}

export interface Timer {
  /** Idempotent. */
  cancel(): void
}

/** A uniform number of milliseconds in [fromMs, toMs). */
export function randomBetween(world: World, fromMs: number, toMs: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = world.random(4)
  return fromMs + ((toMs - fromMs) * (a + b * 0x100 + c * 0x1_0000 + d * 0x100_0000)) / 0x1_0000_0000
}
