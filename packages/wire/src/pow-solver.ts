import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { WireError } from './error.ts'
import type { Challenge } from './pow.ts'
import { prepareSalt, searchNonces } from './pow-search.ts'
import type { SolverTask } from './pow-solver-thread.ts'
import type { World } from './world.ts'

export interface SolveOptions {
  readonly world: Pick<World, 'soon'>
  /** Harder challenges are refused: they are an attack on the dialer. */
  readonly maxDifficulty?: number
  readonly signal?: AbortSignal
}

/** What dialers of the network put up with; a difficulty of 28 takes a thread a minute. */
export const defaultMaxDifficulty = 28

/** Up to here the search takes a few milliseconds, which is less than a thread takes to start. */
const maxInlineDifficulty = 14

/** Nonces tried between two turns of the event loop: under a millisecond of work. */
const nonceSlice = 4096

const maxThreads = 4

/**
 * Finds a nonce that `check` accepts, on the calling thread if it is quick, on worker threads otherwise.
 * Rejects with `proof-of-work` above `maxDifficulty` and with the signal's reason once it is aborted.
 */
export async function solve(challenge: Challenge, options: SolveOptions): Promise<bigint> {
  const { world, maxDifficulty = defaultMaxDifficulty, signal } = options
  const { difficulty } = challenge
  if (difficulty > maxDifficulty) {
    throw new WireError(
      'proof-of-work',
      `The peer asks for a proof of work of difficulty ${difficulty}; at most ${maxDifficulty} is done here.`,
    )
  }
  signal?.throwIfAborted()
  return difficulty <= maxInlineDifficulty
    ? solveInline(challenge, world, signal)
    : solveOnThreads(challenge, signal)
}

async function solveInline(
  challenge: Challenge,
  world: Pick<World, 'soon'>,
  signal?: AbortSignal,
): Promise<bigint> {
  const prepared = prepareSalt(challenge.salt)
  for (let low = 0; ; low += nonceSlice) {
    const found = searchNonces(prepared, challenge.difficulty, low, 0, nonceSlice)
    if (found >= 0) return BigInt(found)
    await new Promise<void>(resolve => world.soon(resolve))
    signal?.throwIfAborted()
  }
}

/** Each thread walks its own upper halves of the nonce; the first that finds one ends the others. */
async function solveOnThreads(challenge: Challenge, signal?: AbortSignal): Promise<bigint> {
  // One core stays with the thread that waits for the answer and serves everything else meanwhile.
  const threadCount = Math.max(1, Math.min(maxThreads, availableParallelism() - 1))
  const threads: Worker[] = []
  const { promise, resolve, reject } = Promise.withResolvers<bigint>()
  // Threads that are ended below reject it once more, possibly with nobody waiting any longer.
  promise.catch(() => {})
  const abort = (): void => reject(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  try {
    for (let thread = 0; thread < threadCount; thread += 1) {
      const task: SolverTask = { ...challenge, firstHigh: thread, highStride: threadCount }
      const worker = new Worker(threadFile(), { workerData: task })
      threads.push(worker)
      worker.on('message', resolve)
      worker.on('error', cause => reject(threadFailure(cause)))
      worker.on('exit', () => reject(threadFailure()))
    }
    return await promise
  } finally {
    signal?.removeEventListener('abort', abort)
    await Promise.all(threads.map(thread => thread.terminate()))
  }
}

/** The thread's file lies beside this one and has the same ending, compiled or not. */
function threadFile(): URL {
  return new URL(import.meta.url.replace(/pow-solver(\.\w+)(?:[?#].*)?$/, 'pow-solver-thread$1'))
}

function threadFailure(cause?: unknown): WireError {
  return new WireError('proof-of-work', 'A thread that computes the proof of work ended early.', { cause })
}
