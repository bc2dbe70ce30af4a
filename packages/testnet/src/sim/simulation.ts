import { check, TestnetError } from '../error.ts'
import type { Outcome } from './caller.ts'
import { Cast } from './cast.ts'
import { EventLog } from './event-log.ts'
import { checkAlways, checkSessions, whoIsBusy } from './invariants.ts'
import { SimNetwork } from './network.ts'
import { addressFor, type ClientParty, type Scene, sceneConfig } from './parties.ts'
import { type Profile, profiles, type ProfileName } from './profile.ts'
import { Queries } from './queries.ts'
import type { Random } from './random.ts'
import { SimSealing, simulatedImage } from './sealing.ts'
import { actions } from './weather.ts'
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
  /** With status 200. */
  answered: number
  /** With another status. */
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
const upLimitMs = 60_000
const probeTimeoutMs = 10_000
const probesInRow = 3

/**
 * Runs the roles in virtual time under one profile's faults, then ends the faults and sees that the network
 * heals. Rejects with `TestnetError('check-failed')` or `('stuck')` that says the seed when anything that must
 * hold does not.
 */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  using _ = withoutThreads()
  const simulation = new Simulation(options, await simulatedImage())
  const unhandled = (error: unknown): void => simulation.violated(`unhandled rejection: ${textOf(error)}`)
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
  readonly #options: SimulationOptions
  readonly #profile: Profile
  readonly #world: SimWorld
  readonly #network: SimNetwork
  readonly #chance: Random
  readonly #cast: Cast
  readonly #queries: Queries
  readonly #violations: string[] = []

  constructor(options: SimulationOptions, image: string) {
    this.#options = options
    const profile = profiles[options.profile]
    this.#profile = profile
    this.#world = new SimWorld({
      seed: `${options.profile} ${options.seed}`,
      timerDelayMs: profile.timerDelayMs,
      log: new EventLog({ print: options.print }),
    })
    this.#chance = this.#world.chance.fork('actions')
    this.#network = new SimNetwork(this.#world, profile.network)
    const violation = (what: string): void => this.violated(what)
    const { sealing: least } = profile
    const scene: Scene = {
      world: this.#world,
      network: this.#network,
      config: sceneConfig(profile.proxies + profile.hostileProxies, image),
      root: addressFor('root'),
      sealing: least && new SimSealing({ least, image, violation }),
      violation,
    }
    this.#cast = new Cast(scene, profile)
    this.#queries = new Queries(scene, profile, this.#chance)
  }

  async run(): Promise<SimulationResult> {
    this.#cast.begin()
    await this.#disturb()
    await this.#heal()
    await this.#end()
    this.#queries.checkBooks(this.#cast)
    this.#queries.checkReceipts(this.#cast)
    return this.#result()
  }

  violated(what: string): void {
    this.#violations.push(what)
  }

  explain(error: unknown): TestnetError {
    const { profile, seed, steps } = this.#options
    const code = error instanceof TestnetError ? error.code : 'check-failed'
    const lines = this.#world.log.lines.slice(-40).join('\n')
    const again = `npm run simulate -- --profile ${profile} --seed ${seed} --steps ${steps} --verbose`
    return new TestnetError(code, `${textOf(error)}\n${lines}\nSee all of it: ${again}`, { cause: error })
  }

  async #disturb(): Promise<void> {
    const stage = {
      world: this.#world,
      network: this.#network,
      cast: this.#cast,
      queries: this.#queries,
      chance: this.#chance,
    }
    for (let step = 0; step < this.#options.steps; step++) {
      await this.#world.runFor(this.#chance.exponential(this.#profile.actionMs))
      actions[this.#chance.weighted(this.#profile.actions)](stage)
      this.#check()
    }
  }

  /** Faults end; what was left of them goes away, and everybody is served again. */
  async #heal(): Promise<void> {
    this.#world.write('-', 'the faults are over')
    const healBy = this.#world.monotonic() + healLimitMs
    this.#cast.heal()
    const isIdle = (): boolean => whoIsBusy(this.#cast) === undefined
    await this.#until('every query has ended', () => this.#queries.open === 0, 2 * this.#profile.timeoutMs[1])
    await this.#until('everything is idle', isIdle, idleLimitMs)
    for (const client of this.#cast.clients) await this.#probe(client, healBy)
    // From here on nobody still believes in a connection that is gone, and no first attempt fails.
    await this.#world.runFor(healBy - this.#world.monotonic())
    checkSessions(this.#cast)
    for (let probe = 0; probe < probesInRow; probe++) {
      for (const client of this.#cast.clients) await this.#probe(client, 0)
    }
    await this.#until('everything is idle again', isIdle, idleLimitMs)
    this.#check()
  }

  /** Asks until it is answered; after `untilMs` the first attempt has to do. */
  async #probe(client: ClientParty, untilMs: number): Promise<void> {
    for (;;) {
      await this.#until(`${client.name} is up`, () => client.role !== undefined, upLimitMs)
      let outcome: Outcome | undefined
      this.#queries.call(client, { maxCoefficient: 1_000_000, timeoutMs: probeTimeoutMs }, ended => {
        outcome = ended
      })
      await this.#until('the probe has ended', () => outcome !== undefined, probeTimeoutMs + 1_000)
      if (outcome?.kind === 'answered' && outcome.status === 200) return
      check(this.#world.monotonic() < untilMs, `${client.name} is not served, long after all faults`)
      await this.#world.runFor(500)
    }
  }

  /** Everybody stops, and nothing is left behind. */
  async #end(): Promise<void> {
    const { clients, workers, proxies, ledgers } = this.#cast
    const parties = [...clients, ...workers, ...proxies]
    await this.#world.finish(Promise.all(parties.map(party => party.stop(1_000))), restLimitMs)
    const timers = (): number =>
      parties.flatMap(({ past }) => past).reduce((sum, { waiting }) => sum + waiting, 0)
    await this.#until('no timer is left', () => timers() === 0, restLimitMs)
    for (const ledger of ledgers) ledger.assertConserved()
    this.#check()
  }

  #check(): void {
    check(this.#world.thrown.length === 0, `an event threw: ${textOf(this.#world.thrown[0])}`)
    check(this.#violations.length === 0, this.#violations.join('\n'))
    checkAlways(this.#cast, this.#queries, this.#network)
  }

  #result(): SimulationResult {
    const charges = [...this.#cast.ledgers].flatMap(ledger => ledger.charges)
    return {
      digest: this.#world.log.digest,
      events: this.#world.ran,
      virtualMs: this.#world.monotonic(),
      ...this.#queries.counts,
      peakQueuedBytes: this.#network.peakQueuedBytes,
      chargedTokens: charges.reduce((sum, { charged }) => sum + charged, 0n),
    }
  }

  async #until(what: string, condition: () => boolean, limitMs: number): Promise<void> {
    try {
      await this.#world.until(condition, limitMs)
    } catch (error) {
      if (!(error instanceof TestnetError)) throw error
      const why = whoIsBusy(this.#cast) ?? ''
      throw new TestnetError('stuck', `Not within ${limitMs} ms: ${what}. ${why}`, { cause: error })
    }
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
