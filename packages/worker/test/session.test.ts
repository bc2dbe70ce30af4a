import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Channel, formatAddress } from '@cocoon/money'
import {
  type ProxyParams,
  proxySignedPayment,
  workerEnabledDisabled,
  workerNewCoefficient,
} from '@cocoon/wire'
import { VirtualWorld } from '../../wire/test/virtual-world.ts'
import { config, contract, forged, noPayment, owner, proxyKey, root, signed } from './scripted-proxy.ts'
import { SessionBench } from './session-bench.ts'

describe('the handshake', () => {
  test('says who the worker is and what it offers, step by step', async () => {
    const bench = await SessionBench.ready()
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
      const bench = await SessionBench.ready(proxy => {
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
      const bench = new SessionBench(proxy => {
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
    const bench = new SessionBench(proxy => {
      proxy.workerScAddress = formatAddress(root)
    })
    await bench.world.settle()
    assert.match(bench.cause.message, /worker contract/)
  })

  test('a proxy with an image that is not registered is asked nothing', async () => {
    const registered = { ...config, proxyHashes: new Set(['ab'.repeat(32)]) }
    const session = { config: registered, checkProxyHashes: true }
    const bench = new SessionBench(undefined, { session })
    await bench.world.settle()
    assert.match(bench.cause.message, /image/)
    assert.deepEqual(bench.proxy.asked, [])
    await SessionBench.ready(undefined, { session, imageHash: new Uint8Array(32).fill(0xab) })
  })

  test('what the proxy refuses is the cause', async () => {
    const bench = new SessionBench(proxy => {
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
      const bench = new SessionBench(
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
      const bench = new SessionBench(proxy => {
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
    const bench = new SessionBench(proxy => {
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
    const channel = new Channel({ kind: 'worker-payout', contract, publicKey: proxyKey.publicKey })
    channel.update(signed(5n), { dbTokens: 6n, maxTokens: 7n })
    const bench = await SessionBench.ready(
      proxy => {
        proxy.compared = { signedPayment: signed(8n), tokensCommittedToDb: 9n, maxTokens: 10n, errorCode: 0 }
      },
      { channel },
    )
    const { compare } = bench.proxy
    assert.deepEqual(
      [compare?.tokensCommittedToBlockchain, compare?.tokensCommittedToDb, compare?.maxTokens],
      [5n, 6n, 7n],
    )
    assert.deepEqual([channel.signedTokens, channel.dbTokens, channel.maxTokens], [8n, 9n, 10n])
    assert.equal(bench.rollbacks, 0)
  })

  test('a proxy that knows less has begun anew, and says so by asking once more', async () => {
    const channel = new Channel({ kind: 'worker-payout', contract, publicKey: proxyKey.publicKey })
    channel.update(signed(5n), { dbTokens: 6n, maxTokens: 7n })
    const bench = await SessionBench.ready(
      proxy => {
        proxy.compared = { signedPayment: noPayment, tokensCommittedToDb: 0n, maxTokens: 2n, errorCode: 1 }
      },
      { channel },
    )
    assert.deepEqual(bench.proxy.asked, [
      'connectToProxy',
      'compareBalanceWithProxy',
      'extendedCompareBalanceWithProxy',
      'proxyHandshakeComplete',
    ])
    assert.equal(bench.rollbacks, 1)
    assert.deepEqual([channel.signedTokens, channel.dbTokens, channel.maxTokens], [0n, 0n, 2n])
  })

  test('a lower total without a word is the same', async () => {
    const channel = new Channel({ kind: 'worker-payout', contract, publicKey: proxyKey.publicKey })
    channel.update(noPayment, { dbTokens: 6n, maxTokens: 7n })
    const bench = await SessionBench.ready(
      proxy => {
        proxy.compared = { signedPayment: noPayment, tokensCommittedToDb: 6n, maxTokens: 6n, errorCode: 0 }
      },
      { channel },
    )
    assert.deepEqual([bench.rollbacks, channel.maxTokens], [1, 6n])
  })

  test('a proxy that refuses the longer comparison is left', async () => {
    const bench = new SessionBench(proxy => {
      proxy.compared = { ...proxy.compared, errorCode: 1 }
      proxy.extendedErrorCode = 5
    })
    await bench.world.settle()
    assert.match(bench.cause.message, /refused the balance: 5/)
  })

  test('a payment that does not verify ends the handshake, and nothing is forgotten', async () => {
    const channel = new Channel({ kind: 'worker-payout', contract, publicKey: proxyKey.publicKey })
    channel.update(signed(5n), { dbTokens: 6n, maxTokens: 7n })
    const bench = new SessionBench(
      proxy => {
        proxy.compared = { signedPayment: forged(9n), tokensCommittedToDb: 0n, maxTokens: 0n, errorCode: 0 }
      },
      { channel },
    )
    await bench.world.settle()
    assert.match(bench.cause.message, /does not verify/)
    assert.deepEqual([channel.signedTokens, channel.maxTokens], [5n, 7n])
  })
})

describe('the offer', () => {
  test('what changes is told, and nothing else', async () => {
    const bench = await SessionBench.ready()
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
      const bench = new SessionBench(proxy => {
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
    const bench = await SessionBench.ready()
    bench.proxy.transport.destroy()
    await bench.world.settle()
    bench.offer = { ...bench.offer, disabled: true }
    bench.session.offerChanged()
    assert.equal(bench.causes.length, 1)
  })
})

test('the owner is told of the end while the session still counts as ready', async () => {
  let wasReady: boolean | undefined
  const bench: SessionBench = await SessionBench.ready(undefined, {
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
