import type { World } from '@cocoon/wire'

/** What of the outside world the SDK needs. */
export type SdkWorld = Pick<World, 'now' | 'monotonic' | 'random' | 'after'>

/** Most random bytes that a browser gives at once. */
const randomBytes = 65_536

/** The clocks, timers and randomness that browsers and Node have alike. */
export const ambientWorld: SdkWorld = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: sizeBytes => {
    const bytes = new Uint8Array(sizeBytes)
    for (let at = 0; at < sizeBytes; at += randomBytes) {
      crypto.getRandomValues(bytes.subarray(at, at + randomBytes))
    }
    return bytes
  },
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs)
    // Only Node has it: there a timer would keep the process alive.
    if (typeof timer === 'object') timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}
