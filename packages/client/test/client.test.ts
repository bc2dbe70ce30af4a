import { ChannelsWithoutChain } from '@cocoon/money'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decode, httpRequest, type PeerEndpoint, type Transport } from '@cocoon/wire'
import { VirtualWorld } from '../../wire/test/virtual-world.ts'
import { Client, type ClientEvent, type ClientOptions, type ModelOffer, type Run } from '../src/role.ts'
import { Heard, queryOf } from './heard.ts'
import { config, root, wallet } from './network.ts'
import { refuse, ScriptedProxy } from './scripted-proxy.ts'

class Bench {
  readonly world = new VirtualWorld()
  readonly events: ClientEvent[] = []
  /** Every connection that was made, in order. */
  readonly proxies: ScriptedProxy[] = []
  readonly client: Client
  prepare: (proxy: ScriptedProxy) => void = () => {}
  /** Nobody answers at these ports. */
  down: (endpoint: PeerEndpoint) => boolean = () => false

  constructor(options: Partial<ClientOptions> = {}) {
    this.client = new Client({
      world: this.world,
      config,
      root,
      wallet,
      isTestnet: false,
      channels: new ChannelsWithoutChain('client-charge'),
      checkProxyHashes: false,
      proxyConnections: 1,
      dial: async (endpoint): Promise<Transport> => {
        if (this.down(endpoint)) throw new Error('refused')
        const proxy = new ScriptedProxy(this.world)
        this.prepare(proxy)
        this.proxies.push(proxy)
        return proxy.transport
      },
      log: event => void this.events.push(event),
      ...options,
    })
  }

  static async ready(connections = 1, options: Partial<ClientOptions> = {}): Promise<Bench> {
    const bench = new Bench({ proxyConnections: connections, ...options })
    bench.client.start()
    await bench.readyCount(connections)
    return bench
  }

  async readyCount(count: number): Promise<void> {
    await this.world.until(
      () => this.client.proxies().filter(({ session }) => session?.isReady).length === count,
    )
  }

  async run(changes?: Parameters<typeof queryOf>[0]): Promise<{ heard: Heard; run: Run }> {
    const heard = new Heard()
    const run = this.client.run(queryOf(changes), heard)
    assert.equal(heard.ends, 0, 'ended before run returned')
    await this.world.settle()
    return { heard, run }
  }

  /** The proxies that have a query which they did not lose. */
  get asked(): ScriptedProxy[] {
    return this.proxies.filter(proxy => proxy.jobs.length > 0 && !proxy.connection.isClosed)
  }
}

describe('a query', () => {
  test('goes to the proxy and comes back', async () => {
    const bench = await Bench.ready()
    const { heard } = await bench.run({ body: Buffer.from('{"a":1}') })
    const [proxy] = bench.proxies
    const request = decode(httpRequest, proxy!.job.query)
    assert.deepEqual(
      [request.method, request.url, Buffer.from(request.payload).toString()],
      ['POST', '/v1/chat/completions', '{"a":1}'],
    )
    assert.deepEqual(
      request.headers.map(({ name, value }) => `${name}: ${value}`),
      ['Host: cocoon', 'Content-Type: application/json', 'Content-Length: 7'],
    )
    assert.equal(bench.client.running, 1)
    proxy!.head({ payload: 'answer', tokens: 5n })
    await bench.world.settle()
    assert.deepEqual([heard.text, heard.code], ['answer', undefined])
    assert.equal(heard.summary?.costNano, 5n * config.pricePerTokenNano)
    const { queries, succeeded, failed, tokens, costNano, bytesReceived } = bench.client.stats
    assert.deepEqual([queries, succeeded, failed, tokens, costNano, bytesReceived], [1, 1, 0, 5n, 10n, 6])
    assert.equal(bench.client.running, 0)
  })

  test('has its own id each time', async () => {
    const bench = await Bench.ready()
    for (let queries = 0; queries < 20; queries++) await bench.run()
    const ids = new Set(bench.proxies[0]!.jobs.map(({ requestId }) => Buffer.from(requestId).toString('hex')))
    assert.equal(ids.size, 20)
  })

  test('goes to the least busy proxy, among equals to each in turn', async () => {
    const bench = await Bench.ready(3)
    for (let queries = 0; queries < 6; queries++) await bench.run()
    assert.deepEqual(
      bench.proxies.map(proxy => proxy.jobs.length),
      [2, 2, 2],
    )
    bench.proxies[1]!.head({ payload: 'x', tokens: 1n })
    await bench.world.settle()
    await bench.run()
    assert.equal(bench.proxies[1]!.jobs.length, 3)
  })
})

