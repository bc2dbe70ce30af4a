import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type PeerEndpoint, type Transport, Uplinks, type UplinkSession, WireError } from '../src/index.ts'
import { VirtualWorld } from './virtual-world.ts'

class FakeSession implements UplinkSession {
  isReady = false
  cause: WireError | undefined
  readonly endpoint: PeerEndpoint
  readonly #state: { ready(): void; closed(cause: Error): void }

  constructor(endpoint: PeerEndpoint, state: { ready(): void; closed(cause: Error): void }) {
    this.endpoint = endpoint
    this.#state = state
  }

  shakeHands(): void {
    this.isReady = true
    this.#state.ready()
  }

  /** As the sessions of roles do: told while it still counts as ready. */
  close(cause: WireError): void {
    if (this.cause !== undefined) return
    this.cause = cause
    this.#state.closed(cause)
    this.isReady = false
  }
}

interface Dial {
  endpoint: PeerEndpoint
  atMs: number
  signal: AbortSignal
  succeed(): FakeTransport
  fail(): void
}

class FakeTransport {
  destroyed = false
  destroy(): void {
    this.destroyed = true
  }
}

const peers = (...ports: number[]): PeerEndpoint[] => ports.map(port => ({ host: '10.0.0.1', port }))

class Uplinked {
  readonly world = new VirtualWorld(1_000)
  readonly dials: Dial[] = []
  readonly sessions: FakeSession[] = []
  readonly failures: Array<[port: number, message: string]> = []
  endpoints: PeerEndpoint[]
  /** Handshakes succeed at once. */
  healthy: (endpoint: PeerEndpoint) => boolean = () => false
  readonly uplinks: Uplinks<FakeSession>

  constructor(endpoints: PeerEndpoint[], count: number) {
    this.endpoints = endpoints
    this.uplinks = new Uplinks({
      world: this.world,
      endpoints: () => this.endpoints,
      count,
      dial: (endpoint, signal) =>
        new Promise((resolve, reject) => {
          const succeed = (): FakeTransport => {
            const transport = new FakeTransport()
            resolve(transport as unknown as Transport)
            return transport
          }
          const fail = (): void => reject(new Error('refused'))
          this.dials.push({ endpoint, atMs: this.world.monotonic(), signal, succeed, fail })
          if (this.healthy(endpoint)) succeed()
        }),
      open: (_transport, endpoint, state) => {
        const session = new FakeSession(endpoint, state)
        this.sessions.push(session)
        if (this.healthy(endpoint)) this.world.soon(() => session.shakeHands())
        return session
      },
      failed: (endpoint, error) => void this.failures.push([endpoint.port, error.message]),
    })
    this.uplinks.start()
  }

  get ports(): number[] {
    return this.uplinks
      .targets()
      .map(({ endpoint }) => endpoint.port)
      .toSorted()
  }

  get readyPorts(): number[] {
    return this.uplinks
      .ready()
      .map(({ endpoint }) => endpoint.port)
      .toSorted()
  }
}

describe('dialling', () => {
  test('as many different peers as wanted, or as there are', async () => {
    const some = new Uplinked(peers(1, 2, 3, 4, 5), 3)
    assert.equal(some.dials.length, 3)
    assert.equal(new Set(some.ports).size, 3)
    assert.equal(new Uplinked(peers(1, 2), 3).dials.length, 2)
    assert.equal(new Uplinked([], 3).dials.length, 0)
  })

  test('a peer that is registered later is dialled within a second', async () => {
    const late = new Uplinked([], 1)
    late.endpoints = peers(7)
    await late.world.advance(1_000)
    assert.deepEqual(late.ports, [7])
  })

  test('is tried again after a failure, less and less often, at least every ten seconds', async () => {
    const dark = new Uplinked(peers(1), 1)
    for (let failures = 0; failures < 12; failures++) {
      dark.dials.at(-1)!.fail()
      await dark.world.settle()
      assert.equal(dark.failures.length, failures + 1)
      const before = dark.dials.length
      while (dark.dials.length === before) await dark.world.advance(10)
    }
    const pauses = dark.dials.slice(1).map((dial, index) => dial.atMs - dark.dials[index]!.atMs)
    for (const [index, pause] of pauses.entries()) {
      const longest = Math.min(200 * 2 ** index, 10_000)
      assert.ok(longest / 2 <= pause && pause <= longest + 10, `${pause} ms after ${index + 1} failures`)
    }
  })

  test('the pause is short again after a session that was ready', async () => {
    const flaky = new Uplinked(peers(1), 1)
    for (let failures = 0; failures < 8; failures++) {
      flaky.dials.at(-1)!.fail()
      await flaky.world.advance(10_000)
    }
    flaky.dials.at(-1)!.succeed()
    await flaky.world.settle()
    flaky.sessions[0]!.shakeHands()
    flaky.sessions[0]!.close(new WireError('closed', 'gone'))
    const before = flaky.dials.length
    await flaky.world.advance(200)
    assert.equal(flaky.dials.length, before + 1)
  })

  test('a session that ends before it is ready counts as a failure', async () => {
    const refused = new Uplinked(peers(1), 1)
    refused.dials[0]!.succeed()
    await refused.world.settle()
    refused.sessions[0]!.close(new WireError('handshake', 'not you'))
    assert.deepEqual(refused.failures, [[1, 'not you']])
    await refused.world.advance(200)
    assert.equal(refused.dials.length, 2)
  })
})

