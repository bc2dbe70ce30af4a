import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes that are in use once everything that can be collected has been. */
export interface MemorySample {
  requests: number
  heapBytes: number
  /** Buffers, which lie outside of the heap. */
  bufferBytes: number
  /** Of the whole process; never shrinks much, for information alone. */
  residentBytes: number
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

export async function sampleMemory(requests: number): Promise<MemorySample> {
  // What finalizers let go of is only free after another turn.
  for (let round = 0; round < 2; round++) {
    collectGarbage()
    await new Promise(resolve => setImmediate(resolve))
  }
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage()
  return { requests, heapBytes: heapUsed, bufferBytes: arrayBuffers, residentBytes: rss }
}

/** How much more is in use at the end than at the beginning: middle values of the first and last samples. */
export function growthBytes(samples: readonly MemorySample[]): number {
  const window = Math.max(1, Math.floor(samples.length / 3))
  return middle(samples.slice(-window)) - middle(samples.slice(0, window))
}

function middle(samples: readonly MemorySample[]): number {
  const used = samples.map(({ heapBytes, bufferBytes }) => heapBytes + bufferBytes).toSorted((a, b) => a - b)
  return used[Math.floor(used.length / 2)] ?? 0
}
