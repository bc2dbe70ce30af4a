import { parseArgs } from 'node:util'
import { besides, Deployment } from './deployment.ts'
import { machineFacts } from './machine.ts'
import { Program } from './processes.ts'
import { medianRound, type Round, runRound } from './rounds.ts'
import { type Scenario, scenarios, streamedChunks } from './scenarios.ts'

/** How queries are protected; `unsigned`: in a session, and Ed25519 costs nothing. */
const ways = ['open', 'session', 'unsigned', 'query'] as const
type Way = (typeof ways)[number]

const sealing = {
  open: {},
  session: { sealed: 'session' },
  unsigned: { sealed: 'session', withoutSignatures: true },
  query: { sealed: 'query' },
} as const

const measured = new Set(['json-30', 'large-30', 'stream-30', 'paced-30'])
/** Of each scenario, the first of which compiles most of what the others use: sealed queries have more of that. */
const warmUpSeconds = { first: 12, other: 4 } as const

const help = `npm run bench:sealed [-- options]: the network with queries sealed and open, in turns

  --seconds N   length of a round (1.5)
  --rounds N    rounds of each scenario and way, an odd number at best (5)
  --json        all figures as JSON`

interface Row {
  readonly scenario: Scenario
  readonly rounds: Record<Way, Round[]>
}

async function measure(seconds: number, count: number): Promise<Row[]> {
  await using stack = new AsyncDisposableStack()
  const load = stack.use(Program.startWithMessages('load generator', besides('load.ts')))
  const deployments = new Map<Way, Deployment>()
  for (const way of ways) {
    deployments.set(way, stack.use(await Deployment.start({ cpuProfiles: undefined, ...sealing[way] })))
  }
  const rows: Row[] = scenarios
    .filter(({ name }) => measured.has(name))
    .map(scenario => ({ scenario, rounds: { open: [], session: [], unsigned: [], query: [] } }))
  const run = (way: Way, scenario: Scenario, length: number): Promise<Round> =>
    runRound(deployments.get(way)!, load, {
      scenario: { ...scenario, isSealed: way !== 'open' },
      target: 'network',
      seconds: length,
    })
  for (const [index, { scenario }] of rows.entries()) {
    const length = index === 0 ? warmUpSeconds.first : warmUpSeconds.other
    for (const way of ways) await run(way, scenario, length)
    process.stderr.write(`warmed up for ${scenario.name}\n`)
  }
  for (let number = 1; number <= count; number++) {
    for (const { scenario, rounds } of rows) {
      for (const way of number % 2 === 0 ? ways : ways.toReversed()) {
        rounds[way].push(await run(way, scenario, seconds))
      }
    }
    process.stderr.write(`round ${number} of ${count}\n`)
  }
  return rows
}

function print(rows: readonly Row[]): void {
  const { cores, processor, node } = machineFacts()
  console.log(`${cores} cores of ${processor}, Node ${node}\n`)
  const titles = [
    'Scenario',
    'Way',
    'Requests/s',
    'of open',
    'p50 / p99, ms',
    'CPU client + proxy + worker, us',
  ]
  console.log(`| ${titles.join(' | ')} |\n|${titles.map(() => ' --- ').join('|')}|`)
  for (const { scenario, rounds } of rows) {
    const open = medianRound(rounds.open)
    for (const way of ways) {
      const round = medianRound(rounds[way])
      const share = Math.round((100 * round.requestsPerSecond) / open.requestsPerSecond)
      const { client, proxy, worker } = round.cpuUs
      const cells = [
        scenario.name,
        wayText[way],
        Math.round(round.requestsPerSecond).toLocaleString('en'),
        `${share} %`,
        `${round.latencyMs.p50.toFixed(2)} / ${round.latencyMs.p99.toFixed(2)}`,
        `${[client, proxy, worker].map(Math.round).join(' + ')} = ${Math.round(round.rolesCpuUs)}`,
      ]
      console.log(`| ${cells.join(' | ')} |`)
    }
  }
  console.log(`\nA stream has ${streamedChunks} chunks, at once or (paced-30) 5 ms apart.`)
}

const wayText: Record<Way, string> = {
  open: 'open',
  session: 'sealed in a session',
  unsigned: 'the same, signatures not counted',
  query: 'sealed, a KEM a query',
}

// Each process is ended at the exit of this one.
process.setMaxListeners(40)

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '1.5' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

// The other processes are ended when this one exits.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

if (values.help) console.log(help)
else {
  const rows = await measure(Number(values.seconds), Number(values.rounds))
  if (values.json) console.log(JSON.stringify({ machine: machineFacts(), rows }))
  else print(rows)
}
