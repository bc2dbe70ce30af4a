import type { World } from '@cocoon/wire'

/** Seconds that queries spent in a role, all of them added up, as far as it is looked at often. */
export function busyTime(world: World, running: () => number): () => number {
  let seconds = 0
  let lookedAtMs = world.monotonic()
  let before = running()
  return () => {
    const nowMs = world.monotonic()
    const now = running()
    seconds += ((before + now) / 2) * ((nowMs - lookedAtMs) / 1000)
    lookedAtMs = nowMs
    before = now
    return seconds
  }
}
