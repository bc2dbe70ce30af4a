import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formatAddress } from '@cocoon/money'
import {
  type Codec,
  type ProxyParams,
  proxyRunQueryEx,
  proxySignedPayment,
  proxyWorkerRequestPayment,
  workerEnabledDisabled,
  workerNewCoefficient,
} from '@cocoon/wire'
import { VirtualWorld } from '../../wire/test/virtual-world.ts'
import { Account } from '../src/account.ts'
import type { Serving, ServingRequest } from '../src/serving.ts'
import { type SessionOptions, type WorkerOffer, WorkerSession } from '../src/session.ts'
import {
  config,
  contract,
  forged,
  noPayment,
  owner,
  proxyKey,
  refuse,
  root,
  ScriptedProxy,
  signed,
} from './scripted-proxy.ts'

class FakeServing {
  readonly request: ServingRequest
  readonly calls: string[] = []
  readonly ended: () => void

  constructor(request: ServingRequest, ended: () => void) {
    this.request = request
    this.ended = ended
  }

  start(): void {
    this.calls.push('start')
  }

  cancel(): void {
    this.calls.push('cancel')
  }

  abandon(): void {
    this.calls.push('abandon')
    this.ended()
  }

  resume(): void {
    this.calls.push('resume')
  }
}

class Bench {
  readonly world: VirtualWorld
  readonly proxy: ScriptedProxy
  readonly session: WorkerSession
  readonly account: Account
  readonly servings: FakeServing[] = []
  readonly causes: Error[] = []
  offer: WorkerOffer = { disabled: false, coefficient: 1500, maxActiveRequests: 8 }
  readies = 0
  rollbacks = 0

  constructor(
    prepare: (proxy: ScriptedProxy) => void = () => {},
    options: {
      session?: Partial<SessionOptions>
      account?: Account
      world?: VirtualWorld
      imageHash?: Uint8Array
    } = {},
  ) {
    this.world = options.world ?? new VirtualWorld()
    this.account = options.account ?? new Account({ contract, publicKey: proxyKey.publicKey })
    this.proxy = new ScriptedProxy(this.world, options.imageHash)
    prepare(this.proxy)
    this.session = new WorkerSession({
      world: this.world,
      transport: this.proxy.transport,
      config,
      root,
      owner,
      isTestnet: false,
      model: 'acme/chat@1:2',
      proxyConnections: 2,
      checkProxyHashes: false,
      account: () => this.account,
      offer: () => this.offer,
      serve: (request, _answer, ended) => {
        const serving = new FakeServing(request, ended)
        this.servings.push(serving)
        return serving as unknown as Serving
      },
      rolledBack: () => {
        this.rollbacks++
      },
      ready: () => {
        this.readies++
      },
      closed: cause => void this.causes.push(cause),
      ...options.session,
    })
  }

  static async ready(...args: ConstructorParameters<typeof Bench>): Promise<Bench> {
    const bench = new Bench(...args)
    await bench.world.settle()
    assert.equal(bench.session.isReady, true)
    return bench
  }

  /** Closed, once, and not ready. */
  get cause(): Error {
    assert.deepEqual([this.causes.length, this.session.isReady], [1, false])
    return this.causes[0]!
  }
}

const packetTo = <T>(bench: Bench, codec: Codec<T>, value: T): void => {
  bench.proxy.connection.send(codec, value)
}

