import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  clientGetWorkerTypes,
  encode,
  maxPayloadBytes,
  proxySignedPayment,
  tcpPing,
  tcpQuery,
  tcpQueryAnswer,
  tcpQueryError,
  WireError,
  type WireErrorCode,
} from '../src/index.ts'
import { Observed } from './observed-connection.ts'

const question = { _: 'client.getWorkerTypes' as const }
const asked = encode(clientGetWorkerTypes, question)

/** Keeps a rejection from going unhandled until it is looked at. */
function ask(observed: Observed, timeoutMs = 1_000): Promise<Uint8Array> {
  const answer = observed.connection.query(clientGetWorkerTypes, question, timeoutMs)
  answer.catch(() => {})
  return answer
}

async function rejectsWith(code: WireErrorCode, answer: Promise<unknown>): Promise<void> {
  await assert.rejects(answer, error => error instanceof WireError && error.code === code)
}

describe('asking', () => {
  test('the answer is the one with the same id', async () => {
    const dialer = await Observed.ready('dialer')
    const [first, second] = [ask(dialer), ask(dialer)]
    await dialer.world.settle()
    const [one, two] = dialer.peer.all(tcpQuery)
    assert.deepEqual(one!.data, asked)
    assert.notEqual(one!.id, two!.id)
    dialer.peer.send(tcpQueryAnswer, { _: 'tcp.queryAnswer', id: two!.id, data: Uint8Array.of(2) })
    dialer.peer.send(tcpQueryAnswer, { _: 'tcp.queryAnswer', id: one!.id, data: Uint8Array.of(1) })
    await dialer.world.settle()
    assert.deepEqual([...(await first), ...(await second)], [1, 2])
  })

  test('a refusal rejects with what the peer says, cut to a bearable length', async () => {
    const dialer = await Observed.ready('dialer')
    const answer = ask(dialer)
    await dialer.world.settle()
    const { id } = dialer.peer.last(tcpQuery)
    dialer.peer.send(tcpQueryError, {
      _: 'tcp.queryError',
      id,
      code: 651,
      message: `busy ${'x'.repeat(10_000)}`,
    })
    await dialer.world.settle()
    await assert.rejects(answer, error => {
      assert.ok(error instanceof WireError && error.code === 'peer-error')
      assert.match(error.message, /651: busy x/)
      assert.ok(error.message.length < 400)
      return true
    })
    assert.equal(dialer.connection.isReady, true)
  })

  test('no answer in time rejects, and one that comes late is ignored', async () => {
    const dialer = await Observed.ready('dialer')
    const answer = ask(dialer, 500)
    await dialer.world.advance(500)
    await rejectsWith('timeout', answer)
    const { id } = dialer.peer.last(tcpQuery)
    for (let times = 0; times < 2; times++) {
      dialer.peer.send(tcpQueryAnswer, { _: 'tcp.queryAnswer', id, data: asked })
      dialer.peer.send(tcpQueryError, { _: 'tcp.queryError', id, code: 1, message: 'late' })
    }
    await dialer.world.settle()
    assert.equal(dialer.connection.isReady, true)
  })

  test('an answered question keeps no timer, and a second answer to it is ignored', async () => {
    const dialer = await Observed.ready('dialer')
    const timers = dialer.world.timers
    const answer = ask(dialer)
    await dialer.world.settle()
    const { id } = dialer.peer.last(tcpQuery)
    dialer.peer.send(tcpQueryAnswer, { _: 'tcp.queryAnswer', id, data: Uint8Array.of(1) })
    dialer.peer.send(tcpQueryAnswer, { _: 'tcp.queryAnswer', id, data: Uint8Array.of(2) })
    await dialer.world.settle()
    assert.deepEqual([...(await answer)], [1])
    assert.equal(dialer.world.timers, timers)
  })

  test('the end of the connection rejects at once', async () => {
    for (const end of ['peer', 'here'] as const) {
      const dialer = await Observed.ready('dialer')
      const answer = ask(dialer)
      if (end === 'peer') dialer.peer.transport.destroy()
      else dialer.connection.close()
      await dialer.world.settle()
      await rejectsWith('closed', answer)
      await rejectsWith('closed', ask(dialer))
      assert.equal(dialer.world.timers, 0)
    }
  })

  test('an answer on another connection is not taken', async () => {
    const one = await Observed.ready('dialer')
    const other = await Observed.ready('dialer', { world: one.world })
    const answer = ask(one)
    await one.world.settle()
    const { id } = one.peer.last(tcpQuery)
    other.peer.send(tcpQueryAnswer, { _: 'tcp.queryAnswer', id, data: asked })
    await one.world.advance(1_000)
    await rejectsWith('timeout', answer)
  })

  test('more than 64 at once are not asked', async () => {
    const dialer = await Observed.ready('dialer')
    const answers = Array.from({ length: 64 }, () => ask(dialer))
    await rejectsWith('limit', ask(dialer))
    await dialer.world.settle()
    assert.equal(dialer.peer.all(tcpQuery).length, 64)
    await dialer.world.advance(1_000)
    await Promise.all(answers.map(answer => rejectsWith('timeout', answer)))
  })

  test('a question larger than a frame is not asked, and the numbers stay right', async () => {
    const dialer = await Observed.ready('dialer')
    const timers = dialer.world.timers
    const huge = { _: 'proxy.signedPayment' as const, data: new Uint8Array(maxPayloadBytes) }
    await rejectsWith('frame-too-large', dialer.connection.query(proxySignedPayment, huge, 1_000))
    assert.equal(dialer.world.timers, timers)
    void ask(dialer)
    await dialer.world.settle()
    assert.equal(dialer.peer.all(tcpQuery).length, 1)
  })
})

