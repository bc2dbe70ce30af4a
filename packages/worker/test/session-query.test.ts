import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  proxyRunQueryEx,
  proxySignedPayment,
  proxyWorkerRequestPayment,
  workerNewCoefficient,
} from '@cocoon/wire'
import { VirtualWorld } from '../../wire/test/virtual-world.ts'
import { forged, refuse, signed } from './scripted-proxy.ts'
import { packetTo, SessionBench } from './session-bench.ts'

describe('queries', () => {
  test('are served with what they say', async () => {
    for (const version of [0, 3]) {
      const bench = await SessionBench.ready(proxy => {
        proxy.version = version
      })
      bench.proxy.run(Uint8Array.of(1, 2), {
        coefficient: 900n,
        timeout: 2.5,
        enableDebug: true,
        signedPayment: signed(3n),
      })
      await bench.world.settle()
      const [serving] = bench.servings
      assert.deepEqual(
        { ...serving!.request, query: [...(serving!.request.query as Uint8Array)] },
        { query: [1, 2], coefficient: 900, timeoutMs: 2_500, enableDebug: version === 3 },
      )
      assert.deepEqual(serving!.calls, ['start'])
      assert.deepEqual([bench.session.running, bench.channel.signedTokens], [1, 3n])
    }
  })

  test('have what time they state, but never more than two hours, nor less than none', async () => {
    for (const [timeout, timeoutMs] of [
      [0.5, 500],
      [7_200, 7_200_000],
      [7_201, 7_200_000],
      [Number.POSITIVE_INFINITY, 7_200_000],
      [0, 0],
      [-5, 0],
      [Number.NEGATIVE_INFINITY, 0],
      [Number.NaN, 0],
    ] as const) {
      const bench = await SessionBench.ready()
      bench.proxy.run(new Uint8Array(1), { timeout })
      await bench.world.settle()
      assert.equal(bench.servings[0]?.request.timeoutMs, timeoutMs, `${timeout} s`)
    }
  })

  test('may be long', async () => {
    const bench = await SessionBench.ready()
    bench.proxy.run(new Uint8Array(200_000))
    await bench.world.settle()
    assert.equal((bench.servings[0]!.request.query as Uint8Array).length, 200_000)
  })

  test('are cancelled by their id, and only while they run', async () => {
    const bench = await SessionBench.ready()
    const one = bench.proxy.run(new Uint8Array(1))
    const other = bench.proxy.run(new Uint8Array(1))
    await bench.world.settle()
    bench.proxy.cancel(one)
    bench.proxy.cancel(new Uint8Array(32))
    await bench.world.settle()
    assert.deepEqual(
      bench.servings.map(({ calls }) => calls),
      [['start', 'cancel'], ['start']],
    )
    bench.servings[1]!.ended()
    bench.proxy.cancel(other)
    await bench.world.settle()
    assert.deepEqual(bench.servings[1]!.calls, ['start'])
    assert.equal(bench.session.running, 1)
  })

  test('an id may be used again once its query has ended', async () => {
    const bench = await SessionBench.ready()
    const requestId = bench.proxy.run(new Uint8Array(1))
    await bench.world.settle()
    bench.servings[0]!.ended()
    bench.proxy.run(new Uint8Array(1), { requestId })
    await bench.world.settle()
    assert.deepEqual([bench.servings.length, bench.session.isReady], [2, true])
  })

  test('go on where the proxy reads again', async () => {
    const bench = await SessionBench.ready()
    bench.proxy.run(new Uint8Array(1))
    await bench.world.settle()
    bench.proxy.connection.pause()
    for (let coefficient = 0; coefficient < 50_000; coefficient++) {
      bench.offer = { ...bench.offer, coefficient }
      bench.session.offerChanged()
    }
    await bench.world.settle()
    bench.proxy.connection.resume()
    await bench.world.settle()
    assert.deepEqual(bench.servings[0]!.calls, ['start', 'resume'])
  })

  const wrong: Array<[string, (bench: SessionBench) => void, RegExp]> = [
    [
      'a request id that is in use',
      bench => void bench.proxy.run(new Uint8Array(1), { requestId: new Uint8Array(32).fill(1) }),
      /in use/,
    ],
    [
      'a negative price',
      bench => void bench.proxy.run(new Uint8Array(1), { coefficient: -1n }),
      /coefficient/,
    ],
    [
      'a price out of bounds',
      bench => void bench.proxy.run(new Uint8Array(1), { coefficient: 10n ** 9n }),
      /coefficient/,
    ],
    [
      'a forged payment',
      bench => void bench.proxy.run(new Uint8Array(1), { signedPayment: forged(1n) }),
      /does not verify/,
    ],
    [
      'bytes that are cut short',
      bench => {
        const cut = {
          ...proxyRunQueryEx,
          size: () => 4,
          write: (writer: { int(value: number): void }) => writer.int(9),
        }
        packetTo(bench, cut as never, { _: 'proxy.runQueryEx' } as never)
      },
      /TL/,
    ],
  ]
  for (const [what, send, words] of wrong) {
    test(`${what}: closes this session, and only this one`, async () => {
      const world = new VirtualWorld()
      const [bench, bystander] = [
        await SessionBench.ready(undefined, { world }),
        await SessionBench.ready(undefined, { world }),
      ]
      bench.proxy.run(new Uint8Array(1), { requestId: new Uint8Array(32).fill(1) })
      await world.settle()
      send(bench)
      await world.settle()
      assert.match(bench.cause.message, words)
      // What ran is freed, and nothing new began.
      assert.deepEqual(
        bench.servings.map(({ calls }) => calls),
        [['start', 'abandon']],
      )
      assert.equal(bench.session.running, 0)
      assert.equal(bystander.session.isReady, true)
    })
  }

  test('messages of an unknown kind are ignored', async () => {
    const bench = await SessionBench.ready()
    packetTo(bench, workerNewCoefficient, { _: 'worker.newCoefficient', newCoefficient: 1 })
    await bench.world.settle()
    assert.equal(bench.session.isReady, true)
  })

  test('a question to the worker is refused', async () => {
    const bench = await SessionBench.ready()
    const asked = bench.proxy.connection.query(
      workerNewCoefficient,
      { _: 'worker.newCoefficient', newCoefficient: 1 },
      1_000,
    )
    asked.catch(() => {})
    await bench.world.settle()
    await assert.rejects(asked, /621/)
    assert.equal(bench.session.isReady, true)
  })
})

