import { parseArgs } from 'node:util'
import { defaultMaxGrowthBytes, soak } from './soak/soak.ts'

const { values: flags } = parseArgs({
  options: {
    requests: { type: 'string', default: '100000' },
    concurrency: { type: 'string', default: '64' },
    'max-growth-mib': { type: 'string', default: String(defaultMaxGrowthBytes / mebibytes(1)) },
  },
})

try {
  const maxGrowthBytes = mebibytes(Number(flags['max-growth-mib']))
  const result = await soak({
    requests: Number(flags.requests),
    concurrency: Number(flags.concurrency),
    maxGrowthBytes,
    progress: ({ requests, perSecond, heapBytes, bufferBytes, residentBytes }) => {
      const [heap, buffers, resident] = [heapBytes, bufferBytes, residentBytes].map(inMebibytes)
      console.log(
        `${requests} requests, ${perSecond.toFixed()} a second, heap ${heap}, buffers ${buffers}, resident ${resident}`,
      )
    },
  })
  const kinds = Object.entries(result.answers).map(([kind, count]) => `${count} ${kind}`)
  console.log(
    `${result.requests} requests in ${(result.durationMs / 1_000).toFixed()} s: ${kinds.join(', ')}`,
  )
  console.log(`${result.chargedTokens} tokens charged, the books balance`)
  console.log(
    `Memory grew by ${inMebibytes(result.growthBytes)} after the warm-up; ${inMebibytes(maxGrowthBytes)} are allowed`,
  )
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

function mebibytes(count: number): number {
  return count * (1 << 20)
}

function inMebibytes(sizeBytes: number): string {
  return `${(sizeBytes / mebibytes(1)).toFixed(1)} MiB`
}
