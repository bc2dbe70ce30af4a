import type { World } from './world.ts'

/** Random bytes are drawn from the system in blocks: a request of its own for each id costs ten times as much. */
const block = new Uint8Array(4096)
let drawn = block.length

function random(sizeBytes: number): Uint8Array {
  if (sizeBytes > 256) return crypto.getRandomValues(new Uint8Array(sizeBytes))
  if (drawn + sizeBytes > block.length) {
    crypto.getRandomValues(block)
    drawn = 0
  }
  const bytes = block.slice(drawn, drawn + sizeBytes)
  block.fill(0, drawn, drawn + sizeBytes)
  drawn += sizeBytes
  return bytes
}

/** The machine's own clock, timers and randomness: what a main passes to the roles. */
export const systemWorld: World = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random,
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
  soon: run => {
    setImmediate(run)
  },
}