describe('the deadline', () => {
  test('ends a query that no proxy answers, and tells the proxy', async () => {
    const bench = await Bench.ready()
    const { heard } = await bench.run({ timeoutMs: 5_000 })
    await bench.world.advance(4_999)
    assert.equal(heard.ends, 0)
    await bench.world.advance(1)
    assert.equal(heard.code, 'timeout')
    const [proxy] = bench.proxies
    assert.deepEqual(proxy!.cancelled, [proxy!.job.requestId])
    proxy!.head({ payload: 'late', tokens: 1n })
    await bench.world.settle()
    assert.deepEqual([heard.text, bench.client.running], ['', 0])
  })

  test('ends one that is answered too slowly', async () => {
    const bench = await Bench.ready()
    const { heard } = await bench.run({ timeoutMs: 5_000 })
    bench.proxies[0]!.head()
    bench.proxies[0]!.part('half')
    await bench.world.advance(5_000)
    assert.deepEqual([heard.text, heard.code], ['half', 'timeout'])
  })

  test('ends one that waits for a proxy', async () => {
    const bench = new Bench({ limits: { waitForProxyMs: 60_000 } })
    bench.client.start()
    bench.down = () => true
    const { heard } = await bench.run({ timeoutMs: 1_000 })
    await bench.world.advance(1_000)
    assert.ok(heard.code === 'timeout' || heard.code === 'no-proxy')
    await bench.world.advance(5_000)
    assert.equal(heard.ends, 1)
  })
})

describe('a cancelled query', () => {
  test('ends at once, and the proxy is told if it understands', async () => {
    for (const version of [0, 2, 3]) {
      const bench = new Bench()
      bench.prepare = proxy => {
        proxy.version = version
      }
      bench.client.start()
      await bench.readyCount(1)
      const { heard, run } = await bench.run()
      run.cancel()
      assert.equal(heard.code, 'cancelled')
      run.cancel()
      await bench.world.settle()
      assert.equal(bench.proxies[0]!.cancelled.length, version === 3 ? 1 : 0)
      assert.deepEqual([heard.ends, bench.client.running], [1, 0])
    }
  })

  test('after its end, or while it waits for a proxy', async () => {
    const bench = await Bench.ready()
    const ended = await bench.run()
    bench.proxies[0]!.head({ payload: 'x', tokens: 1n })
    await bench.world.settle()
    ended.run.cancel()
    assert.equal(ended.heard.code, undefined)
    bench.down = () => true
    bench.proxies[0]!.leave()
    await bench.world.settle()
    const waiting = await bench.run()
    waiting.run.cancel()
    await bench.world.advance(10_000)
    assert.equal(waiting.heard.code, 'cancelled')
  })
})

