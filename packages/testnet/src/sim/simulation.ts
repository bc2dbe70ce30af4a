import { addressKey } from '@cocoon/money'
import { check, TestnetError } from '../error.ts'
import { calmTemper, type Temper } from './backend.ts'
import { Call, type Outcome } from './caller.ts'
import { EventLog } from './event-log.ts'
import { calmNetwork, SimNetwork } from './network.ts'
import { HostileClient, HostileWorker } from './hostile.ts'
import { addressFor, ClientParty, ProxyParty, type Scene, sceneConfig, WorkerParty } from './parties.ts'
import { drawPlan, simModel } from './plan.ts'
import { type Action, type Profile, profiles, type ProfileName } from './profile.ts'
import type { Random } from './random.ts'
import { type LedgerFaults, soundLedger, type WatchedLedger } from './watched-ledger.ts'
import { withoutThreads } from './without-threads.ts'
import { SimWorld } from './world.ts'

export interface SimulationOptions {
  seed: string
  profile: ProfileName
  /** Actions before everything has to heal. */
  steps: number
  /** Gets every line of the log. */
  print?: (line: string) => void
}

export interface SimulationResult {
  /** Equal for two runs exactly if the same happened in both. */
  digest: string
  /** Events that ran. */
  events: number
  virtualMs: number
  queries: number
  answered: number
  refused: number
  failed: number
  chargedTokens: bigint
  /** Most bytes that ever waited for one peer. */
  peakQueuedBytes: number
}

/** After its last query has ended, everything is free again within this time. */
const idleLimitMs = 90_000
/** After the faults, every client is served again within this time. */
const healLimitMs = 150_000
/** A stopped network has no timer left after this time. */
const restLimitMs = 120_000
const probeTimeoutMs = 10_000
const maxQueuedBytes = 81 << 20

/**
 * Runs the roles in virtual time under one profile's faults, then ends the faults and sees that the network
 * heals. Rejects with `TestnetError('check-failed')` or `('stuck')` that says the seed when anything that must
 * hold does not.
 */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  using _ = withoutThreads()
  const simulation = new Simulation(options)
  const unhandled = (error: unknown): void =>
    void simulation.violations.push(`unhandled rejection: ${textOf(error)}`)
  process.on('unhandledRejection', unhandled)
  try {
    return await simulation.run()
  } catch (error) {
    throw simulation.explain(error)
  } finally {
    process.off('unhandledRejection', unhandled)
  }
}

class Simulation {
  readonly violations: string[] = []
  readonly #options: SimulationOptions
  readonly #profile: Profile
  readonly #world: SimWorld
  readonly #network: SimNetwork
  readonly #scene: Scene
  readonly #chance: Random
  readonly #proxies: ProxyParty[]
  readonly #workers: WorkerParty[]
  readonly #clients: ClientParty[]
  readonly #rogues: Array<HostileClient | HostileWorker>
  readonly #ledgers = new Set<WatchedLedger>()
  readonly #open = new Map<Call, ClientParty>()
  readonly #told = new Map<ClientParty, bigint[]>()
  #temper: Temper
  #ledgerFaults: LedgerFaults
  #queries = 0
  #answered = 0
  #refused = 0
  #failed = 0

