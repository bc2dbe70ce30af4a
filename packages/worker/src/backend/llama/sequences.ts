import type { LlamaContext, LlamaContextSequence } from 'node-llama-cpp'
import { WorkerError } from '../../error.ts'

/** Requests that wait for a sequence. Above this the model is busy, and says so. */
export const maxWaiting = 1024

/**
 * The sequences that one context evaluates side by side. Requests beyond their number wait in order. A sequence
 * forgets its text before the next request gets it: nothing of one caller's prompt is left for another's.
 */
export class SequencePool {
  private readonly free: LlamaContextSequence[] = []
  private readonly waiting: Array<(sequence: LlamaContextSequence) => void> = []

  constructor(context: LlamaContext) {
    while (context.sequencesLeft > 0) this.free.push(context.getSequence())
  }

  /** @throws the signal's reason; WorkerError `backend-refused` where too many wait */
  acquire(signal: AbortSignal): Promise<LlamaContextSequence> {
    signal.throwIfAborted()
    const sequence = this.free.pop()
    if (sequence !== undefined) return Promise.resolve(sequence)
    if (this.waiting.length >= maxWaiting)
      throw new WorkerError('backend-refused', `${maxWaiting} requests wait already: try again later`)
    return new Promise((resolve, reject) => {
      const take = (granted: LlamaContextSequence) => {
        signal.removeEventListener('abort', giveUp)
        resolve(granted)
      }
      const giveUp = () => {
        const index = this.waiting.indexOf(take)
        if (index >= 0) this.waiting.splice(index, 1)
        reject(signal.reason as Error)
      }
      this.waiting.push(take)
      signal.addEventListener('abort', giveUp, { once: true })
    })
  }

  async release(sequence: LlamaContextSequence): Promise<void> {
    await sequence.clearHistory()
    const next = this.waiting.shift()
    if (next === undefined) this.free.push(sequence)
    else next(sequence)
  }
}