describe('a lost proxy', () => {
  test('before anything came: another one gets the query under a new id', async () => {
    const bench = await Bench.ready(2)
    const { heard } = await bench.run()
    const [first] = bench.asked
    const firstId = first!.job.requestId
    first!.leave()
    await bench.world.settle()
    const [second] = bench.asked
    assert.notEqual(second, first)
    assert.notDeepEqual(second!.job.requestId, firstId)
    second!.head({ payload: 'second', tokens: 2n })
    await bench.world.settle()
    assert.deepEqual([heard.text, heard.code, bench.client.stats.retried], ['second', undefined, 1])
    assert.ok(bench.events.some(({ event }) => event === 'query-retried'))
  })

  test('after the head: the caller is told', async () => {
    for (const withPart of [false, true]) {
      const bench = await Bench.ready(2)
      const { heard } = await bench.run()
      const [proxy] = bench.asked
      proxy!.head()
      if (withPart) proxy!.part('half')
      await bench.world.settle()
      proxy!.leave()
      await bench.world.settle()
      assert.equal(heard.code, 'upstream')
      assert.deepEqual(bench.asked, [])
    }
  })

  test('that breaks the protocol before the answer: another one gets the query', async () => {
    const breaking: Array<(proxy: ScriptedProxy) => void> = [
      proxy => proxy.part('early'),
      proxy => proxy.encodedHead(new Uint8Array(5)),
      proxy => proxy.head({ status: 1 }),
    ]
    for (const send of breaking) {
      const bench = await Bench.ready(2)
      const { heard } = await bench.run()
      const [first] = bench.asked
      send(first!)
      await bench.world.settle()
      assert.equal(first!.connection.isClosed, true)
      const [second] = bench.asked
      second!.head({ payload: 'second', tokens: 2n })
      await bench.world.settle()
      assert.deepEqual([heard.text, heard.code], ['second', undefined])
    }
  })

  test('that breaks the protocol after the head: the caller is told', async () => {
    const bench = await Bench.ready(2)
    const { heard } = await bench.run()
    const [proxy] = bench.asked
    proxy!.head()
    proxy!.head()
    await bench.world.settle()
    assert.equal(heard.code, 'upstream')
  })

  test('after the other: three are tried at most', async () => {
    const bench = await Bench.ready(4)
    const { heard } = await bench.run()
    for (let tries = 1; tries <= 3; tries++) {
      assert.equal(bench.asked.length, 1)
      bench.asked[0]!.leave()
      await bench.world.settle()
    }
    assert.equal(heard.code, 'upstream')
    assert.equal(
      bench.proxies.reduce((sum, proxy) => sum + proxy.jobs.length, 0),
      3,
    )
  })

  test('that was the only one: the query waits for it to come back', async () => {
    const bench = await Bench.ready(1)
    const { heard } = await bench.run()
    bench.proxies[0]!.leave()
    await bench.world.settle()
    for (let steps = 0; steps < 40 && bench.proxies.length < 2; steps++) await bench.world.advance(50)
    await bench.readyCount(1)
    await bench.world.advance(100)
    bench.proxies[1]!.head({ payload: 'again', tokens: 1n })
    await bench.world.settle()
    assert.deepEqual([heard.text, heard.code], ['again', undefined])
  })

  test('has its queries tried elsewhere, even if this client has as many as it takes', async () => {
    const bench = await Bench.ready(2, { limits: { maxQueries: 1 } })
    const first = await bench.run()
    const heard = new Heard()
    const [proxy] = bench.asked
    // The loss is told before the refusal, with both queries still counted.
    proxy!.transport.destroy()
    bench.client.run(queryOf(), heard)
    await bench.world.settle()
    assert.equal(heard.code, 'overloaded')
    bench.asked[0]!.head({ payload: 'x', tokens: 1n })
    await bench.world.settle()
    assert.deepEqual([first.heard.text, first.heard.code], ['x', undefined])
  })
})

