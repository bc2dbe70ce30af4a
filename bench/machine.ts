import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os'

/** What a reader has to know of the machine to make use of the figures. */
export interface MachineFacts {
  processor: string
  cores: number
  memoryGb: number
  system: string
  node: string
  /** Processes that wanted a core in the minute before: what is above 0 took part of the machine away. */
  loadBefore: number
}

export function machineFacts(): MachineFacts {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release().split('-')[0]}`,
    node: process.version,
    loadBefore: loadavg()[0] ?? 0,
  }
}
