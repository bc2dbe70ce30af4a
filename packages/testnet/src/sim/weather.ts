import type { Cast } from './cast.ts'
import type { SimNetwork } from './network.ts'
import type { ClientParty, ProxyParty, WorkerParty } from './parties.ts'
import type { Action } from './profile.ts'
import type { Queries } from './queries.ts'
import type { Random } from './random.ts'
import type { SimWorld } from './world.ts'

export interface Stage {
  world: SimWorld
  network: SimNetwork
  cast: Cast
  queries: Queries
  chance: Random
}

/** What each action does. Whatever goes away comes back some time later. */
export const actions: Record<Action, (stage: Stage) => void> = {
  query: ({ queries, cast, chance }) => queries.ask(chance.pick(cast.clients)),

  burst: ({ queries, cast, chance }) => {
    for (let left = chance.whole(5, 30); left > 0; left--) queries.ask(chance.pick(cast.clients))
  },

  'hang-up': ({ queries }) => queries.hangUp(),

  'ask-models': ({ world, cast, chance }) => {
    const note = (what: string): void => world.write('-', what)
    const { role: client } = chance.pick(cast.clients)
    client?.models().then(
      offers => note(`models: ${offers.map(({ id, workers }) => `${id} ${workers.length}`).join()}`),
      (error: Error) => note(`no models: ${error.message}`),
    )
  },

  'change-price': ({ cast, chance }) => {
    const worker = chance.pick(cast.workers)
    worker.coefficient = chance.whole(0, 4_000)
    worker.role?.setCoefficient(worker.coefficient)
  },

  disable: ({ world, cast, chance }) => {
    const worker = chance.pick(cast.workers)
    worker.role?.setEnabled(false)
    world.schedule(chance.exponential(2_000), () => worker.role?.setEnabled(true))
  },

  'backend-away': ({ world, cast, chance }) => {
    const { backend } = chance.pick(cast.workers)
    backend.down = true
    world.schedule(chance.exponential(5_000), () => {
      backend.down = false
    })
  },

  cut: stage => onLink(stage, 'is cut', link => link.cut()),
  'half-open': stage => onLink(stage, 'is half open', link => link.halfOpen()),
  stall: stage => onLink(stage, 'stalls', link => link.stall(stage.chance.exponential(5_000))),
  'slow-down': stage =>
    onLink(stage, 'slows down', link => {
      link.conditions.bytesPerMs = stage.chance.between(1, 50)
    }),

  separate: ({ world, network, cast, chance }) => {
    const side = chance.pick([...cast.clients, ...cast.workers])
    const other = chance.pick(cast.proxies)
    world.write('-', `${side.name} and ${other.name} cannot reach each other`)
    network.separate(side.host, other.host, chance.exponential(20_000))
  },

  freeze: ({ world, cast, chance }) => {
    const party = chance.pick([...cast.proxies, ...cast.workers])
    const durationMs = chance.exponential(3_000)
    world.write('-', `${party.name} stands still for ${durationMs.toFixed()} ms`)
    party.process.freeze(durationMs)
  },

  'turn-clock': ({ world, cast, chance }) => {
    const party = chance.pick([...cast.proxies, ...cast.workers, ...cast.clients])
    const byMs = chance.between(-7_200_000, 7_200_000)
    world.write('-', `the clock of ${party.name} is turned by ${(byMs / 1_000).toFixed()} s`)
    party.process.turnClock(byMs)
  },

  'kill-worker': stage =>
    killed(stage, stage.chance.pick(stage.cast.workers), worker => stage.cast.startWorker(worker)),

  'kill-client': stage => {
    const party = stage.chance.pick(stage.cast.clients)
    stage.queries.forget(party)
    killed(stage, party, client => client.start())
  },

  'kill-proxy': stage => {
    const party = stage.chance.pick(stage.cast.proxies)
    if (stage.chance.chance(0.5)) party.loseBooks()
    killed(stage, party, proxy => stage.cast.startProxy(proxy))
  },

  'stop-worker': stage =>
    stopped(stage, stage.chance.pick(stage.cast.workers), worker => stage.cast.startWorker(worker)),

  'stop-proxy': stage =>
    stopped(stage, stage.chance.pick(stage.cast.proxies), proxy => stage.cast.startProxy(proxy)),
}

function onLink(
  { world, network, chance }: Stage,
  what: string,
  disturb: (link: ReturnType<SimNetwork['living']>[number]) => void,
): void {
  const links = network.living()
  if (links.length === 0) return
  const link = chance.pick(links)
  world.write('-', `${link.dialer.peer.address} to ${link.acceptor.peer.address} ${what}`)
  disturb(link)
}

function killed<P extends WorkerParty | ClientParty | ProxyParty>(
  { world, chance }: Stage,
  party: P,
  again: (party: P) => void,
): void {
  party.kill(chance.chance(0.3))
  world.schedule(chance.exponential(4_000), () => again(party))
}

function stopped<P extends WorkerParty | ProxyParty>(
  { world, chance }: Stage,
  party: P,
  again: (party: P) => void,
): void {
  const startMs = chance.exponential(2_000)
  void party.stop(chance.between(0, 5_000)).then(() => world.schedule(startMs, () => again(party)))
}
