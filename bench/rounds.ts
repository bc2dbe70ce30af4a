import { availableParallelism } from 'node:os'
import { type Deployment, type RoleName, roleNames } from './deployment.ts'
import type { LoadCommand, LoadReport, LoadResult } from './load.ts'
import type { Program } from './processes.ts'
import { median } from './quantile.ts'
import type { Scenario, Target } from './scenarios.ts'
import { cpuMs, machineCpuMs, residentMb } from './usage.ts'

/** One round of one scenario, or the medians of several. */
export interface Round extends LoadResult {
  /** CPU time for one request, microseconds, by process. */
  cpuUs: Record<RoleName | 'backend' | 'load', number>
  /** The same of the three roles together. */
  rolesCpuUs: number
  /** Largest resident memory seen, MB. */
  residentMb: Record<RoleName, number>
  /** Part of the machine's cores that went to processes which have nothing to do with the benchmark, 0 to 1. */
  othersShare: number
}

const sampleMs = 100

/** Runs one round against one target. Throws if anything went wrong in it. */
export async function runRound(
  deployment: Deployment,
  load: Program,
  round: { scenario: Scenario; target: Target; seconds: number },
): Promise<Round> {
  const port = round.target === 'backend' ? deployment.backendPort : deployment.clientPort
  await command(load, { kind: 'prepare', scenario: round.scenario, target: round.target, port })
  const { roles, backend } = deployment
  const programs = { ...roles, backend, load }
  const names = Object.keys(programs) as Array<keyof typeof programs>
  const cpuNow = () => [...names.map(name => cpuMs(programs[name].pid)), cpuMs(process.pid), machineCpuMs()]
  const peaks = { client: 0, proxy: 0, worker: 0 }
  const sample = () => {
    for (const name of roleNames) peaks[name] = Math.max(peaks[name], residentMb(roles[name].pid))
  }
  const sampler = setInterval(sample, sampleMs)
  try {
    const startedAt = performance.now()
    const before = cpuNow()
    const report = await command(load, { kind: 'go', seconds: round.seconds })
    const used = cpuNow().map((after, i) => after - before[i]!)
    const coresMs = (performance.now() - startedAt) * availableParallelism()
    sample()
    deployment.check()
    if (report.kind !== 'result') throw new Error('The load generator lost its place.')
    const { result } = report
    const each = names.map((name, i) => [name, (1000 * used[i]!) / result.allRequests])
    const cpuUs = Object.fromEntries(each) as Round['cpuUs']
    const machineMs = used.pop()!
    const ownMs = used.reduce((sum, ms) => sum + ms, 0)
    return {
      ...result,
      cpuUs,
      rolesCpuUs: cpuUs.client + cpuUs.proxy + cpuUs.worker,
      residentMb: peaks,
      othersShare: Math.max(0, (machineMs - ownMs) / coresMs),
    }
  } finally {
    clearInterval(sampler)
  }
}

/** The median of each number, over rounds of one scenario and target. */
export function medianRound(rounds: readonly Round[]): Round {
  return medians(rounds) as Round
}

function medians(values: readonly unknown[]): unknown {
  const [first] = values
  if (typeof first === 'number') return median(values as number[])
  if (typeof first !== 'object' || first === null) return first
  const records = values as Array<Record<string, unknown>>
  return Object.fromEntries(Object.keys(first).map(key => [key, medians(records.map(record => record[key]))]))
}

/** Tells the load generator something and waits for its answer. */
function command(load: Program, message: LoadCommand): Promise<LoadReport> {
  return new Promise((resolve, reject) => {
    const { child } = load
    const ended = (): void => reject(new Error('The load generator ended by itself.'))
    child.once('exit', ended)
    child.once('message', report => {
      child.off('exit', ended)
      const answer = report as LoadReport
      if (answer.kind === 'failed') reject(new Error(answer.why))
      else resolve(answer)
    })
    child.send(message)
  })
}
