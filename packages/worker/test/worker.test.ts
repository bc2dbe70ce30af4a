import { ChannelsWithoutChain } from '@cocoon/money'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  encode,
  httpRequest,
  type Transport,
  workerEnabledDisabled,
  workerNewCoefficient,
} from '@cocoon/wire'
import { VirtualWorld } from '../../wire/test/virtual-world.ts'
import { Worker, type WorkerEvent, type WorkerOptions } from '../src/index.ts'
import { ScriptedBackend } from './scripted-backend.ts'
import { config, owner, root, ScriptedProxy, signed } from './scripted-proxy.ts'

const query = encode(httpRequest, {
  _: 'http.request',
  method: 'POST',
  url: '/v1/chat/completions',
  httpVersion: 'HTTP/1.1',
  headers: [],
  payload: Buffer.from(JSON.stringify({ model: 'acme/chat', messages: [{ role: 'user', content: 'Hi' }] })),
})

class Bench {
  readonly world = new VirtualWorld()
  readonly backend = new ScriptedBackend()
  readonly events: WorkerEvent[] = []
  readonly proxies: ScriptedProxy[] = []
  readonly worker: Worker
  prepare: (proxy: ScriptedProxy) => void = () => {}

  constructor(options: Partial<WorkerOptions> = {}) {
    this.worker = new Worker({
      world: this.world,
      config,
      root,
      owner,
      channels: new ChannelsWithoutChain('worker-payout'),
      isTestnet: false,
      model: 'acme/chat@1:2',
      coefficient: 1000,
      maxActiveRequests: 2,
      proxyConnections: 1,
      checkProxyHashes: false,
      backend: this.backend,
      dial: async (): Promise<Transport> => {
        const proxy = new ScriptedProxy(this.world)
        this.prepare(proxy)
        this.proxies.push(proxy)
        return proxy.transport
      },
      log: event => void this.events.push(event),
      ...options,
    })
  }

  async start(): Promise<this> {
    this.worker.start()
    await this.world.settle()
    return this
  }

  get proxy(): ScriptedProxy {
    return this.proxies.at(-1)!
  }

  answerAll(): void {
    const answer = JSON.stringify({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } })
    for (const { events } of this.backend.calls.splice(0)) {
      events.head(200, [['content-type', 'application/json']])
      events.data(Buffer.from(answer))
      events.end()
    }
  }

  get told(): Array<boolean | number> {
    return [
      ...this.proxy.all(workerEnabledDisabled).map(({ disabled }) => disabled === 1),
      ...this.proxy.all(workerNewCoefficient).map(({ newCoefficient }) => newCoefficient),
    ]
  }
}

