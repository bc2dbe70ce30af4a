import type { MachineFacts } from './machine.ts'
import { roleNames } from './deployment.ts'
import type { ProxyReport, ProxyRow } from './proxy.ts'
import { median } from './quantile.ts'
import type { Round } from './rounds.ts'
import { type Scenario, streamedChunks } from './scenarios.ts'

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
export function printReport({ machine, scenarios, proxy }: Report): void {
  const facts = [`${machine.cores} cores of ${machine.processor}`, `${machine.memoryGb} GB`, machine.system]
  console.log(`${[...facts, `Node ${machine.node}`].join(', ')}${busyText(scenarios)}.\n`)
  printTable(
    ['Measure', 'Goal (accept)', 'Through the network', 'Backend directly'],
    measures(scenarios, proxy),
  )
  if (scenarios.length > 0) printTable(detailTitles, scenarios.map(details))
  if (proxy !== undefined) printTable(proxyTitles, proxy.rows.map(proxyDetails))
}

/** How much of the machine was not there to be measured. */
function busyText(scenarios: readonly ScenarioReport[]): string {
  const shares = scenarios.flatMap(({ rounds }) =>
    [...rounds.network, ...rounds.backend].map(round => round.othersShare),
  )
  if (shares.length === 0) return ''
  const percent = (share: number) => `${Math.round(100 * share)} %`
  return `. Other processes took ${percent(median(shares))} of the cores in half of the rounds, and at most ${percent(Math.max(...shares))}`
}

type Row = string[]

/** The measures that the project sets itself goals for, then the others. */
function measures(scenarios: readonly ScenarioReport[], proxy: ProxyReport | undefined): Row[] {
  const rowsOf = (chosen: readonly Figure[]): Row[] =>
    chosen.flatMap(({ scenario, measure, goal = '', network, backend }) => {
      const found = scenarios.find(({ scenario: { name } }) => name === scenario)
      if (found === undefined) return []
      return [[measure, goal, network(found.network), backend?.(found.backend) ?? '']]
    })
  return [
    ...rowsOf(figures.filter(({ goal }) => goal !== undefined)),
    ...(scenarios.length > 0 ? [memoryRow(scenarios)] : []),
    ...rowsOf(figures.filter(({ goal }) => goal === undefined)),
    ...scenarios.flatMap(addedRows),
    ...(proxy === undefined ? [] : [proxyRow(proxy)]),
  ]
}

interface Figure {
  scenario: string
  measure: string
  goal?: string
  network: (round: Round) => string
  backend?: (round: Round) => string
}

const rate = (round: Round): string => `${whole(round.requestsPerSecond)}/s`
const rateAndTail = (round: Round): string => `${rate(round)}, ${ms(round.latencyMs.p99)}`
const rateAndCpu = (round: Round): string => `${rate(round)}, ${us(round.rolesCpuUs)}`
const firstByte = ({ firstByteMs: { p50, p99 } }: Round): string => `${p50.toFixed(2)} / ${ms(p99)}`

const figures: readonly Figure[] = [
  {
    scenario: 'json-30',
    measure: 'JSON, 30 callers: requests per second, p99',
    goal: '11,000/s, 8 ms (8,000/s, 11 ms)',
    network: rateAndTail,
    backend: rateAndTail,
  },
  {
    scenario: 'json-30',
    measure: 'CPU per request over all roles, JSON, 30 callers',
    goal: '100 us (140 us)',
    network: round => us(round.rolesCpuUs),
  },
  {
    scenario: 'json-1',
    measure: 'JSON, 1 caller, p50',
    goal: '0.60 ms (0.75 ms)',
    network: round => ms(round.latencyMs.p50),
    backend: round => ms(round.latencyMs.p50),
  },
  {
    scenario: 'stream-30',
    measure: 'Streams of 50 chunks, 30 callers, per second; CPU each',
    goal: '2,800/s, 330 us (2,200/s, 450 us)',
    network: rateAndCpu,
    backend: rate,
  },
  {
    scenario: 'paced-30',
    measure: '50 chunks 5 ms apart, 30 streams: CPU per chunk; time to first byte p50 / p99',
    goal: '46 us; 2 / 4 ms (60 us; 3 / 6 ms)',
    network: round => `${us(round.rolesCpuUs / streamedChunks)}; ${firstByte(round)}`,
    backend: firstByte,
  },
  {
    scenario: 'large-30',
    measure: '32 kB requests, 30 callers, per second',
    goal: '3,500/s (2,300/s)',
    network: rate,
    backend: rate,
  },
  {
    scenario: 'json-256',
    measure: 'JSON, 256 callers: requests per second, p99',
    network: rateAndTail,
    backend: rateAndTail,
  },
  {
    scenario: 'stream-256',
    measure: 'Streams of 50 chunks, 256 callers, per second; CPU each',
    network: rateAndCpu,
    backend: rate,
  },
]

function memoryRow(scenarios: readonly ScenarioReport[]): Row {
  const peaks = roleNames.map(role => {
    const seen = scenarios.flatMap(({ rounds }) => rounds.network.map(round => round.residentMb[role]))
    return `${role} ${whole(Math.max(...seen))}`
  })
  return ['Memory (RSS) of each role under load', '120 MB (200 MB)', `${peaks.join(', ')} MB`, '']
}

/** What the network adds to what the backend takes anyway. */
function addedRows({ scenario, network, backend }: ScenarioReport): Row[] {
  const rows: Row[] = []
  if (scenario.name === 'stream-1') {
    const added = ms(network.firstByteMs.p50 - backend.firstByteMs.p50)
    rows.push(['Added time to first byte, 1 stream, p50', '', added, ''])
  }
  if (network.chunkMs !== undefined && backend.chunkMs !== undefined) {
    const measure = 'Added time per streamed chunk, 30 streams, 5 ms apart, p50 / p99'
    const [p50, p99] = [network.chunkMs.p50 - backend.chunkMs.p50, network.chunkMs.p99 - backend.chunkMs.p99]
    rows.push([measure, '', `${p50.toFixed(2)} / ${ms(p99)}`, ''])
  }
  return rows
}

function proxyRow({ rows }: ProxyReport): Row {
  const counts = rows.map(row => whole(row.workers)).join(' / ')
  const rates = rows.map(row => whole(row.queriesPerSecond)).join(' / ')
  return [`Proxy alone, ${counts} workers registered, queries per second`, 'flat', rates, '']
}

const proxyTitles = [
  'Workers registered',
  'Queries/s',
  'CPU per query, peers included, us',
  'Choice of a worker, us',
]

function proxyDetails({ workers, queriesPerSecond, cpuUs, choiceUs }: ProxyRow): Row {
  return [whole(workers), whole(queriesPerSecond), cpuUs.toFixed(1), choiceUs.toFixed(2)]
}

const detailTitles = [
  'Scenario',
  'Requests/s',
  'p50 / p99, ms',
  'First byte p50 / p99, ms',
  'CPU of client + proxy + worker, us',
  'CPU of backend + load generator, us',
  'RSS of client / proxy / worker, MB',
  'Directly: requests/s',
  'p50 / p99, ms',
  'First byte p50 / p99, ms',
]

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
    roleNames.map(role => whole(network.residentMb[role])).join(' / '),
    ...times(backend),
  ]
}

function printTable(head: Row, rows: readonly Row[]): void {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map(row => row[column]!.length)))
  const line = (cells: Row): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
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
