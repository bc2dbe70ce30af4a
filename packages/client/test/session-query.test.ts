import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formatAddress } from '@cocoon/money'
import { clientGetWorkerTypes, maxPayloadBytes } from '@cocoon/wire'
import { VirtualWorld } from '../../wire/test/virtual-world.ts'
import { forged, proxyContract, signed } from './network.ts'
import type { ScriptedProxy } from './scripted-proxy.ts'
import { pushPayment, SessionBench } from './session-bench.ts'

describe('queries', () => {
  test('are sent in the words of the version, with most of the time that is left', async () => {
    for (const version of [0, 1, 3]) {
      const bench = await SessionBench.ready(proxy => {
        proxy.version = version
      })
      const { pending } = bench.query({ timeoutMs: 100_000, enableDebug: true })
      assert.equal(bench.session.run(pending), true)
      await bench.world.settle()
      const { job } = bench.proxy
      assert.deepEqual(
        [
          job.modelName,
          Buffer.from(job.query).toString(),
          job.maxCoefficient,
          job.maxTokens,
          job.minConfigVersion,
        ],
        ['acme/chat', 'the request', 4000, 1000, 7],
      )
      assert.equal(job.timeout, 95)
      assert.deepEqual(job.requestId, pending.requestId)
      assert.equal(job.enableDebug, version === 0 ? undefined : true)
      assert.equal(bench.session.running, 1)
    }
  })

  test('one that does not fit a frame is not taken', async () => {
    const bench = await SessionBench.ready()
    const { pending } = bench.query()
    Object.assign(pending, { requestBytes: new Uint8Array(maxPayloadBytes) })
    assert.equal(bench.session.run(pending), false)
    assert.deepEqual([bench.session.running, bench.session.isReady], [0, true])
  })

  test('are answered in any form, whatever the version', async () => {
    for (const version of [0, 1, 2, 3]) {
      for (const asVersion of [0, 3]) {
        const bench = await SessionBench.ready(proxy => {
          proxy.version = version
        })
        const { pending, heard } = bench.query()
        bench.session.run(pending)
        await bench.world.settle()
        bench.proxy.head({ asVersion })
        bench.proxy.part('one ', { asVersion })
        bench.proxy.part('two', { tokens: 6n, asVersion })
        await bench.world.settle()
        assert.deepEqual(
          [heard.status, heard.text, heard.code, heard.summary?.tokens],
          [200, 'one two', undefined, 6n],
        )
        assert.equal(heard.summary?.proxy, formatAddress(proxyContract))
        assert.equal(bench.session.running, 0)

        const failing = bench.query()
        bench.session.run(failing.pending)
        await bench.world.settle()
        bench.proxy.fail(652, 'late', { asVersion })
        await bench.world.settle()
        assert.equal(failing.heard.code, 'timeout')
      }
    }
  })

  test('may be answered at length', async () => {
    const bench = await SessionBench.ready()
    const { pending, heard } = bench.query()
    bench.session.run(pending)
    await bench.world.settle()
    bench.proxy.head({ payload: 'x'.repeat(200_000), tokens: 1n })
    await bench.world.settle()
    assert.equal(heard.text.length, 200_000)
  })

  test('late answers, and those to nobody, are ignored', async () => {
    const bench = await SessionBench.ready()
    const { pending, heard } = bench.query()
    bench.session.run(pending)
    await bench.world.settle()
    bench.proxy.head({ payload: 'x', tokens: 1n })
    bench.proxy.part('late', { tokens: 5n })
    bench.proxy.head({ payload: 'x', tokens: 1n, job: { ...bench.proxy.job, requestId: new Uint8Array(32) } })
    await bench.world.settle()
    assert.deepEqual([heard.text, heard.ends, bench.session.isReady], ['x', 1, true])
  })

  test('are cancelled once, where the version knows how', async () => {
    for (const version of [0, 1, 2, 3]) {
      const bench = await SessionBench.ready(proxy => {
        proxy.version = version
      })
      const { pending, heard } = bench.query()
      bench.session.run(pending)
      await bench.world.settle()
      bench.session.cancel(pending)
      bench.session.cancel(pending)
      await bench.world.settle()
      assert.deepEqual(bench.proxy.cancelled, version === 3 ? [pending.requestId] : [])
      assert.equal(bench.session.running, 0)
      bench.proxy.head({ payload: 'late', tokens: 1n })
      await bench.world.settle()
      assert.equal(heard.ends, 0)
    }
  })

  const broken: Array<[string, (proxy: ScriptedProxy) => void]> = [
    [
      'a second head',
      proxy => {
        proxy.head()
        proxy.head()
      },
    ],
    ['a part before the head', proxy => proxy.part('x')],
    ['a head that is no response', proxy => proxy.encodedHead(new Uint8Array(3))],
    ['a status that is none', proxy => proxy.head({ status: 99 })],
    ['negative tokens', proxy => proxy.head({ payload: 'x', tokens: -1n })],
    ['negative tokens in the oldest form', proxy => proxy.head({ payload: 'x', tokens: -1n, asVersion: 0 })],
  ]
  for (const [what, send] of broken) {
    test(`${what} closes this session alone, which gives its queries back`, async () => {
      const world = new VirtualWorld()
      const [bench, bystander] = [
        await SessionBench.ready(undefined, { world }),
        await SessionBench.ready(undefined, { world }),
      ]
      const [one, other] = [bench.query(), bench.query()]
      bench.session.run(other.pending)
      bench.session.run(one.pending)
      await world.settle()
      send(bench.proxy)
      await bench.closing()
      assert.deepEqual(bench.lost, [other.pending, one.pending])
      assert.equal(one.heard.ends, 0)
      assert.deepEqual([bench.session.running, bystander.session.isReady], [0, true])
    })
  }

  test('the end of the connection gives them back, after its owner was told of it', async () => {
    const order: string[] = []
    const bench: SessionBench = await SessionBench.ready(undefined, {
      session: {
        closed: () => void order.push(`closed ${bench.session.isReady}`),
        lost: queries => void order.push(`lost ${queries.length} ${bench.session.isReady}`),
      },
    })
    bench.session.run(bench.query().pending)
    bench.proxy.transport.destroy()
    await bench.world.settle()
    assert.deepEqual(order, ['closed true', 'lost 1 false'])
    assert.equal(bench.session.run(bench.query().pending), false)
  })

  test('a session whose proxy does not read counts as congested', async () => {
    const bench = await SessionBench.ready()
    bench.proxy.connection.pause()
    const { pending } = bench.query()
    Object.assign(pending, { requestBytes: new Uint8Array(5 << 20) })
    bench.session.run(pending)
    await bench.world.settle()
    assert.equal(bench.session.isCongested, true)
    bench.proxy.connection.resume()
    await bench.world.settle()
    assert.equal(bench.session.isCongested, false)
  })

  test('a question to the client is refused', async () => {
    const bench = await SessionBench.ready()
    const asked = bench.proxy.connection.query(clientGetWorkerTypes, { _: 'client.getWorkerTypes' }, 1_000)
    asked.catch(() => {})
    await bench.world.settle()
    await assert.rejects(asked, /621/)
  })
})

