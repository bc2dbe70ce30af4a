import { parseArgs } from 'node:util'
import {
  contractAddress,
  createPaymentKey,
  MemoryLedger,
  parsePseudoConfig,
  writePseudoConfig,
} from '@cocoon/money'
import { contractsWithoutChain, Proxy } from '@cocoon/proxy'
import { type Peer, pipe, type Transport } from '@cocoon/wire'
import { systemWorld as world } from '@cocoon/wire/node'
import { AskingClient, joinAsWorker } from './peers.ts'
import { median } from './quantile.ts'
import { benchModel } from './scenarios.ts'

/** What the choice among many workers costs: the proxy alone, with peers in the same process over pipes. */
export interface ProxyReport {
  rows: ProxyRow[]
}

export interface ProxyRow {
  workers: number
  /** Medians of the rounds. */
  queriesPerSecond: number
  /** Of proxy and peers together, microseconds: the peers' part is the same in every row. */
  cpuUs: number
  /** Of it, the choice of a worker, microseconds. */
  choiceUs: number
}

const workerCounts = [1, 10, 100, 1000]
const clients = 8
const queriesAtOnce = 8
const rounds = 5
const roundMs = 800
const choicesAtOnce = 50_000
const highestPrice = 4000

type Measured = Omit<ProxyRow, 'workers'>

/** One proxy with its peers. */
class Market {
  readonly workers: number
  readonly #proxy: Proxy
  readonly #clients: AskingClient[]
  readonly measured: Measured[] = []

  private constructor(workers: number, proxy: Proxy, asking: AskingClient[]) {
    this.workers = workers
    this.#proxy = proxy
    this.#clients = asking
  }

  static async open(workers: number): Promise<Market> {
    const proxy = newProxy()
    for (let index = 0; index < workers; index++) {
      await joinAsWorker(
        connected(index, transport => proxy.acceptWorker(transport)),
        index,
      )
    }
    const asking = Array.from({ length: clients }, () => new AskingClient())
    for (const [index, client] of asking.entries()) {
      await client.join(
        connected(index, transport => proxy.acceptClient(transport)),
        workers + index,
      )
    }
    return new Market(workers, proxy, asking)
  }

  async measure(): Promise<Measured> {
    const answeredBefore = this.#answered
    const cpuBefore = process.cpuUsage()
    const startedAt = performance.now()
    for (const client of this.#clients) client.start(queriesAtOnce)
    await sleep(roundMs)
    for (const client of this.#clients) client.stop()
    while (this.#proxy.running > 0) await sleep(1)
    const seconds = (performance.now() - startedAt) / 1000
    const { user, system } = process.cpuUsage(cpuBefore)
    const queries = this.#answered - answeredBefore
    return {
      queriesPerSecond: queries / seconds,
      cpuUs: (user + system) / queries,
      choiceUs: this.#measureChoice(),
    }
  }

  #measureChoice(): number {
    const startedAt = performance.now()
    for (let i = 0; i < choicesAtOnce; i++) {
      if (this.#proxy.market.match(benchModel, highestPrice).kind !== 'matched')
        throw new Error('No worker was free.')
    }
    return ((performance.now() - startedAt) * 1000) / choicesAtOnce
  }

  close(): Promise<void> {
    return this.#proxy.close(0)
  }

  get #answered(): number {
    return this.#clients.reduce((sum, client) => sum + client.answered, 0)
  }
}

function newProxy(): Proxy {
  const owner = contractAddress(0, '22'.repeat(32))
  const prices = { pricePerTokenNano: 1n, workerFeePerTokenNano: 1n }
  const config = parsePseudoConfig(writePseudoConfig({ ownerAddress: owner, ...prices }))
  return new Proxy({
    world,
    config,
    root: contractAddress(0, '11'.repeat(32)),
    owner,
    nodeWallet: owner,
    key: createPaymentKey(Buffer.alloc(32, 3)),
    ledger: new MemoryLedger(),
    clientContracts: contractsWithoutChain(config),
    isTestnet: false,
    checkWorkerHashes: false,
  })
}

/** The peer's end of a pipe whose other end the proxy has taken. */
function connected(index: number, accept: (transport: Transport) => void): Transport {
  const peer: Peer = { address: `peer ${index}`, imageHash: new Uint8Array(32) }
  const { a, b } = pipe(world, { a: peer, b: peer })
  accept(b)
  return a
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

async function main(): Promise<ProxyReport> {
  const markets = await Promise.all(workerCounts.map(workers => Market.open(workers)))
  for (const market of markets) await market.measure()
  for (let round = 0; round < rounds; round++) {
    for (const market of round % 2 === 0 ? markets : markets.toReversed()) {
      market.measured.push(await market.measure())
    }
  }
  for (const market of markets) await market.close()
  return {
    rows: markets.map(({ workers, measured }) => ({
      workers,
      queriesPerSecond: median(measured.map(({ queriesPerSecond }) => queriesPerSecond)),
      cpuUs: median(measured.map(({ cpuUs }) => cpuUs)),
      choiceUs: median(measured.map(({ choiceUs }) => choiceUs)),
    })),
  }
}

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const report = await main()
if (values.json) console.log(JSON.stringify(report))
else console.table(report.rows)
