import type { World } from './world.ts'

/** The machine's own clock, timers and randomness: what a main passes to the roles. */
export const systemWorld: World = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: sizeBytes => crypto.getRandomValues(new Uint8Array(sizeBytes)),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
  soon: run => {
    setImmediate(run)
  },
}
