import { createPaymentKey, type Ledger, MemoryLedger } from '@cocoon/money'
import { VirtualWorld } from '../../wire/test/virtual-world.ts'
import { contractsWithoutChain, Proxy, type ProxyEvent, type ProxyOptions } from '../src/index.ts'
import { address, config, keyOf } from './network.ts'
import { ScriptedClient } from './scripted-client.ts'
import { ScriptedWorker, type WorkerScript } from './scripted-worker.ts'

/** A proxy in virtual time with a ledger that notes what it is asked. */
export class ProxyBench {
  readonly world = new VirtualWorld()
  readonly events: ProxyEvent[] = []
  /** What the ledger was asked and what the peers were told, in order. */
  readonly journal: string[] = []
  readonly books: MemoryLedger
  readonly proxy: Proxy
  /** Set to make the ledger's next calls wait or fail. */
  beforeReserve: () => Promise<void> = async () => {}
  beforeCharge: () => Promise<void> = async () => {}

  constructor(options: Partial<ProxyOptions> = {}, books = new MemoryLedger()) {
    this.books = books
    this.proxy = new Proxy({
      world: this.world,
      config,
      root: address(2),
      owner: address(3),
      nodeWallet: address(4),
      key: createPaymentKey(new Uint8Array(32).fill(9)),
      ledger: this.#journaled(),
      clientContracts: contractsWithoutChain(config),
      isTestnet: true,
      checkWorkerHashes: false,
      log: event => void this.events.push(event),
      ...options,
    })
  }

  async worker(options: WorkerScript = {}): Promise<ScriptedWorker> {
    const worker = new ScriptedWorker(this, options)
    await this.world.settle()
    await worker.shakeHands()
    return worker
  }

  async client(version = 3, fill = 50): Promise<ScriptedClient> {
    const client = new ScriptedClient(this, version, fill)
    await this.world.settle()
    await client.shakeHands()
    return client
  }

  /** What the client at this address has used and set aside. */
  account(fill = 50): { used: bigint; reserved: bigint } {
    const { max, reserved } = this.books.client(keyOf(fill))
    return { used: max, reserved }
  }

  earned(fill = 70): bigint {
    return this.books.worker(keyOf(fill)).max
  }

  #journaled(): Ledger {
    const { books, journal } = this
    return Object.assign(Object.create(books) as Ledger, {
      openClient: books.openClient.bind(books),
      openWorker: books.openWorker.bind(books),
      client: books.client.bind(books),
      worker: books.worker.bind(books),
      commit: books.commit.bind(books),
      recordSigned: books.recordSigned.bind(books),
      assertConserved: books.assertConserved.bind(books),
      reserve: async (reservation: Parameters<Ledger['reserve']>[0]) => {
        await this.beforeReserve()
        journal.push('reserve')
        return books.reserve(reservation)
      },
      charge: async (charge: Parameters<Ledger['charge']>[0]) => {
        journal.push('charge')
        await this.beforeCharge()
        const result = await books.charge(charge)
        journal.push('charged')
        return result
      },
      release: async (requestId: string) => {
        journal.push('release')
        return books.release(requestId)
      },
    })
  }
}