describe('the handshake', () => {
  test('says who the worker is and what it offers, step by step', async () => {
    const bench = await Bench.ready()
    assert.deepEqual(bench.proxy.asked, [
      'connectToProxy',
      'compareBalanceWithProxy',
      'proxyHandshakeComplete',
    ])
    assert.deepEqual(bench.proxy.connect?.params, {
      _: 'worker.params',
      flags: 3,
      workerOwnerAddress: formatAddress(owner),
      model: 'acme/chat@1:2',
      coefficient: 1500,
      isTest: config.isTest,
      proxyCnt: 2,
      maxActiveRequests: 8,
      minProtoVersion: 0,
      maxProtoVersion: 3,
    })
    assert.equal(bench.proxy.complete?.isDisabled, false)
    assert.deepEqual([bench.readies, bench.session.terms?.version], [1, 3])
    // Nothing had to be corrected.
    assert.equal(bench.proxy.packets.length, 0)
  })

  test('takes every version that it announced', async () => {
    for (const version of [0, 1, 2, 3]) {
      const bench = await Bench.ready(proxy => {
        proxy.version = version
      })
      assert.equal(bench.session.terms?.version, version)
    }
  })

  const wrongParams: Array<[string, Partial<ProxyParams>]> = [
    ['no flags', { flags: 0 }],
    ['a version that was not offered', { protoVersion: 4 }],
    ['a negative version', { protoVersion: -1 }],
    ['another test mode', { isTest: !config.isTest }],
    ['another contract', { proxyScAddress: formatAddress(root) }],
    ['another key', { proxyPublicKey: new Uint8Array(32).fill(1) }],
    ['an owner that is none', { proxyOwnerAddress: 'nobody' }],
  ]
  for (const [what, params] of wrongParams) {
    test(`a proxy with ${what} is left`, async () => {
      const bench = new Bench(proxy => {
        proxy.params = params
      })
      await bench.world.settle()
      assert.match(bench.cause.message, /./)
      assert.equal(bench.readies, 0)
      assert.deepEqual(bench.proxy.asked, ['connectToProxy'])
      assert.ok(bench.proxy.cause !== undefined)
    })
  }

  test('a proxy that names another contract of the worker is left', async () => {
    const bench = new Bench(proxy => {
      proxy.workerScAddress = formatAddress(root)
    })
    await bench.world.settle()
    assert.match(bench.cause.message, /worker contract/)
  })

  test('a proxy with an image that is not registered is asked nothing', async () => {
    const registered = { ...config, proxyHashes: new Set(['ab'.repeat(32)]) }
    const session = { config: registered, checkProxyHashes: true }
    const bench = new Bench(undefined, { session })
    await bench.world.settle()
    assert.match(bench.cause.message, /image/)
    assert.deepEqual(bench.proxy.asked, [])
    await Bench.ready(undefined, { session, imageHash: new Uint8Array(32).fill(0xab) })
  })

  test('what the proxy refuses is the cause', async () => {
    const bench = new Bench(proxy => {
      proxy.intercept = (_name, reply) => {
        reply.error(621, 'invalid worker model')
        return true
      }
    })
    await bench.world.settle()
    assert.match(bench.cause.message, /621: invalid worker model/)
  })

  test('each step has half a minute', async () => {
    for (const step of [
      'worker.connectToProxy',
      'worker.compareBalanceWithProxy',
      'worker.proxyHandshakeComplete',
    ]) {
      const world = new VirtualWorld()
      const bench = new Bench(
        proxy => {
          proxy.intercept = name => name === step
        },
        { world },
      )
      await world.advance(29_999)
      assert.equal(bench.causes.length, 0)
      await world.advance(1)
      assert.match(bench.cause.message, /30000 ms/)
      await world.advance(10_000)
      assert.equal(world.timers, 0)
    }
  })

  test('answers that are none close', async () => {
    for (const step of [
      'worker.connectToProxy',
      'worker.compareBalanceWithProxy',
      'worker.proxyHandshakeComplete',
    ]) {
      const bench = new Bench(proxy => {
        proxy.intercept = (name, reply) => {
          if (name === step)
            reply.answer(proxySignedPayment, { _: 'proxy.signedPayment', data: new Uint8Array(4) })
          return name === step
        }
      })
      await bench.world.settle()
      assert.equal(bench.readies, 0)
      assert.match(bench.cause.message, /TL/)
    }
  })

  test('the end of the connection in its middle is one end', async () => {
    const bench = new Bench(proxy => {
      proxy.intercept = name => name === 'worker.compareBalanceWithProxy'
    })
    await bench.world.settle()
    bench.proxy.transport.destroy()
    await bench.world.settle()
    assert.match(bench.cause.message, /closed/)
    assert.equal(bench.readies, 0)
    assert.equal(bench.world.timers, 0)
  })
})

