import { availableParallelism, cpus, platform, release, totalmem } from 'node:os'

/** What a reader has to know of the machine to make use of the figures. */
export interface MachineFacts {
  processor: string
  cores: number
  memoryGb: number
  system: string
  node: string
}

export function machineFacts(): MachineFacts {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release().split('-')[0]}`,
    node: process.version,
  }
}
