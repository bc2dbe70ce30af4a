import { mkdir, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { besides, Deployment } from './deployment.ts'
import { machineFacts } from './machine.ts'
import { Program } from './processes.ts'
import { medianRound, type Round, runRound } from './rounds.ts'
import { printReport, type Report, type ScenarioReport } from './report.ts'
import { type Scenario, scenarios, type Target } from './scenarios.ts'
import type { ProxyReport } from './proxy.ts'

const usage = `npm run bench [-- options]

  --scenario NAMES   only these, with commas between: ${[...scenarios.map(({ name }) => name), 'proxy'].join(', ')}
  --seconds N        length of a round (1.5)
  --rounds N         rounds of each scenario and target (5)
  --json FILE        all figures as JSON
  --cpu-prof DIR     a CPU profile of each role`

const { values } = parseArgs({
  options: {
    scenario: { type: 'string' },
    seconds: { type: 'string', default: '1.5' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'string' },
    'cpu-prof': { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
})

const warmUpSeconds = 1
const proxyScenario = 'proxy'

async function main(): Promise<void> {
  if (values.help) return console.log(usage)
  const names = values.scenario?.split(',') ?? [...scenarios.map(({ name }) => name), proxyScenario]
  const unknown = names.filter(name => name !== proxyScenario && scenarios.every(known => known.name !== name))
  if (unknown.length > 0) throw new Error(`No scenario is called ${unknown.join(' or ')}.\n\n${usage}`)
  const chosen = scenarios.filter(({ name }) => names.includes(name))
  const machine = machineFacts()
  const report: Report = {
    machine,
    scenarios: chosen.length > 0 ? await measureNetwork(chosen) : [],
    ...(names.includes(proxyScenario) && { proxy: await measureProxy() }),
  }
  printReport(report)
  if (values.json !== undefined) await writeFile(values.json, JSON.stringify(report, null, 2) + '\n')
}

/** Backend and network in turns, so that whatever else the machine does falls on both alike. */
async function measureNetwork(chosen: readonly Scenario[]): Promise<ScenarioReport[]> {
  const cpuProfiles = values['cpu-prof']
  if (cpuProfiles !== undefined) await mkdir(cpuProfiles, { recursive: true })
  await using deployment = await Deployment.start({ cpuProfiles })
  await using load = Program.startWithMessages('load generator', besides('load.ts'))
  const seconds = Number(values.seconds)
  for (const scenario of chosen) {
    for (const target of targets) await runRound(deployment, load, { scenario, target, seconds: warmUpSeconds })
  }
  const rounds = chosen.map(scenario => ({ scenario, backend: [] as Round[], network: [] as Round[] }))
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const measured of rounds) {
      const { scenario } = measured
      for (const target of round % 2 === 0 ? targets : targets.toReversed()) {
        measured[target].push(await runRound(deployment, load, { scenario, target, seconds }))
      }
      process.stderr.write('.')
    }
  }
  process.stderr.write('\n')
  return rounds.map(({ scenario, backend, network }) => ({
    scenario,
    backend: medianRound(backend),
    network: medianRound(network),
    rounds: { backend, network },
  }))
}

async function measureProxy(): Promise<ProxyReport> {
  await using program = Program.start('proxy benchmark', [besides('proxy.ts'), '--json'])
  return JSON.parse(await program.output()) as ProxyReport
}

const targets: readonly Target[] = ['backend', 'network']

await main()
