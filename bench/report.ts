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
  const rows: Row[] = []
  const add = (
    name: string,
    measure: string,
    goal: string,
    show: (round: Round) => string,
    direct = true,
  ): void => {
    const found = scenarios.find(({ scenario }) => scenario.name === name)
    if (found !== undefined)
      rows.push([measure, goal, show(found.network), direct ? show(found.backend) : ''])
  }
  const rate = (round: Round) => `${whole(round.requestsPerSecond)}/s`
  const rateAndTail = (round: Round) => `${rate(round)}, ${ms(round.latencyMs.p99)}`
  const rateAndCpu = (round: Round) =>
    round.rolesCpuUs > 0 ? `${rate(round)}, ${us(round.rolesCpuUs)}` : rate(round)
  const firstByte = ({ firstByteMs }: Round) => `${firstByteMs.p50.toFixed(2)} / ${ms(firstByteMs.p99)}`
  const cpu = (round: Round) => us(round.rolesCpuUs)
  const paced = (round: Round) => `${us(round.rolesCpuUs / streamedChunks)}; ${firstByte(round)}`

  add('json-30', 'JSON, 30 callers: requests per second, p99', '11,000/s, 8 ms (8,000/s, 11 ms)', rateAndTail)
  add('json-30', 'CPU per request over all roles, JSON, 30 callers', '100 us (140 us)', cpu, false)
  add('json-1', 'JSON, 1 caller, p50', '0.60 ms (0.75 ms)', round => ms(round.latencyMs.p50))
  add(
    'stream-30',
    'Streams of 50 chunks, 30 callers, per second; CPU each',
    '2,800/s, 330 us (2,200/s, 450 us)',
    rateAndCpu,
  )
  add(
    'paced-30',
    '50 chunks 5 ms apart, 30 streams: CPU per chunk; time to first byte p50 / p99',
    '46 us; 2 / 4 ms (60 us; 3 / 6 ms)',
    paced,
    false,
  )
  add('large-30', '32 kB requests, 30 callers, per second', '3,500/s (2,300/s)', rate)
  if (scenarios.length > 0) rows.push(memoryRow(scenarios))
  add('json-256', 'JSON, 256 callers: requests per second, p99', '', rateAndTail)
  add('stream-256', 'Streams of 50 chunks, 256 callers, per second; CPU each', '', rateAndCpu)
  return [...rows, ...scenarios.flatMap(addedRows), ...(proxy === undefined ? [] : [proxyRow(proxy)])]
}

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