describe('earnings', () => {
  const push = (bench: SessionBench, signedPayment = signed(4n), maxTokens = 6n): void =>
    packetTo(bench, proxyWorkerRequestPayment, {
      _: 'proxy.workerRequestPayment',
      requestId: new Uint8Array(32),
      signedPayment,
      dbTokens: 5n,
      maxTokens,
      requestTokens: 1n,
      requestClientOwner: 'somebody',
    })

  test('are pushed', async () => {
    const bench = await SessionBench.ready()
    push(bench)
    packetTo(bench, proxySignedPayment, { _: 'proxy.signedPayment', data: paymentData(5n) })
    await bench.world.settle()
    const { channel } = bench
    assert.deepEqual([channel.signedTokens, channel.dbTokens, channel.maxTokens], [5n, 5n, 6n])
  })

  test('that are older change nothing', async () => {
    const bench = await SessionBench.ready()
    push(bench)
    push(bench, signed(3n), 2n)
    await bench.world.settle()
    assert.deepEqual([bench.channel.signedTokens, bench.channel.maxTokens], [4n, 6n])
    assert.equal(bench.session.isReady, true)
  })

  test('that are forged close', async () => {
    const bench = await SessionBench.ready()
    push(bench, forged(4n))
    await bench.world.settle()
    assert.match(bench.cause.message, /does not verify/)
    assert.equal(bench.channel.maxTokens, 0n)
  })

  test('pushed before the handshake are ignored', async () => {
    const bench = new SessionBench(proxy => {
      proxy.intercept = () => true
    })
    await bench.world.settle()
    push(bench)
    bench.proxy.run(new Uint8Array(1))
    await bench.world.settle()
    assert.deepEqual([bench.causes.length, bench.servings.length, bench.channel.maxTokens], [0, 0, 0n])
  })

  test('are asked for every ten to twenty seconds', async () => {
    const bench = await SessionBench.ready(proxy => {
      proxy.status = { signedPayment: signed(1n), dbTokens: 2n, maxTokens: 3n }
    })
    await bench.world.advance(100_000)
    const times = bench.proxy.asked.filter(name => name === 'updatePaymentStatus').length
    assert.ok(times >= 5 && times <= 10, `${times} times`)
    assert.deepEqual([bench.channel.signedTokens, bench.channel.maxTokens], [1n, 3n])
  })

  test('that the proxy does not tell when asked close', async () => {
    for (const [intercept, words] of [
      [refuse(651, 'not now'), /payment status: .*651/],
      [() => true, /payment status: .*60000 ms/],
    ] as const) {
      const bench = await SessionBench.ready()
      bench.proxy.intercept = intercept
      await bench.world.advance(81_000)
      assert.match(bench.cause.message, words)
      await bench.world.advance(10_000)
      assert.equal(bench.world.timers, 0)
    }
  })
})

function paymentData(tokens: bigint): Uint8Array {
  const payment = signed(tokens)
  assert.ok(payment._ === 'proxy.signedPayment')
  return payment.data
}