describe('being asked', () => {
  async function question(acceptor: Observed, id = 9n): Promise<Observed['queries'][number]> {
    acceptor.peer.send(tcpQuery, { _: 'tcp.query', id, data: asked })
    await acceptor.world.settle()
    return acceptor.queries.at(-1)!
  }

  test('answers with the id of the question', async () => {
    const acceptor = await Observed.ready('acceptor')
    const { data, reply } = await question(acceptor, -9n)
    assert.deepEqual(data, asked)
    reply.answer(clientGetWorkerTypes, { _: 'client.getWorkerTypes' })
    await acceptor.world.settle()
    assert.deepEqual(acceptor.peer.last(tcpQueryAnswer), { _: 'tcp.queryAnswer', id: -9n, data: asked })
  })

  test('says an error once, and only the first reply counts', async () => {
    const acceptor = await Observed.ready('acceptor')
    const { reply } = await question(acceptor)
    reply.error(602, 'no')
    reply.error(603, 'no again')
    reply.answer(clientGetWorkerTypes, { _: 'client.getWorkerTypes' })
    await acceptor.world.settle()
    assert.deepEqual(acceptor.peer.all(tcpQueryError), [
      { _: 'tcp.queryError', id: 9n, code: 602, message: 'no' },
    ])
    assert.equal(acceptor.peer.all(tcpQueryAnswer).length, 0)
  })

  test('64 unanswered questions are borne, one more closes; answered ones do not count', async () => {
    const acceptor = await Observed.ready('acceptor')
    for (let id = 0n; id < 64n; id++) await question(acceptor, id)
    acceptor.queries[10]!.reply.error(1, '')
    await question(acceptor, 64n)
    assert.equal(acceptor.connection.isReady, true)
    await question(acceptor, 65n)
    assert.equal(acceptor.cause.code, 'limit')
  })

  test('a reply after the end does nothing', async () => {
    const acceptor = await Observed.ready('acceptor')
    const { reply } = await question(acceptor)
    acceptor.connection.close()
    reply.answer(clientGetWorkerTypes, { _: 'client.getWorkerTypes' })
    assert.equal(acceptor.causes.length, 1)
  })

  test('an answer larger than a frame closes: the peer would wait for ever', async () => {
    const acceptor = await Observed.ready('acceptor')
    const { reply } = await question(acceptor)
    reply.answer(proxySignedPayment, { _: 'proxy.signedPayment', data: new Uint8Array(maxPayloadBytes) })
    assert.equal(acceptor.cause.code, 'frame-too-large')
  })

  test('a handler that throws closes', async () => {
    const acceptor = await Observed.ready('acceptor', {
      events: {
        query: () => {
          throw new TypeError('no')
        },
      },
    })
    acceptor.peer.send(tcpQuery, { _: 'tcp.query', id: 1n, data: asked })
    acceptor.peer.send(tcpPing, { _: 'tcp.ping', id: 1n })
    await acceptor.world.settle()
    assert.equal(acceptor.cause.code, 'internal')
  })
})