  constructor(options: SimulationOptions) {
    this.#options = options
    const profile = profiles[options.profile]
    this.#profile = profile
    this.#world = new SimWorld({
      seed: `${options.profile} ${options.seed}`,
      timerDelayMs: profile.timerDelayMs,
      log: new EventLog({ print: options.print }),
    })
    this.#temper = profile.temper
    this.#ledgerFaults = profile.ledger
    this.#chance = this.#world.chance.fork('actions')
    this.#network = new SimNetwork(this.#world, profile.network)
    this.#scene = {
      world: this.#world,
      network: this.#network,
      config: sceneConfig(profile.proxies),
      root: addressFor('root'),
      violation: what => this.violations.push(what),
    }
    this.#proxies = many(profile.proxies, index => new ProxyParty(this.#scene, index))
    this.#workers = many(profile.workers, index => new WorkerParty(this.#scene, index))
    this.#clients = many(profile.clients, index => new ClientParty(this.#scene, index))
    this.#rogues = [
      ...many(profile.hostileClients, index => new HostileClient(this.#scene, index)),
      ...many(profile.hostileWorkers, index => new HostileWorker(this.#scene, index)),
    ]
  }

  async run(): Promise<SimulationResult> {
    this.#begin()
    for (let step = 0; step < this.#options.steps; step++) {
      await this.#world.runFor(this.#chance.exponential(this.#profile.actionMs))
      this.#act(this.#chance.weighted(this.#profile.actions))
      this.#checkNow()
    }
    await this.#heal()
    await this.#rest()
    this.#checkBooks()
    return this.#result()
  }

  explain(error: unknown): TestnetError {
    const { profile, seed, steps } = this.#options
    const code = error instanceof TestnetError ? error.code : 'check-failed'
    const lines = this.#world.log.lines.slice(-40).join('\n')
    const again = `node packages/testnet/src/simulate.ts --profile ${profile} --seed ${seed} --steps ${steps} --verbose`
    return new TestnetError(code, `${textOf(error)}\n${lines}\nSee all of it: ${again}`, { cause: error })
  }

  #begin(): void {
    for (const party of this.#proxies) this.#startProxy(party)
    for (const party of this.#workers) this.#startWorker(party)
    for (const party of this.#clients) party.start()
    for (const rogue of this.#rogues) rogue.start()
  }

  #act(action: Action): void {
    const chance = this.#chance
    switch (action) {
      case 'query':
        return this.#query(chance.pick(this.#clients))
      case 'burst':
        for (let left = chance.whole(5, 30); left > 0; left--) this.#query(chance.pick(this.#clients))
        return
      case 'hang-up': {
        const calls = [...this.#open.keys()]
        if (calls.length === 0) return
        const call = chance.pick(calls)
        this.#note(`${call.plan.id} hangs up`)
        return call.cancel()
      }
      case 'ask-models':
        chance
          .pick(this.#clients)
          .role?.models()
          .then(
            offers =>
              this.#note(`models: ${offers.map(({ id, workers }) => `${id} ${workers.length}`).join()}`),
            (error: Error) => this.#note(`no models: ${error.message}`),
          )
        return
      case 'change-price': {
        const worker = chance.pick(this.#workers)
        worker.coefficient = chance.whole(0, 4_000)
        worker.role?.setCoefficient(worker.coefficient)
        return
      }
      case 'disable': {
        const worker = chance.pick(this.#workers)
        worker.role?.setEnabled(false)
        this.#later(chance.exponential(2_000), () => worker.role?.setEnabled(true))
        return
      }
      case 'backend-away': {
        const { backend } = chance.pick(this.#workers)
        backend.down = true
        this.#later(chance.exponential(5_000), () => {
          backend.down = false
        })
        return
      }
      case 'cut':
      case 'half-open':
      case 'stall':
      case 'slow-down':
        return this.#disturbLink(action)
      case 'separate': {
        const side = chance.pick([...this.#clients, ...this.#workers])
        const other = chance.pick(this.#proxies)
        this.#note(`${side.name} and ${other.name} cannot reach each other`)
        return this.#network.separate(side.host, other.host, chance.exponential(20_000))
      }
      case 'freeze': {
        const party = chance.pick([...this.#proxies, ...this.#workers])
        const durationMs = chance.exponential(3_000)
        this.#note(`${party.name} stands still for ${durationMs.toFixed()} ms`)
        return party.process.freeze(durationMs)
      }
      case 'kill-worker':
        return this.#killed(chance.pick(this.#workers), party => this.#startWorker(party))
      case 'kill-client':
        return this.#killed(chance.pick(this.#clients), party => party.start())
      case 'kill-proxy': {
        const party = chance.pick(this.#proxies)
        if (chance.chance(0.5)) {
          party.loseBooks()
          this.#note(`${party.name} loses its books`)
        }
        return this.#killed(party, proxy => this.#startProxy(proxy))
      }
      case 'stop-worker':
        return this.#stopped(chance.pick(this.#workers), party => this.#startWorker(party))
      case 'stop-proxy':
        return this.#stopped(chance.pick(this.#proxies), party => this.#startProxy(party))
    }
  }

  #disturbLink(how: 'cut' | 'half-open' | 'stall' | 'slow-down'): void {
    const chance = this.#chance
    const links = this.#network.living()
    if (links.length === 0) return
    const link = chance.pick(links)
    this.#note(`${how} between ${link.acceptor.peer.address} and ${link.dialer.peer.address}`)
    if (how === 'cut') link.cut()
    else if (how === 'half-open') link.halfOpen()
    else if (how === 'stall') link.stall(chance.exponential(5_000))
    else link.conditions.bytesPerMs = chance.between(1, 50)
  }

  #killed<P extends WorkerParty | ClientParty | ProxyParty>(party: P, again: (party: P) => void): void {
    party.kill(this.#chance.chance(0.3))
    for (const [call, client] of this.#open) if (client === (party as unknown)) this.#open.delete(call)
    this.#later(this.#chance.exponential(4_000), () => again(party))
  }

  #stopped<P extends WorkerParty | ProxyParty>(party: P, again: (party: P) => void): void {
    const startMs = this.#chance.exponential(2_000)
    void party.stop(this.#chance.between(0, 5_000)).then(() => this.#later(startMs, () => again(party)))
  }

  #startProxy(party: ProxyParty): void {
    party.start()
    party.ledger.faults = this.#ledgerFaults
    this.#ledgers.add(party.ledger)
  }

  #startWorker(party: WorkerParty): void {
    party.temper = this.#temper
    party.start()
  }

  #query(party: ClientParty): void {
    const chance = this.#chance
    const maxCoefficient = chance.chance(0.1) ? chance.whole(0, 1_000) : 4_000
    const timeoutMs = chance.chance(0.05) ? chance.whole(1, 300) : chance.between(...this.#profile.timeoutMs)
    this.#call(party, { maxCoefficient, timeoutMs })
  }

  #call(
    party: ClientParty,
    options: { maxCoefficient: number; timeoutMs: number },
    ended?: (outcome: Outcome) => void,
  ): void {
    const client = party.role
    if (client === undefined) return
    const plan = drawPlan(this.#chance, `q${++this.#queries}`, this.#profile.answers)
    const { pieces, maxTokens, stream } = plan
    const { maxCoefficient, timeoutMs } = options
    const what = `${pieces}/${maxTokens} ${stream ? 'streamed' : 'whole'} cap ${maxCoefficient}`
    party.process.write(`${plan.id} asks for ${what} in ${timeoutMs.toFixed()} ms`)
    const call = new Call(party.process, client, this.#scene.config, {
      plan,
      ...options,
      strangers: this.#rogues.length > 0,
      violation: text => this.violations.push(text),
      ended: (over, outcome) => {
        this.#open.delete(over)
        this.#count(party, plan.id, outcome)
        ended?.(outcome)
      },
    })
    if (call.outcome === undefined) this.#open.set(call, party)
  }

  #count(party: ClientParty, id: string, outcome: Outcome): void {
    if (outcome.kind === 'failed') this.#failed++
    else if (outcome.status === 200) this.#answered++
    else this.#refused++
    if (outcome.tokens > 0n) this.#told.set(party, [...(this.#told.get(party) ?? []), outcome.tokens])
    const how =
      outcome.kind === 'failed' ? `failed: ${outcome.code} by ${outcome.by}` : `status ${outcome.status}`
    party.process.write(`${id} ${how}, ${outcome.tokens} tokens`)
  }

  /** What holds at every moment. */
  #checkNow(): void {
    check(this.#world.thrown.length === 0, `an event threw: ${textOf(this.#world.thrown[0])}`)
    check(this.violations.length === 0, this.violations.join('\n'))
    for (const { role: proxy, ledger, name } of this.#proxies) {
      ledger.assertConserved()
      if (proxy === undefined) continue
      check(proxy.state !== 'disabled', `${name} has disabled itself`)
      check(proxy.running >= 0, `${name} runs ${proxy.running} queries`)
      for (const worker of proxy.workers) {
        const { running, limit } = worker
        check(
          running >= 0 && running <= limit,
          `${name} has ${running} of ${limit} queries at ${worker.name}`,
        )
      }
    }
    for (const client of this.#clients) {
      const { role, name } = client
      const open = [...this.#open.values()].filter(party => party === client).length
      check(role === undefined || role.running === open, `${name} runs ${role?.running} queries, not ${open}`)
    }
    for (const { role: worker, backend, name } of this.#workers) {
      check(worker === undefined || worker.running >= 0, `${name} runs ${worker?.running} queries`)
      check(backend.running >= 0, `the model of ${name} runs ${backend.running} requests`)
    }
    this.#network.living()
    const { peakQueuedBytes } = this.#network
    check(peakQueuedBytes <= maxQueuedBytes, `${peakQueuedBytes} bytes waited for a peer`)
  }

  /** Faults end; what was left of them goes away, and everybody is served again. */
  async #heal(): Promise<void> {
    this.#note('the faults are over')
    const faultsEndedAt = this.#world.monotonic()
    for (const rogue of this.#rogues) rogue.kill()
    this.#network.heal(calmNetwork)
    this.#temper = calmTemper
    this.#ledgerFaults = { ...soundLedger, slowestMs: this.#profile.ledger.slowestMs }
    for (const worker of this.#workers) {
      worker.temper = calmTemper
      worker.backend.temper = calmTemper
      worker.backend.down = false
      worker.role?.setEnabled(true)
    }
    for (const ledger of this.#ledgers) ledger.faults = this.#ledgerFaults
    await this.#until('every query has ended', () => this.#open.size === 0, 2 * this.#profile.timeoutMs[1])
    await this.#until('everything is idle', () => this.#busy() === undefined, idleLimitMs)
    const healBy = faultsEndedAt + healLimitMs
    for (const client of this.#clients) await this.#probe(client, healBy)
    // From here on nobody still believes in a connection that is gone, and no first attempt fails.
    await this.#world.runFor(healBy - this.#world.monotonic())
    this.#checkSessions()
    for (const client of this.#clients) for (let i = 0; i < 3; i++) await this.#probe(client, 0)
    await this.#until('everything is idle again', () => this.#busy() === undefined, idleLimitMs)
    this.#checkNow()
  }

  /** Everybody is connected to everybody, once, and nobody else is. */
  #checkSessions(): void {
    for (const { role: proxy, name } of this.#proxies) {
      const { clients, workers } = proxy!
      const { length } = this.#clients
      check(clients.size === length, `${name} has ${clients.size} connections of ${length} clients`)
      check(
        workers.size === this.#workers.length,
        `${name} has ${workers.size} connections of ${this.#workers.length} workers`,
      )
      const { size } = proxy!.market.books.get(simModel)!
      check(size === workers.size, `${name} has ${size} asks of ${workers.size} workers on its market`)
    }
  }

  /** Asks until it is answered; after `untilMs` the first attempt has to do. */
  async #probe(client: ClientParty, untilMs: number): Promise<void> {
    for (;;) {
      await this.#until(`${client.name} is up`, () => client.role !== undefined, 60_000)
      let outcome: Outcome | undefined
      this.#call(client, { maxCoefficient: 1_000_000, timeoutMs: probeTimeoutMs }, ended => (outcome = ended))
      await this.#until('the probe has ended', () => outcome !== undefined, probeTimeoutMs + 1_000)
      if (outcome?.kind === 'answered' && outcome.status === 200) return
      check(this.#world.monotonic() < untilMs, `${client.name} is not served, long after all faults`)
      await this.#world.runFor(500)
    }
  }

  /** Who still has something to do, if anybody. */
  #busy(): string | undefined {
    for (const { role: proxy, ledger, name } of this.#proxies) {
      if (proxy === undefined) return `${name} is down`
      if (proxy.running > 0) return `${name} runs ${proxy.running} queries`
      if (ledger.openReservations > 0) return `${name} has ${ledger.openReservations} reservations open`
      if (proxy.market.waitingFor(simModel) > 0) return `queries wait for a worker in ${name}`
      if (proxy.queryBudget.usedBytes !== 0)
        return `${name} holds ${proxy.queryBudget.usedBytes} bytes of queries`
      if (proxy.frameBudget.usedBytes !== 0)
        return `${name} holds ${proxy.frameBudget.usedBytes} bytes of frames`
      for (const link of [...proxy.clients, ...proxy.workers]) {
        if (link.running > 0) return `${name} counts ${link.running} queries for ${link.name}`
      }
    }
    for (const { role: worker, backend, name } of this.#workers) {
      if (worker === undefined) return `${name} is down`
      if (worker.running > 0) return `${name} runs ${worker.running} queries`
      if (backend.running > 0) return `the model of ${name} runs ${backend.running} requests`
    }
    for (const { role: client, name } of this.#clients) {
      if (client === undefined) return `${name} is down`
      if (client.running > 0) return `${name} runs ${client.running} queries`
    }
    return undefined
  }

  /** Everybody stops, and nothing is left behind. */
  async #rest(): Promise<void> {
    const parties = [...this.#clients, ...this.#workers, ...this.#proxies]
    await this.#world.finish(Promise.all(parties.map(party => party.stop(1_000))), restLimitMs)
    const left = (): number =>
      parties.flatMap(party => party.past).reduce((sum, { waiting }) => sum + waiting, 0)
    await this.#until('no timer is left', () => left() === 0, restLimitMs)
    for (const ledger of this.#ledgers) ledger.assertConserved()
    check(this.violations.length === 0, this.violations.join('\n'))
  }

  /** Every charge that a client was told of is in some proxy's books, once. */
  #checkBooks(): void {
    for (const client of this.#clients) {
      const key = addressKey(client.wallet)
      const charges = [...this.#ledgers].flatMap(ledger =>
        ledger.charges.filter(charge => charge.client === key),
      )
      const untold = charges.map(charge => charge.charged).filter(tokens => tokens > 0n)
      for (const tokens of this.#told.get(client) ?? []) {
        const position = untold.indexOf(tokens)
        check(position >= 0, `${client.name} was told of a charge of ${tokens} that is in no books`)
        untold.splice(position, 1)
      }
    }
  }

  #result(): SimulationResult {
    const charges = [...this.#ledgers].flatMap(ledger => ledger.charges)
    return {
      digest: this.#world.log.digest,
      events: this.#world.ran,
      virtualMs: this.#world.monotonic(),
      queries: this.#queries,
      answered: this.#answered,
      refused: this.#refused,
      failed: this.#failed,
      peakQueuedBytes: this.#network.peakQueuedBytes,
      chargedTokens: charges.reduce((sum, { charged }) => sum + charged, 0n),
    }
  }

  async #until(what: string, condition: () => boolean, limitMs: number): Promise<void> {
    try {
      await this.#world.until(condition, limitMs)
    } catch (error) {
      if (!(error instanceof TestnetError)) throw error
      throw new TestnetError('stuck', `Not within ${limitMs} ms: ${what}. ${this.#busy() ?? ''}`, {
        cause: error,
      })
    }
  }

  #later(delayMs: number, run: () => void): void {
    this.#world.schedule(delayMs, run)
  }

  #note(what: string): void {
    this.#world.write('-', what)
  }
}

function many<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