describe('what this client does not take', () => {
  test('without a proxy, after the wait', async () => {
    const bench = new Bench()
    bench.down = () => true
    bench.client.start()
    const { heard } = await bench.run()
    await bench.world.advance(2_900)
    assert.equal(heard.ends, 0)
    await bench.world.advance(200)
    assert.equal(heard.code, 'no-proxy')
    await assert.rejects(bench.client.models(), { code: 'no-proxy' })
  })

  test('but a proxy that comes in time gets it', async () => {
    const bench = new Bench()
    const { heard } = await bench.run()
    bench.client.start()
    await bench.readyCount(1)
    await bench.world.advance(100)
    bench.proxies[0]!.head({ payload: 'x', tokens: 1n })
    await bench.world.settle()
    assert.equal(heard.text, 'x')
  })

  test('more than it has room for, told to come back', async () => {
    const bench = await Bench.ready(1, { limits: { maxQueries: 2 } })
    await bench.run()
    await bench.run()
    const third = await bench.run()
    assert.equal(third.heard.code, 'overloaded')
    assert.ok((third.heard.error as { retryAfterMs?: number }).retryAfterMs! > 0)
    bench.proxies[0]!.head({ payload: 'x', tokens: 1n })
    await bench.world.settle()
    await bench.run()
    assert.equal(bench.proxies[0]!.jobs.length, 3)
  })

  test('a request larger than a frame', async () => {
    const bench = await Bench.ready()
    const { heard } = await bench.run({ body: new Uint8Array(1 << 24) })
    assert.equal(heard.code, 'limit')
    assert.equal(bench.client.isReady, true)
  })

  test('large requests that the network does not take off its hands: others live on', async () => {
    const bench = await Bench.ready()
    const small = await bench.run()
    bench.proxies[0]!.connection.pause()
    const large = [
      await bench.run({ body: new Uint8Array(10 << 20) }),
      await bench.run({ body: new Uint8Array(10 << 20) }),
    ]
    const third = await bench.run({ body: new Uint8Array(10 << 20) })
    await bench.world.advance(3_100)
    assert.equal(third.heard.code, 'overloaded')
    assert.equal(bench.client.isReady, true)
    bench.proxies[0]!.connection.resume()
    await bench.world.settle()
    const [proxy] = bench.proxies
    for (const job of proxy!.jobs) proxy!.head({ payload: 'x', tokens: 1n, job })
    await bench.world.settle()
    assert.equal(small.heard.text, 'x')
    assert.ok(large.some(({ heard }) => heard.text === 'x'))
  })
})

describe('models', () => {
  const offered = async (bench: Bench): Promise<ModelOffer[]> => {
    const asked = bench.client.models()
    asked.catch(() => {})
    await bench.world.advance(10_000)
    return asked
  }

  test('are what all proxies offer together', async () => {
    const bench = await Bench.ready(2)
    const worker = { coefficient: 900, runningRequests: 1, maxRunningRequests: 8 }
    assert.deepEqual(await offered(bench), [{ id: 'acme/chat', workers: [worker, worker] }])
  })

  test('are what those say that answer', async () => {
    const bench = await Bench.ready(2)
    bench.proxies[0]!.intercept = refuse(1, 'no')
    assert.equal((await offered(bench))[0]?.workers.length, 1)
  })

  test('are not known where nobody answers', async () => {
    const bench = await Bench.ready(2)
    for (const proxy of bench.proxies) proxy.intercept = refuse(1, 'no')
    await assert.rejects(offered(bench), { code: 'upstream' })
    for (const proxy of bench.proxies) proxy.intercept = name => name === 'getWorkerTypesV2'
    await assert.rejects(offered(bench), { code: 'timeout' })
  })
})

describe('closing', () => {
  test('takes nothing new and lets running queries end', async () => {
    const bench = await Bench.ready()
    const { heard } = await bench.run()
    let closed = false
    void bench.client.close(60_000).then(() => {
      closed = true
    })
    const late = await bench.run()
    assert.equal(late.heard.code, 'overloaded')
    await bench.world.advance(5_000)
    assert.equal(closed, false)
    bench.proxies[0]!.head({ payload: 'x', tokens: 1n })
    await bench.world.advance(1_000)
    assert.deepEqual([closed, heard.text, bench.proxies[0]!.connection.isClosed], [true, 'x', true])
    await bench.world.advance(10_000)
    assert.equal(bench.world.timers, 0)
  })

  test('ends those that take too long', async () => {
    const bench = await Bench.ready()
    const { heard } = await bench.run()
    const closing = bench.client.close(5_000)
    await bench.world.advance(6_000)
    await closing
    await bench.world.settle()
    assert.deepEqual([heard.code, bench.client.running], ['upstream', 0])
    await bench.world.advance(10_000)
    assert.equal(bench.world.timers, 0)
  })
})
