import { parentPort, workerData } from 'node:worker_threads'
import type { Challenge } from './pow.ts'
import { prepareSalt, searchNonces } from './pow-search.ts'

/** What one thread searches: nonces with the upper half `firstHigh`, then `firstHigh + highStride`, and so on. */
export interface SolverTask extends Challenge {
  readonly firstHigh: number
  readonly highStride: number
}

/** The thread posts the nonce and is done; whoever started it ends it earlier by termination. */
function search(task: SolverTask): bigint {
  const prepared = prepareSalt(task.salt)
  for (let high = task.firstHigh; ; high += task.highStride) {
    const low = searchNonces(prepared, task.difficulty, 0, high, 0x1_0000_0000)
    if (low >= 0) return (BigInt(high) << 32n) | BigInt(low)
  }
}

parentPort?.postMessage(search(workerData as SolverTask))