describe('a worker', () => {
  test('is ready with a proxy and a backend, and serves', async () => {
    const bench = await new Bench().start()
    const { worker } = bench
    assert.deepEqual([worker.isReady, worker.proxies().length], [true, 1])
    const requestId = bench.proxy.run(query)
    await bench.world.settle()
    assert.equal(worker.running, 1)
    bench.answerAll()
    await bench.world.settle()
    assert.equal(bench.proxy.answer(requestId).tokens?.totalTokensUsed, 7n)
    const { queries, succeeded, failed, cancelled, adjustedTokens } = worker.stats
    assert.deepEqual([queries, succeeded, failed, cancelled, worker.running], [1, 1, 0, 0, 0])
    assert.deepEqual([adjustedTokens.total, adjustedTokens.prompt, adjustedTokens.completion], [7n, 3n, 4n])
  })

  test('connects to as many proxies as it should, and again after a loss', async () => {
    const bench = await new Bench({ proxyConnections: 2 }).start()
    assert.equal(bench.proxies.length, 2)
    bench.proxies[0]!.transport.destroy()
    await bench.world.advance(1_000)
    assert.equal(bench.proxies.length, 3)
    assert.ok(bench.events.some(({ event }) => event === 'proxy-lost'))
  })

  test('has one account at a proxy, whatever happens to connections', async () => {
    const bench = await new Bench().start()
    bench.proxy.run(query, { signedPayment: signed(5n) })
    await bench.world.settle()
    bench.prepare = proxy => {
      proxy.compared = { ...proxy.compared, tokensCommittedToDb: 5n, maxTokens: 5n }
    }
    bench.proxy.transport.destroy()
    await bench.world.advance(1_000)
    assert.equal(bench.proxies.length, 2)
    assert.equal(bench.proxy.compare?.tokensCommittedToBlockchain, 5n)
    assert.equal([...bench.worker.channels()].length, 1)
  })

  test('refuses more than it takes at once, and counts what it refused', async () => {
    const bench = await new Bench().start()
    const ids = [bench.proxy.run(query), bench.proxy.run(query), bench.proxy.run(query)]
    await bench.world.settle()
    assert.equal(bench.backend.calls.length, 2)
    assert.equal(bench.proxy.answer(ids[2]!).status, 503)
    assert.equal(bench.worker.running, 2)
    bench.answerAll()
    await bench.world.settle()
    bench.proxy.run(query)
    await bench.world.settle()
    assert.equal(bench.backend.calls.length, 1)
    assert.equal(bench.worker.stats.failed, 1)
  })

  test('counts what is cancelled, and frees what a lost proxy asked for', async () => {
    const bench = await new Bench().start()
    const id = bench.proxy.run(query)
    await bench.world.settle()
    bench.proxy.cancel(id)
    await bench.world.settle()
    assert.deepEqual([bench.worker.stats.cancelled, bench.worker.running], [1, 0])
    bench.proxy.run(query)
    await bench.world.settle()
    bench.proxy.transport.destroy()
    await bench.world.settle()
    assert.deepEqual([bench.worker.stats.cancelled, bench.worker.running], [2, 0])
    assert.equal(bench.backend.call.cancels, 1)
  })

  test('asks where the tokens of answers are known from, and refuses what it cannot meter', async () => {
    const bench = await new Bench({ findUsageSource: async () => 'none' }).start()
    assert.equal(bench.worker.usageSource, 'none')
    const id = bench.proxy.run(query)
    await bench.world.settle()
    assert.equal(bench.proxy.answer(id).status, 503)
  })
})

describe('the offer of a worker', () => {
  test('is disabled until the backend is up, and whenever it is down', async () => {
    const bench = new Bench()
    let up = false
    bench.backend.models = async () => {
      if (!up) throw new Error('refused')
      return []
    }
    await bench.start()
    assert.equal(bench.proxy.complete?.isDisabled, true)
    assert.deepEqual([bench.worker.isReady, bench.worker.backendIsUp], [false, false])
    up = true
    await bench.world.advance(2_000)
    assert.deepEqual([bench.worker.isReady, bench.told], [true, [false]])
    up = false
    await bench.world.advance(2_000)
    assert.deepEqual([bench.worker.isReady, bench.told], [false, [false, true]])
  })

  test('is what the owner says', async () => {
    const bench = await new Bench().start()
    bench.worker.setEnabled(false)
    bench.worker.setCoefficient(1_500)
    bench.worker.setEnabled(true)
    await bench.world.settle()
    assert.deepEqual(bench.told, [true, false, 1_500])
    assert.deepEqual([bench.worker.coefficient, bench.worker.isEnabled], [1_500, true])
    for (const coefficient of [-1, 1.5, 1e9, Number.NaN]) {
      assert.throws(() => bench.worker.setCoefficient(coefficient), RangeError)
    }
    assert.equal(bench.worker.coefficient, 1_500)
  })
})

describe('closing a worker', () => {
  test('asks for nothing new and lets running queries end', async () => {
    const bench = await new Bench().start()
    const id = bench.proxy.run(query)
    await bench.world.settle()
    let closed = false
    void bench.worker.close(60_000).then(() => {
      closed = true
    })
    await bench.world.advance(5_000)
    assert.deepEqual([closed, bench.told], [false, [true]])
    bench.answerAll()
    await bench.world.advance(1_000)
    assert.deepEqual([closed, bench.backend.closed], [true, true])
    assert.equal(bench.proxy.answer(id).status, 200)
    await bench.world.advance(10_000)
    assert.equal(bench.world.timers, 0)
    assert.equal(bench.proxies.length, 1)
  })

  test('ends those that take too long', async () => {
    const bench = await new Bench().start()
    bench.proxy.run(query)
    await bench.world.settle()
    const closing = bench.worker.close(5_000)
    await bench.world.advance(6_000)
    await closing
    assert.deepEqual([bench.worker.running, bench.backend.call.cancels], [0, 1])
    await bench.world.advance(10_000)
    assert.equal(bench.world.timers, 0)
  })
})