describe('sessions', () => {
  test('only ready ones are given', async () => {
    const linked = new Uplinked(peers(1, 2), 2)
    for (const dial of linked.dials) dial.succeed()
    await linked.world.settle()
    assert.deepEqual(linked.readyPorts, [])
    const [one, two] = linked.sessions
    one!.shakeHands()
    assert.deepEqual(linked.readyPorts, [one!.endpoint.port])
    two!.shakeHands()
    assert.deepEqual(linked.readyPorts, [1, 2])
    one!.close(new WireError('closed', 'gone'))
    assert.deepEqual(linked.readyPorts, [two!.endpoint.port])
    assert.deepEqual(
      linked.uplinks
        .targets()
        .map(({ session }) => session)
        .filter(session => session !== undefined),
      [two],
    )
  })
})

describe('moving on', () => {
  test('a peer that is silent for a minute makes room for another one', async () => {
    for (const dead of [1, 2]) {
      const linked = new Uplinked(peers(1, 2), 1)
      linked.healthy = endpoint => endpoint.port !== dead
      if (linked.dials[0]!.endpoint.port !== dead) linked.endpoints = peers(dead)
      await linked.world.advance(2_000)
      linked.endpoints = peers(1, 2)
      await linked.world.advance(55_000)
      assert.deepEqual(linked.ports, [dead])
      await linked.world.advance(10_000)
      assert.deepEqual(linked.readyPorts, [3 - dead])
    }
  })

  test('among many dead peers the living one is found', async () => {
    const linked = new Uplinked(peers(1, 2, 3, 4, 5, 6), 2)
    linked.healthy = endpoint => endpoint.port === 6
    await linked.world.advance(20 * 61_000)
    assert.deepEqual(linked.readyPorts, [6])
    assert.equal(linked.ports.length, 2)
  })

  test('a silent peer is kept where there is no other', async () => {
    const linked = new Uplinked(peers(1), 1)
    await linked.world.advance(300_000)
    assert.deepEqual(linked.ports, [1])
    assert.equal(linked.dials.length, 1)
  })

  test('a peer that was ready until just now is not given up for it', async () => {
    const linked = new Uplinked(peers(1, 2), 1)
    const { port } = linked.dials[0]!.endpoint
    linked.healthy = () => true
    linked.dials[0]!.succeed()
    await linked.world.advance(300_000)
    linked.healthy = () => false
    linked.sessions[0]!.close(new WireError('closed', 'gone'))
    await linked.world.advance(59_000)
    assert.deepEqual(linked.ports, [port])
    await linked.world.advance(3_000)
    assert.deepEqual(linked.ports, [3 - port])
  })

  test('a peer that is no longer registered is dropped and replaced', async () => {
    const linked = new Uplinked(peers(1), 1)
    linked.healthy = () => true
    linked.dials[0]!.succeed()
    await linked.world.settle()
    assert.deepEqual(linked.readyPorts, [1])
    linked.endpoints = peers(2)
    await linked.world.advance(1_000)
    assert.equal(linked.sessions[0]!.cause?.code, 'closed')
    assert.deepEqual(linked.readyPorts, [2])
    await linked.world.advance(60_000)
    assert.deepEqual(
      linked.dials.map(dial => dial.endpoint.port),
      [1, 2],
    )
  })
})

describe('closing', () => {
  test('ends sessions, retries and dials, and destroys what a dial still brings', async () => {
    const linked = new Uplinked(peers(1, 2, 3), 3)
    linked.dials[0]!.succeed()
    linked.dials[1]!.fail()
    await linked.world.settle()
    linked.sessions[0]!.shakeHands()
    linked.uplinks.close()
    assert.equal(linked.sessions[0]!.cause?.code, 'closed')
    assert.equal(linked.dials[2]!.signal.aborted, true)
    const late = linked.dials[2]!.succeed()
    await linked.world.settle()
    assert.equal(late.destroyed, true)
    assert.equal(linked.sessions.length, 1)
    assert.equal(linked.world.timers, 0)
    await linked.world.advance(60_000)
    assert.equal(linked.dials.length, 3)
    assert.equal(linked.failures.length, 1)
  })

  test('a dial that fails because of it is no failure', async () => {
    const linked = new Uplinked(peers(1), 1)
    linked.uplinks.close()
    linked.dials[0]!.fail()
    await linked.world.settle()
    assert.deepEqual([linked.failures.length, linked.world.timers], [0, 0])
  })

  test('a peer that is dropped while it is dialled leaves nothing behind', async () => {
    const linked = new Uplinked(peers(1), 1)
    linked.endpoints = peers(2)
    await linked.world.advance(1_000)
    assert.equal(linked.dials[0]!.signal.aborted, true)
    const late = linked.dials[0]!.succeed()
    await linked.world.settle()
    assert.equal(late.destroyed, true)
    assert.deepEqual(linked.ports, [2])
  })
})
