import { addressKey, formatAddress } from '@cocoon/money'
import { check } from '../error.ts'
import { Call, type Outcome } from './caller.ts'
import type { Cast } from './cast.ts'
import { addressFor, type ClientParty, type Scene } from './parties.ts'
import { drawPlan } from './plan.ts'
import type { Profile } from './profile.ts'
import type { Random } from './random.ts'

export interface QueryCounts {
  queries: number
  answered: number
  refused: number
  failed: number
}

/** All queries of a simulation: those that run, and what came of the others. */
export class Queries {
  readonly counts: QueryCounts = { queries: 0, answered: 0, refused: 0, failed: 0 }
  readonly #scene: Scene
  readonly #profile: Profile
  readonly #chance: Random
  readonly #open = new Map<Call, ClientParty>()
  /** Charges that clients were told of, by proxy. */
  readonly #told: Array<{ client: ClientParty; proxy: string | undefined; tokens: bigint }> = []

  constructor(scene: Scene, profile: Profile, chance: Random) {
    this.#scene = scene
    this.#profile = profile
    this.#chance = chance
  }

  get open(): number {
    return this.#open.size
  }

  openOf(client: ClientParty): number {
    let count = 0
    for (const party of this.#open.values()) if (party === client) count++
    return count
  }

  /** A query as clients of all sorts ask them: some cheap, some in a hurry. */
  ask(client: ClientParty): void {
    const chance = this.#chance
    const maxCoefficient = chance.chance(0.1) ? chance.whole(0, 1_000) : 4_000
    const timeoutMs = chance.chance(0.05) ? chance.whole(1, 300) : chance.between(...this.#profile.timeoutMs)
    this.call(client, { maxCoefficient, timeoutMs })
  }

  call(
    party: ClientParty,
    options: { maxCoefficient: number; timeoutMs: number },
    ended?: (outcome: Outcome) => void,
  ): void {
    const client = party.role
    if (client === undefined) return
    const plan = drawPlan(this.#chance, `q${++this.counts.queries}`, this.#profile.answers)
    const { pieces, maxTokens, stream } = plan
    const what = `${pieces}/${maxTokens} ${stream ? 'streamed' : 'whole'} cap ${options.maxCoefficient}`
    party.process.write(`${plan.id} asks for ${what} in ${options.timeoutMs.toFixed()} ms`)
    const { hostileWorkers, hostileProxies } = this.#profile
    const call = new Call(party.process, client, this.#scene.config, {
      plan,
      ...options,
      sealing: this.#scene.sealing,
      strangers: hostileWorkers + hostileProxies > 0,
      violation: this.#scene.violation,
      ended: (over, outcome) => {
        this.#open.delete(over)
        this.#count(party, plan.id, outcome)
        ended?.(outcome)
      },
    })
    if (call.outcome === undefined) this.#open.set(call, party)
  }

  /** One of those that run is given up by its caller. */
  hangUp(): void {
    if (this.#open.size === 0) return
    const call = this.#chance.pick([...this.#open.keys()])
    this.#open.get(call)!.process.write(`${call.plan.id} hangs up`)
    call.cancel()
  }

  /** The client died, and its callers with it. */
  forget(client: ClientParty): void {
    for (const [call, party] of this.#open) if (party === client) this.#open.delete(call)
  }

  /** Every charge that a client was told of is in the books of the proxy that told it, once. */
  checkBooks(cast: Cast): void {
    const untold = new Map<string, bigint[]>()
    for (const { client, proxy, tokens } of this.#told) {
      const party = cast.proxies.find(({ contract }) => formatAddress(contract) === proxy)
      // What a proxy of the other side tells is in nobody's books.
      if (party === undefined && cast.rogues.length > 0) continue
      check(party !== undefined, `${client.name} was told of a charge by ${proxy}, who is no proxy`)
      const key = `${party.name} ${client.name}`
      let charges = untold.get(key)
      if (charges === undefined) untold.set(key, (charges = party.chargesOf(addressKey(client.wallet))))
      const position = charges.indexOf(tokens)
      check(
        position >= 0,
        `${client.name} was told by ${party.name} of a charge of ${tokens} that is in no books`,
      )
      charges.splice(position, 1)
    }
  }

  /** Where everything is sealed, every charge is one that the worker has signed. */
  checkReceipts({ ledgers, clients, workers }: Cast): void {
    const { sealing } = this.#scene
    if (sealing?.least !== 'sealed') return
    const honest = new Set(clients.map(({ wallet }) => addressKey(wallet)))
    const charges = [...ledgers].flatMap(ledger => ledger.charges).filter(({ client }) => honest.has(client))
    sealing.checkCharges(charges, new Map(workers.map(({ name }) => [addressKey(addressFor(name)), name])))
  }

  #count(client: ClientParty, id: string, outcome: Outcome): void {
    const { tokens, proxy } = outcome
    if (outcome.kind === 'failed') this.counts.failed++
    else if (outcome.status === 200) this.counts.answered++
    else this.counts.refused++
    if (tokens > 0n) this.#told.push({ client, proxy, tokens })
    const how =
      outcome.kind === 'failed'
        ? `failed: ${outcome.code} by ${proxy === undefined ? 'client' : 'proxy'}`
        : `status ${outcome.status}`
    client.process.write(`${id} ${how}, ${tokens} tokens`)
  }
}
