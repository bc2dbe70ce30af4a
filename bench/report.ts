import type { MachineFacts } from './machine.ts'
import type { ProxyReport } from './proxy.ts'
import type { Round } from './rounds.ts'
import { roleNames } from './deployment.ts'
import type { Scenario } from './scenarios.ts'

/** All that a run measured. */
export interface Report {
  machine: MachineFacts
  scenarios: ScenarioReport[]
  proxy?: ProxyReport
}

export interface ScenarioReport {
  scenario: Scenario
  /** Medians of the rounds. */
  backend: Round
  network: Round
  rounds: { backend: Round[]; network: Round[] }
}

/** Writes the figures for people: Markdown tables. */
export function printReport(report: Report): void {
  const { machine, scenarios, proxy } = report
  const load = `load ${machine.loadBefore.toFixed(1)} before the run`
  const facts = [`${machine.cores} cores of ${machine.processor}`, `${machine.memoryGb} GB`, machine.system]
  console.log(`${[...facts, `Node ${machine.node}`, load].join(', ')}\n`)
  if (scenarios.length > 0) {
    printTable(['Measure', 'Goal (accept)', 'Through the network', 'Backend directly'], measures(scenarios))
    printTable(
      [
        'Scenario',
        'Requests/s',
        'p50 / p99 ms',
        'First byte p50 / p99 ms',
        'CPU of client + proxy + worker, us',
        'CPU of backend + load generator, us',
        'Directly: requests/s',
        'p50 / p99 ms',
        'First byte p50 / p99 ms',
      ],
      scenarios.map(details),
    )
  }
  if (proxy !== undefined) {
    printTable(
      ['Workers registered', 'Queries/s through the proxy', 'CPU per query, us'],
      proxy.rows.map(row => [String(row.workers), whole(row.queriesPerSecond), row.cpuUs.toFixed(1)]),
    )
  }
}

type Row = string[]

/** The measures that the project sets itself goals for. */
function measures(scenarios: readonly ScenarioReport[]): Row[] {
  const find = (name: string) => scenarios.find(({ scenario }) => scenario.name === name)
  const rows: Row[] = []
  const add = (name: string, measure: string, goal: string, show: (round: Round) => string, direct = true): void => {
    const found = find(name)
    if (found === undefined) return
    rows.push([measure, goal, show(found.network), direct ? show(found.backend) : '-'])
  }
  const rateAndTail = (round: Round) => `${whole(round.requestsPerSecond)}/s, ${ms(round.latencyMs.p99)}`
  const streams = (round: Round) => `${whole(round.requestsPerSecond)}/s, ${us(round.rolesCpuUs)}`
  add('json-30', 'JSON, 30 callers: requests per second, p99', '11,000/s, 8 ms (8,000/s, 11 ms)', rateAndTail)
  add(
    'json-30',
    'CPU per request over all roles, JSON, 30 callers',
    '100 us (140 us)',
    round => us(round.rolesCpuUs),
    false,
  )
  add('json-1', 'JSON, 1 caller, p50', '0.60 ms (0.75 ms)', round => ms(round.latencyMs.p50))
  add('json-256', 'JSON, 256 callers: requests per second, p99', '-', rateAndTail)
  add(
    'stream-30',
    'Streams of 50 chunks, 30 callers, per second; CPU each',
    '2,800/s, 330 us (2,200/s, 450 us)',
    streams,
    false,
  )
  add('stream-256', 'Streams of 50 chunks, 256 callers, per second; CPU each', '-', streams, false)
  rows.push(...pacedRows(find('paced-30')), ...addedRows(find('stream-1'), find('paced-30')))
  add('large-30', '32 kB requests, 30 callers, per second', '3,500/s (2,300/s)', round => `${whole(round.requestsPerSecond)}/s`)
  rows.push(memoryRow(scenarios))
  return rows
}

function pacedRows(paced: ScenarioReport | undefined): Row[] {
  if (paced === undefined) return []
  const firstByte = ({ firstByteMs }: Round) => `${firstByteMs.p50.toFixed(2)} / ${ms(firstByteMs.p99)}`
  const measure = '50 chunks 5 ms apart, 30 streams: CPU per chunk; time to first byte p50 / p99'
  const perChunk = us(paced.network.rolesCpuUs / (paced.scenario.stream?.chunks ?? 1))
  const goal = '46 us; 2 / 4 ms (60 us; 3 / 6 ms)'
  return [[measure, goal, `${perChunk}; ${firstByte(paced.network)}`, firstByte(paced.backend)]]
}

/** What the network adds to what a stream takes anyway. */
function addedRows(single: ScenarioReport | undefined, paced: ScenarioReport | undefined): Row[] {
  const rows: Row[] = []
  if (single !== undefined) {
    const added = single.network.firstByteMs.p50 - single.backend.firstByteMs.p50
    rows.push(['Added time to first byte, 1 stream, p50', '-', ms(added), '-'])
  }
  if (paced?.network.chunkMs !== undefined && paced.backend.chunkMs !== undefined) {
    const through = paced.network.chunkMs
    const directly = paced.backend.chunkMs
    const added = `${(through.p50 - directly.p50).toFixed(2)} / ${ms(through.p99 - directly.p99)}`
    rows.push(['Added time per streamed chunk, 30 streams 5 ms apart, p50 / p99', '-', added, '-'])
  }
  return rows
}

function memoryRow(scenarios: readonly ScenarioReport[]): Row {
  const peaks = roleNames.map(role => {
    const seen = scenarios.flatMap(({ rounds }) => rounds.network.map(round => round.residentMb[role]))
    return `${role} ${whole(Math.max(...seen))}`
  })
  return ['Memory (RSS) of each role under load', '120 MB (200 MB)', `${peaks.join(', ')} MB`, '-']
}

function details({ scenario, network, backend }: ScenarioReport): Row {
  const times = (round: Round): Row => [
    whole(round.requestsPerSecond),
    `${round.latencyMs.p50.toFixed(2)} / ${round.latencyMs.p99.toFixed(2)}`,
    `${round.firstByteMs.p50.toFixed(2)} / ${round.firstByteMs.p99.toFixed(2)}`,
  ]
  const { cpuUs } = network
  const roles = roleNames.map(role => whole(cpuUs[role])).join(' + ')
  return [
    scenario.name,
    ...times(network),
    `${roles} = ${whole(network.rolesCpuUs)}`,
    `${whole(cpuUs.backend)} + ${whole(cpuUs.load)}`,
    ...times(backend),
  ]
}

function printTable(head: Row, rows: readonly Row[]): void {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map(row => row[column]!.length)))
  const line = (cells: Row): string => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  console.log([line(head), line(widths.map(width => '-'.repeat(width))), ...rows.map(line), ''].join('\n'))
}

function whole(number: number): string {
  return Math.round(number).toLocaleString('en')
}

function ms(number: number): string {
  return `${number.toFixed(2)} ms`
}

function us(number: number): string {
  return `${Math.round(number)} us`
}
