import { spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { type Ledger, MemoryLedger, openPostgresLedger, openSqliteLedger } from '@cocoon/money'
import { systemWorld as world } from '@cocoon/wire/node'
import { machineFacts } from './machine.ts'
import { quantile } from './quantile.ts'

const help = `bench/ledger.ts [options]: what the books cost a request: a reservation and its charge

  --seconds N       length of each measurement (2)
  --postgres URL    a PostgreSQL server; else one is started from the development packages
  --note BYTES      measure each also with a note of so many bytes for a charge, dropped a hundred at a time
  --only NAMES      of memory, sqlite, postgres, with commas between`

const atOnce = [1, 30, 256]
/** What a request costs a proxy besides: about 100 us of its thread. */
const workUs = 100
const workingAtOnce = 64
const rounds = 3
const besideWork = `${workingAtOnce}, with ${workUs} us of work`
const parties = 16
const contract = key(999)
const credit = { paid: 10n ** 15n, stake: 10n ** 15n, charged: 0n, lt: 0n }

interface Measured {
  requestsPerSecond: number
  p50Ms: number
  p99Ms: number
  /** Processor time of the thread that serves requests, and of the whole process. */
  mainUs: number
  processUs: number
}

/** What the measurement itself costs: the same without a ledger. */
type Request = (index: number) => Promise<void>

const nothing: Request = async () => {
  await undefined
  await undefined
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '2' },
      postgres: { type: 'string' },
      note: { type: 'string' },
      only: { type: 'string', default: 'memory,sqlite,postgres' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return console.log(help)
  const lengthMs = Number(values.seconds) * 1000
  const { cores, processor, system, node } = machineFacts()
  console.log(`${cores} cores of ${processor}, ${system}, Node ${node}.\n`)
  console.log('| Ledger | At once | Requests/s | p50 ms | p99 ms | Main thread us | Process us |')
  console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: |')
  const own = await measureAll(nothing, lengthMs)
  const notes = values.note === undefined ? [undefined] : [undefined, new Uint8Array(Number(values.note))]
  for (const name of values.only.split(',')) {
    for (const note of notes) {
      await using opened = await open(name, values.postgres)
      const measured = await measureAll(spender(opened.ledger, note), lengthMs)
      opened.ledger.assertConserved()
      const what = note === undefined ? name : `${name}, note of ${note.length} bytes`
      for (const [load, figures] of measured) printRow(what, load, figures, own.get(load)!)
    }
  }
  console.log(
    `\nMicroseconds are processor time a request, less ${[...own].map(([load, { mainUs }]) => `${mainUs.toFixed(1)} (${load})`).join(', ')} that the measurement itself takes.`,
  )
}

async function measureAll(request: Request, lengthMs: number): Promise<Map<string, Measured>> {
  await atOnceUntil(request, 30, performance.now() + lengthMs / 2)
  const measured = new Map<string, Measured>()
  for (const count of atOnce) {
    measured.set(String(count), await measure(lengthMs, until => atOnceUntil(request, count, until)))
  }
  const working: Request = async index => {
    work()
    await request(index)
  }
  const results: Measured[] = []
  for (let round = 0; round < rounds; round++) {
    results.push(await measure(lengthMs, until => atOnceUntil(working, workingAtOnce, until)))
  }
  measured.set(besideWork, results.toSorted((a, b) => a.mainUs - b.mainUs)[rounds >> 1]!)
  return measured
}

function printRow(name: string, load: string, figures: Measured, own: Measured): void {
  const { requestsPerSecond, p50Ms, p99Ms, mainUs, processUs } = figures
  const cells = [
    name,
    load,
    requestsPerSecond.toFixed(0),
    p50Ms.toFixed(2),
    p99Ms.toFixed(2),
    (mainUs - own.mainUs).toFixed(1),
    (processUs - own.processUs).toFixed(1),
  ]
  console.log(`| ${cells.join(' | ')} |`)
}

async function measure(lengthMs: number, run: (untilMs: number) => Promise<number[]>): Promise<Measured> {
  const main = process.threadCpuUsage()
  const whole = process.cpuUsage()
  const startedMs = performance.now()
  const latencies = (await run(startedMs + lengthMs)).sort((a, b) => a - b)
  const seconds = (performance.now() - startedMs) / 1000
  const mainUsed = process.threadCpuUsage(main)
  const wholeUsed = process.cpuUsage(whole)
  return {
    requestsPerSecond: latencies.length / seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    mainUs: (mainUsed.user + mainUsed.system) / latencies.length,
    processUs: (wholeUsed.user + wholeUsed.system) / latencies.length,
  }
}

/** Each of so many asks again when it was answered, with a turn of the event loop in between. */
async function atOnceUntil(request: Request, count: number, untilMs: number): Promise<number[]> {
  const latencies: number[] = []
  const asking = Array.from({ length: count }, async (_, index) => {
    while (performance.now() < untilMs) {
      const startedMs = performance.now()
      await request(index)
      latencies.push(performance.now() - startedMs)
      await new Promise(resolve => setImmediate(resolve))
    }
  })
  await Promise.all(asking)
  return latencies
}

const block = Buffer.alloc(4_096, 7)
const hashes = hashesIn(workUs)

/** The same number of steps each time, so that its processor time does not depend on who else runs. */
function work(): void {
  for (let i = 0; i < hashes; i++) hash('sha256', block)
}

/** The least time of many, which nobody else had a part in. */
function hashesIn(durationUs: number): number {
  let leastUs = Number.POSITIVE_INFINITY
  for (let i = 0; i < 20_000; i++) {
    const startedMs = performance.now()
    hash('sha256', block)
    leastUs = Math.min(leastUs, (performance.now() - startedMs) * 1000)
  }
  return Math.max(1, Math.round(durationUs / leastUs))
}

let requests = 0

function spender(ledger: Ledger, note?: Uint8Array): Request {
  let noted: string[] = []
  return async index => {
    const requestId = `0123456789abcdef01234567-${requests++}`
    await ledger.reserve({ requestId, client: clients[index % parties]!, tokens: 1000n })
    await ledger.charge({ requestId, worker: workers[index % parties]!, tokens: 500n, note })
    if (note === undefined || noted.push(requestId) < 100) return
    const dropped = noted
    noted = []
    await ledger.dropNotes(dropped)
  }
}

const clients = Array.from({ length: parties }, (_, index) => key(1 + index))
const workers = Array.from({ length: parties }, (_, index) => key(101 + index))

interface Opened extends AsyncDisposable {
  ledger: Ledger
}

async function open(name: string, url: string | undefined): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), 'cocoon-bench-'))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }))
  const ledger = cleanup.use(await openLedger(name, folder, url, cleanup))
  for (const client of clients) await ledger.openClient(client, credit)
  for (const worker of workers) await ledger.openWorker(worker)
  const opened = cleanup.move()
  return { ledger, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

async function openLedger(
  name: string,
  folder: string,
  url: string | undefined,
  cleanup: AsyncDisposableStack,
): Promise<Ledger> {
  if (name === 'memory') return new MemoryLedger()
  if (name === 'sqlite') return openSqliteLedger({ path: join(folder, 'ledger.sqlite'), contract, world })
  if (name === 'postgres')
    return openPostgresLedger({ url: url ?? (await startPostgres(cleanup)), contract, world })
  throw new Error(`No ledger is called ${name}.\n\n${help}`)
}

/** The server is a process of its own, so that its processor time is not counted here. */
async function startPostgres(cleanup: AsyncDisposableStack): Promise<string> {
  const program = fileURLToPath(new URL('../packages/money/test/database/postgres-run.ts', import.meta.url))
  const server = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] })
  cleanup.defer(async () => {
    const ended = once(server, 'exit')
    server.stdin.end()
    await ended
  })
  for await (const line of createInterface({ input: server.stdout })) return line
  throw new Error('PostgreSQL did not start')
}

function key(number: number): string {
  return `0:${number.toString(16).padStart(64, '0')}`
}

await main()