describe('balances', () => {
  test('what is known is stated, and what the proxy has is taken', async () => {
    const account = new Account({ contract, publicKey: proxyKey.publicKey })
    account.update(signed(5n), { dbTokens: 6n, maxTokens: 7n })
    const bench = await Bench.ready(
      proxy => {
        proxy.compared = { signedPayment: signed(8n), tokensCommittedToDb: 9n, maxTokens: 10n, errorCode: 0 }
      },
      { account },
    )
    const { compare } = bench.proxy
    assert.deepEqual(
      [compare?.tokensCommittedToBlockchain, compare?.tokensCommittedToDb, compare?.maxTokens],
      [5n, 6n, 7n],
    )
    assert.deepEqual([account.signedTokens, account.dbTokens, account.maxTokens], [8n, 9n, 10n])
    assert.equal(bench.rollbacks, 0)
  })

  test('a proxy that knows less has begun anew, and says so by asking once more', async () => {
    const account = new Account({ contract, publicKey: proxyKey.publicKey })
    account.update(signed(5n), { dbTokens: 6n, maxTokens: 7n })
    const bench = await Bench.ready(
      proxy => {
        proxy.compared = { signedPayment: noPayment, tokensCommittedToDb: 0n, maxTokens: 2n, errorCode: 1 }
      },
      { account },
    )
    assert.deepEqual(bench.proxy.asked, [
      'connectToProxy',
      'compareBalanceWithProxy',
      'extendedCompareBalanceWithProxy',
      'proxyHandshakeComplete',
    ])
    assert.equal(bench.rollbacks, 1)
    assert.deepEqual([account.signedTokens, account.dbTokens, account.maxTokens], [0n, 0n, 2n])
  })

  test('a lower total without a word is the same', async () => {
    const account = new Account({ contract, publicKey: proxyKey.publicKey })
    account.update(noPayment, { dbTokens: 6n, maxTokens: 7n })
    const bench = await Bench.ready(
      proxy => {
        proxy.compared = { signedPayment: noPayment, tokensCommittedToDb: 6n, maxTokens: 6n, errorCode: 0 }
      },
      { account },
    )
    assert.deepEqual([bench.rollbacks, account.maxTokens], [1, 6n])
  })

  test('a proxy that refuses the longer comparison is left', async () => {
    const bench = new Bench(proxy => {
      proxy.compared = { ...proxy.compared, errorCode: 1 }
      proxy.extendedErrorCode = 5
    })
    await bench.world.settle()
    assert.match(bench.cause.message, /refused the balance: 5/)
  })

  test('a payment that does not verify ends the handshake, and nothing is forgotten', async () => {
    const account = new Account({ contract, publicKey: proxyKey.publicKey })
    account.update(signed(5n), { dbTokens: 6n, maxTokens: 7n })
    const bench = new Bench(
      proxy => {
        proxy.compared = { signedPayment: forged(9n), tokensCommittedToDb: 0n, maxTokens: 0n, errorCode: 0 }
      },
      { account },
    )
    await bench.world.settle()
    assert.match(bench.cause.message, /does not verify/)
    assert.deepEqual([account.signedTokens, account.maxTokens], [5n, 7n])
  })
})

describe('the offer', () => {
  test('what changes is told, and nothing else', async () => {
    const bench = await Bench.ready()
    bench.session.offerChanged()
    await bench.world.settle()
    assert.equal(bench.proxy.packets.length, 0)
    bench.offer = { ...bench.offer, coefficient: 2_000 }
    bench.session.offerChanged()
    bench.offer = { ...bench.offer, disabled: true }
    bench.session.offerChanged()
    bench.session.offerChanged()
    await bench.world.settle()
    assert.deepEqual(
      bench.proxy.all(workerNewCoefficient).map(({ newCoefficient }) => newCoefficient),
      [2_000],
    )
    assert.deepEqual(
      bench.proxy.all(workerEnabledDisabled).map(({ disabled }) => disabled),
      [1],
    )
    assert.equal(bench.proxy.packets.length, 2)
  })

  test('what changes during the handshake reaches the proxy', async () => {
    for (const step of [
      'worker.connectToProxy',
      'worker.compareBalanceWithProxy',
      'worker.proxyHandshakeComplete',
    ]) {
      const bench = new Bench(proxy => {
        proxy.hold = step
      })
      await bench.world.settle()
      bench.offer = { disabled: true, coefficient: 777, maxActiveRequests: 8 }
      bench.session.offerChanged()
      bench.proxy.release()
      await bench.world.settle()
      assert.equal(bench.session.isReady, true, step)
      const coefficient =
        bench.proxy.all(workerNewCoefficient).at(-1)?.newCoefficient ??
        bench.proxy.connect?.params.coefficient
      const told = bench.proxy.all(workerEnabledDisabled).at(-1)?.disabled
      const disabled = told === undefined ? bench.proxy.complete?.isDisabled : told === 1
      assert.deepEqual([coefficient, disabled], [777, true], step)
    }
  })

  test('of a closed session is nobody’s business', async () => {
    const bench = await Bench.ready()
    bench.proxy.transport.destroy()
    await bench.world.settle()
    bench.offer = { ...bench.offer, disabled: true }
    bench.session.offerChanged()
    assert.equal(bench.causes.length, 1)
  })
})