describe('payments', () => {
  test('are taken from the handshake, pushes and answers, as they grow', async () => {
    const bench = await SessionBench.ready(proxy => {
      proxy.authorized = { signedPayment: signed(1n), tokensCommittedToDb: 2n, maxTokens: 3n }
    })
    const channel = bench.session.channel!
    assert.deepEqual([channel.signedTokens, channel.dbTokens, channel.maxTokens], [1n, 2n, 3n])
    pushPayment(bench, signed(4n))
    pushPayment(bench, signed(2n))
    await bench.world.settle()
    assert.deepEqual([channel.signedTokens, channel.dbTokens, channel.maxTokens], [4n, 5n, 6n])
    bench.proxy.status = { signedPayment: signed(7n), dbTokens: 8n, maxTokens: 9n }
    await bench.world.advance(20_000)
    assert.deepEqual([channel.signedTokens, channel.dbTokens, channel.maxTokens], [7n, 8n, 9n])
    await bench.world.advance(80_000)
    const times = bench.proxy.asked.filter(name => name === 'updatePaymentStatus').length
    assert.ok(times >= 5 && times <= 10, `${times} times`)
  })

  test('that are forged close', async () => {
    const bench = await SessionBench.ready()
    pushPayment(bench, forged(4n))
    assert.match(await bench.closing(), /does not verify/)
    assert.equal(bench.session.channel?.maxTokens, 0n)
  })

  test('that the proxy does not tell when asked close', async () => {
    const bench = await SessionBench.ready()
    bench.proxy.intercept = () => true
    await bench.world.advance(81_000)
    assert.match(await bench.closing(), /payment status: .*60000 ms/)
    await bench.world.advance(10_000)
    assert.equal(bench.world.timers, 0)
  })
})
