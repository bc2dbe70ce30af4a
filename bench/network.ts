import { mkdir, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { besides, Deployment } from './deployment.ts'
import { machineFacts } from './machine.ts'
import { Program } from './processes.ts'
import type { ProxyReport } from './proxy.ts'
import { printReport, type Report, type ScenarioReport } from './report.ts'
import { medianRound, type Round, runRound } from './rounds.ts'
import { isPaced, type Scenario, scenarios, type Target } from './scenarios.ts'

const proxyScenario = 'proxy'
const scenarioNames = [...scenarios.map(({ name }) => name), proxyScenario]

const help = `npm run bench [-- options]: a network of three processes against its backend alone

  --scenario NAMES   only these, with commas between: ${scenarioNames.join(', ')}
  --seconds N        length of a round through the network (1.5)
  --rounds N         rounds of each scenario, an odd number at best (7)
  --json FILE        all figures as JSON
  --cpu-prof DIR     a CPU profile of each role`

/** The backend alone is measured for this part of a round's length, since it answers many times as fast. */
const backendShare = 0.4
/** By then the roles' code is compiled, and their heaps have the size that they keep. */
const warmUpSeconds = { network: 2, backend: 0.3 }

interface Plan {
  scenarios: readonly Scenario[]
  seconds: number
  rounds: number
  cpuProfiles: string | undefined
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string', default: scenarioNames.join(',') },
      seconds: { type: 'string', default: '1.5' },
      rounds: { type: 'string', default: '7' },
      json: { type: 'string' },
      'cpu-prof': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return console.log(help)
  const names = values.scenario.split(',')
  const unknown = names.filter(name => !scenarioNames.includes(name))
  if (unknown.length > 0) throw new Error(`No scenario is called ${unknown.join(' or ')}.\n\n${help}`)
  const plan: Plan = {
    scenarios: scenarios.filter(({ name }) => names.includes(name)),
    seconds: amount('seconds', values.seconds),
    rounds: Math.ceil(amount('rounds', values.rounds)),
    cpuProfiles: values['cpu-prof'],
  }
  const report: Report = {
    machine: machineFacts(),
    scenarios: plan.scenarios.length > 0 ? await measureNetwork(plan) : [],
    ...(names.includes(proxyScenario) && { proxy: await measureProxy() }),
  }
  printReport(report)
  if (values.json !== undefined) await writeFile(values.json, JSON.stringify(report, null, 2) + '\n')
}

function amount(option: string, text: string): number {
  const number = Number(text)
  if (number > 0 && number <= 1000) return number
  throw new Error(`--${option} is a number above 0 and up to 1000, not ${text}.`)
}

/** Backend and network in turns, so that whatever else the machine does falls on both alike. */
async function measureNetwork(plan: Plan): Promise<ScenarioReport[]> {
  const { cpuProfiles, seconds } = plan
  if (cpuProfiles !== undefined) await mkdir(cpuProfiles, { recursive: true })
  await using deployment = await Deployment.start({ cpuProfiles })
  await using load = Program.startWithMessages('load generator', besides('load.ts'))
  for (const scenario of plan.scenarios) {
    for (const target of targets)
      await runRound(deployment, load, { scenario, target, seconds: warmUpSeconds[target] })
  }
  const measured = plan.scenarios.map(scenario => ({
    scenario,
    backend: [] as Round[],
    network: [] as Round[],
  }))
  for (let number = 1; number <= plan.rounds; number++) {
    for (const { scenario, ...rounds } of measured) {
      for (const target of number % 2 === 0 ? targets : targets.toReversed()) {
        const share = target === 'backend' && !isPaced(scenario) ? backendShare : 1
        const round = await runRound(deployment, load, { scenario, target, seconds: seconds * share })
        rounds[target].push(round)
      }
    }
    process.stderr.write(`round ${number} of ${plan.rounds}\n`)
  }
  return measured.map(({ scenario, backend, network }) => ({
    scenario,
    backend: medianRound(backend),
    network: medianRound(network),
    rounds: { backend, network },
  }))
}

/** In a process of its own, whose heap holds nothing else. */
async function measureProxy(): Promise<ProxyReport> {
  await using program = Program.start('proxy benchmark', [besides('proxy.ts'), '--json'])
  return JSON.parse(await program.output()) as ProxyReport
}

const targets: readonly Target[] = ['backend', 'network']

// The other processes are ended when this one exits.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
