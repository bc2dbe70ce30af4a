import { calmTemper, type Temper } from './backend.ts'
import { HostileClient } from './hostile/client.ts'
import { HostileProxy } from './hostile/proxy.ts'
import { HostileWorker } from './hostile/worker.ts'
import { calmNetwork } from './network.ts'
import { ClientParty, ProxyParty, type Scene, WorkerParty } from './parties.ts'
import type { Profile } from './profile.ts'
import { type LedgerFaults, soundLedger, type WatchedLedger } from './watched-ledger.ts'

/** Everybody in a simulation, and how those fare that are started now. */
export class Cast {
  readonly proxies: readonly ProxyParty[]
  readonly workers: readonly WorkerParty[]
  readonly clients: readonly ClientParty[]
  readonly rogues: ReadonlyArray<HostileClient | HostileWorker | HostileProxy>
  /** Books of all lives of all proxies. */
  readonly ledgers = new Set<WatchedLedger>()
  readonly #scene: Scene
  readonly #slowestMs: number
  #temper: Temper
  #ledgerFaults: LedgerFaults

  constructor(scene: Scene, profile: Profile) {
    this.#scene = scene
    this.#temper = profile.temper
    this.#ledgerFaults = profile.ledger
    this.#slowestMs = profile.ledger.slowestMs
    this.proxies = many(profile.proxies, index => new ProxyParty(scene, index))
    this.workers = many(profile.workers, index => new WorkerParty(scene, index))
    this.clients = many(profile.clients, index => new ClientParty(scene, index))
    this.rogues = [
      ...many(profile.hostileClients, index => new HostileClient(scene, index)),
      ...many(profile.hostileWorkers, index => new HostileWorker(scene, index)),
      ...many(profile.hostileProxies, index => new HostileProxy(scene, profile.proxies + index)),
    ]
  }

  begin(): void {
    for (const rogue of this.rogues) rogue.start()
    for (const proxy of this.proxies) this.startProxy(proxy)
    for (const worker of this.workers) this.startWorker(worker)
    for (const client of this.clients) client.start()
  }

  startProxy(party: ProxyParty): void {
    party.start()
    party.ledger.faults = this.#ledgerFaults
    this.ledgers.add(party.ledger)
  }

  startWorker(party: WorkerParty): void {
    party.temper = this.#temper
    party.start()
  }

  /** Faults end, for those who are up and for those who come back later. */
  heal(): void {
    for (const rogue of this.rogues) rogue.kill()
    this.#scene.network.heal(calmNetwork)
    this.#temper = calmTemper
    this.#ledgerFaults = { ...soundLedger, slowestMs: this.#slowestMs }
    for (const ledger of this.ledgers) ledger.faults = this.#ledgerFaults
    for (const { role, backend } of this.workers) {
      backend.temper = calmTemper
      backend.down = false
      role?.setEnabled(true)
    }
  }
}

function many<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}