describe('queries', () => {
  test('are served with what they say', async () => {
    for (const version of [0, 3]) {
      const bench = await Bench.ready(proxy => {
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
        { ...serving!.request, query: [...serving!.request.query] },
        { query: [1, 2], coefficient: 900, timeoutMs: 2_500, enableDebug: version === 3 },
      )
      assert.deepEqual(serving!.calls, ['start'])
      assert.deepEqual([bench.session.running, bench.account.signedTokens], [1, 3n])
    }
  })

  test('may be long', async () => {
    const bench = await Bench.ready()
    bench.proxy.run(new Uint8Array(200_000))
    await bench.world.settle()
    assert.equal(bench.servings[0]?.request.query.length, 200_000)
  })

  test('are cancelled by their id, and only while they run', async () => {
    const bench = await Bench.ready()
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
    const bench = await Bench.ready()
    const requestId = bench.proxy.run(new Uint8Array(1))
    await bench.world.settle()
    bench.servings[0]!.ended()
    bench.proxy.run(new Uint8Array(1), { requestId })
    await bench.world.settle()
    assert.deepEqual([bench.servings.length, bench.session.isReady], [2, true])
  })

  test('go on where the proxy reads again', async () => {
    const bench = await Bench.ready()
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

  const wrong: Array<[string, (bench: Bench) => void, RegExp]> = [
    [
      'a request id that is in use',
      bench => void bench.proxy.run(new Uint8Array(1), { requestId: new Uint8Array(32).fill(1) }),
      /in use/,
    ],
    ['no time', bench => void bench.proxy.run(new Uint8Array(1), { timeout: 0 }), /timeout/],
    ['negative time', bench => void bench.proxy.run(new Uint8Array(1), { timeout: -1 }), /timeout/],
    [
      'endless time',
      bench => void bench.proxy.run(new Uint8Array(1), { timeout: Number.POSITIVE_INFINITY }),
      /timeout/,
    ],
    [
      'time that is no number',
      bench => void bench.proxy.run(new Uint8Array(1), { timeout: Number.NaN }),
      /timeout/,
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
        await Bench.ready(undefined, { world }),
        await Bench.ready(undefined, { world }),
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
    const bench = await Bench.ready()
    packetTo(bench, workerNewCoefficient, { _: 'worker.newCoefficient', newCoefficient: 1 })
    await bench.world.settle()
    assert.equal(bench.session.isReady, true)
  })

  test('a question to the worker is refused', async () => {
    const bench = await Bench.ready()
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
  const push = (bench: Bench, signedPayment = signed(4n), maxTokens = 6n): void =>
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
    const bench = await Bench.ready()
    push(bench)
    packetTo(bench, proxySignedPayment, { _: 'proxy.signedPayment', data: paymentData(5n) })
    await bench.world.settle()
    const { account } = bench
    assert.deepEqual([account.signedTokens, account.dbTokens, account.maxTokens], [5n, 5n, 6n])
  })

  test('that are older change nothing', async () => {
    const bench = await Bench.ready()
    push(bench)
    push(bench, signed(3n), 2n)
    await bench.world.settle()
    assert.deepEqual([bench.account.signedTokens, bench.account.maxTokens], [4n, 6n])
    assert.equal(bench.session.isReady, true)
  })

  test('that are forged close', async () => {
    const bench = await Bench.ready()
    push(bench, forged(4n))
    await bench.world.settle()
    assert.match(bench.cause.message, /does not verify/)
    assert.equal(bench.account.maxTokens, 0n)
  })

  test('pushed before the handshake are ignored', async () => {
    const bench = new Bench(proxy => {
      proxy.intercept = () => true
    })
    await bench.world.settle()
    push(bench)
    bench.proxy.run(new Uint8Array(1))
    await bench.world.settle()
    assert.deepEqual([bench.causes.length, bench.servings.length, bench.account.maxTokens], [0, 0, 0n])
  })

  test('are asked for every ten to twenty seconds', async () => {
    const bench = await Bench.ready(proxy => {
      proxy.status = { signedPayment: signed(1n), dbTokens: 2n, maxTokens: 3n }
    })
    await bench.world.advance(100_000)
    const times = bench.proxy.asked.filter(name => name === 'updatePaymentStatus').length
    assert.ok(times >= 5 && times <= 10, `${times} times`)
    assert.deepEqual([bench.account.signedTokens, bench.account.maxTokens], [1n, 3n])
  })

  test('that the proxy does not tell when asked close', async () => {
    for (const [intercept, words] of [
      [refuse(651, 'not now'), /payment status: .*651/],
      [() => true, /payment status: .*60000 ms/],
    ] as const) {
      const bench = await Bench.ready()
      bench.proxy.intercept = intercept
      await bench.world.advance(81_000)
      assert.match(bench.cause.message, words)
      await bench.world.advance(10_000)
      assert.equal(bench.world.timers, 0)
    }
  })
})

test('the owner is told of the end while the session still counts as ready', async () => {
  let wasReady: boolean | undefined
  const bench: Bench = await Bench.ready(undefined, {
    session: {
      closed: () => {
        wasReady = bench.session.isReady
      },
    },
  })
  bench.proxy.transport.destroy()
  await bench.world.settle()
  assert.deepEqual([wasReady, bench.session.isReady], [true, false])
})

function paymentData(tokens: bigint): Uint8Array {
  const payment = signed(tokens)
  assert.ok(payment._ === 'proxy.signedPayment')
  return payment.data
}
