import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from '@cocoon/client/role'
import { ChannelsWithoutChain, MemoryLedger } from '@cocoon/money'
import { contractsWithoutChain, Proxy } from '@cocoon/proxy'
import { type AnyCombinator, decode, httpResponse, pipe } from '@cocoon/wire'
import { Worker } from '@cocoon/worker'
import { addressNamed, ScriptedBackend, SimWorld, withoutThreads, wholeAnswer } from '../src/index.ts'
import { damaged } from '../src/sim/random-value.ts'
import { Random } from '../src/sim/random.ts'
import { ask } from './asked.ts'
import { Player, recorded, type RecordedFrame, recordedScene, shapeOf } from './recording.ts'

const imageHash = new Uint8Array(32)
const recordedModel = 'Qwen/Qwen3-8B'

function kindsOf(frames: readonly RecordedFrame[]): string[] {
  return frames.map(({ frame, message }) => message?._ ?? frame._)
}

/** Our proxy, as the one in the recording, with a recorded client or worker at each door. */
function recordedProxy(world: SimWorld) {
  const { config, root, owner, key } = recordedScene()
  const ledger = new MemoryLedger()
  const proxy = new Proxy({
    world,
    config,
    root,
    owner,
    nodeWallet: addressNamed('wallet'),
    key,
    ledger,
    clientContracts: contractsWithoutChain(config),
    isTestnet: false,
    checkWorkerHashes: false,
  })
  const connect = (as: 'client' | 'worker'): Player => {
    const { a, b } = pipe(world, { a: { address: as, imageHash }, b: { address: 'proxy', imageHash } })
    if (as === 'client') proxy.acceptClient(b)
    else proxy.acceptWorker(b)
    return new Player(a)
  }
  return { proxy, ledger, connect }
}

test('our proxy serves the recorded client with the recorded worker, as the reference did', async () => {
  using _ = withoutThreads()
  const world = new SimWorld()
  const { proxy, ledger, connect } = recordedProxy(world)
  const worker = connect('worker')
  const client = connect('client')

  const workerFrames = recorded('worker', 'c2s')
  const answers = workerFrames.filter(({ message }) => message?._.startsWith('proxy.queryAnswer'))
  for (const frame of workerFrames.filter(
    frame => !answers.includes(frame) && frame.frame._ !== 'tcp.ping',
  )) {
    const before = worker.heard.length
    worker.play(frame.payload)
    await world.until(() => worker.heard.length > before)
  }
  // Each query gets the next recorded answer, under its own id.
  worker.onFrame = ({ message }) => {
    if (message?._ !== 'proxy.runQueryEx') return
    for (let last = false; !last;) {
      const answer = answers.shift()!
      worker.playWith(answer, { message: { requestId: message.requestId } })
      last = (answer.message as { flags: number }).flags === 1
    }
  }

  const expected = recorded('client', 's2c')
  for (const [index, { payload, message }] of recorded('client', 'c2s').entries()) {
    const before = client.heard.length
    client.play(payload)
    const isQuery = message?._ === 'client.runQueryEx'
    const ends = (frame: RecordedFrame): boolean =>
      !isQuery || frame.message?._ === 'proxy.clientRequestPayment'
    await world.until(() => client.heard.slice(before).some(ends))
    assert.equal(client.closed, false, `after frame ${index}`)
  }
  assert.deepEqual(kindsOf(client.heard), kindsOf(expected))
  for (const [index, { frame, message }] of client.heard.entries()) {
    const reference = expected[index]!
    assert.deepEqual(shapeOf(frame), shapeOf(reference.frame), `frame ${index}`)
    if ('id' in frame) assert.equal(frame.id, (reference.frame as { id: bigint }).id)
    compareToClient(message, reference.message)
  }
  assert.equal(answers.length, 0)
  await world.runFor(10)
  compareToWorker(worker.heard)
  assert.equal(proxy.running, 0)
  ledger.assertConserved()
  await proxy.close(0)
})

/** What our proxy told the client against what the reference told it. */
function compareToClient(ours: AnyCombinator | undefined, theirs: AnyCombinator | undefined): void {
  if (ours === undefined || theirs === undefined) return
  switch (ours._) {
    case 'client.connectedToProxy':
    case 'client.workerTypesV2':
      return assert.deepEqual(ours, theirs)
    case 'client.queryAnswerEx': {
      const reference = theirs as typeof ours
      assert.deepEqual(ours.requestId, reference.requestId)
      assert.equal(ours.flags, reference.flags)
      const head = decode(httpResponse, ours.answer)
      const referenceHead = decode(httpResponse, reference.answer)
      assert.equal(head.statusCode, referenceHead.statusCode)
      assert.equal(head.httpVersion, referenceHead.httpVersion)
      assert.deepEqual(
        head.headers.map(({ name }) => name),
        referenceHead.headers.map(({ name }) => name),
      )
      return
    }
    case 'client.queryAnswerPartEx': {
      const reference = theirs as typeof ours
      assert.deepEqual(ours.requestId, reference.requestId)
      assert.deepEqual(ours.answer, reference.answer)
      assert.deepEqual(shapeOf(ours), shapeOf(reference))
      assert.equal(ours.finalInfo?.flags, reference.finalInfo?.flags)
      assert.deepEqual(ours.finalInfo?.tokensUsed, reference.finalInfo?.tokensUsed)
      assert.equal(ours.finalInfo?.workerDebug, reference.finalInfo?.workerDebug)
      return
    }
    default:
      assert.deepEqual(shapeOf(ours), shapeOf(theirs))
  }
}

/** What our proxy told the worker: the same kinds, shapes and requests as the reference. */
function compareToWorker(heard: RecordedFrame[]): void {
  const isPong = ({ frame }: RecordedFrame): boolean => frame._ === 'tcp.pong'
  const expected = recorded('worker', 's2c').filter(frame => !isPong(frame))
  const ours = [...heard].filter(frame => !isPong(frame))
  // The pace is another one here, so that questions of the worker are not asked at the same places.
  assert.deepEqual(kindsOf(ours).toSorted(), kindsOf(expected).toSorted())
  const runs = (frames: RecordedFrame[]) =>
    frames.flatMap(({ message }) => (message?._ === 'proxy.runQueryEx' ? [message] : []))
  for (const [index, run] of runs(ours).entries()) {
    const reference = runs(expected)[index]!
    assert.deepEqual(shapeOf(run), shapeOf(reference))
    assert.deepEqual(run.query, reference.query)
    assert.equal(run.coefficient, reference.coefficient)
    assert.equal(run.enableDebug, reference.enableDebug)
    assert.ok(Math.abs(run.timeout - reference.timeout) < 0.1)
  }
}

test('recorded frames that are damaged end their connection and nothing else', async () => {
  using _ = withoutThreads()
  const world = new SimWorld()
  const { proxy, connect } = recordedProxy(world)
  const chance = new Random('damage')
  const handshakeFrames = { client: 3, worker: 4 }
  for (const as of ['client', 'worker'] as const) {
    const frames = recorded(as, 'c2s')
    for (const [index, { payload }] of frames.entries()) {
      for (let round = 0; round < 6; round++) {
        const peer = connect(as)
        for (const whole of frames.slice(0, Math.min(index, handshakeFrames[as]))) {
          peer.play(whole.payload)
          await world.runFor(1)
        }
        peer.play(damaged(chance, payload))
        await world.runFor(1)
        peer.end()
        await world.runFor(1)
      }
    }
  }
  assert.deepEqual(world.thrown, [])
  await world.runFor(120_000)
  assert.equal(proxy.clients.size + proxy.workers.size + proxy.running, 0)
  assert.equal(proxy.market.books.get(recordedModel)?.size, 0)
  const late = connect('client')
  for (const [index, { payload }] of recorded('client', 'c2s').slice(0, 3).entries()) {
    late.play(payload)
    await world.until(() => late.heard.length === index + 1)
  }
  await proxy.close(0)
})

test('our client understands the recorded proxy', async () => {
  using _ = withoutThreads()
  const world = new SimWorld()
  const { config, root, wallet } = recordedScene()
  let player: Player | undefined
  const client = new Client({
    world,
    config,
    root,
    wallet,
    isTestnet: false,
    channels: new ChannelsWithoutChain('client-charge'),
    checkProxyHashes: false,
    proxyConnections: 1,
    dial: async () => {
      const { a, b } = pipe(world, {
        a: { address: 'client', imageHash },
        b: { address: 'proxy', imageHash },
      })
      player = new Player(b)
      return a
    },
  })
  client.start()
  await world.until(() => player !== undefined && player.heard.length > 0)
  const replies = recorded('client', 's2c')
  const next = (kind: string): RecordedFrame => {
    const index = replies.findIndex(({ frame, message }) => (message?._ ?? frame._) === kind)
    return replies.splice(index, 1)[0]!
  }
  const answered: Record<string, string> = {
    'tcp.connect': 'tcp.connected',
    'client.connectToProxy': 'client.connectedToProxy',
    'client.authorizeWithProxyShort': 'client.authorizationWithProxySuccess',
    'client.updatePaymentStatus': 'client.paymentStatus',
    'client.getWorkerTypesV2': 'client.workerTypesV2',
    'tcp.ping': 'tcp.pong',
  }
  const answer = ({ frame, message }: RecordedFrame): void => {
    const kind = answered[message?._ ?? frame._]
    if (kind !== undefined) player!.playWith(next(kind), { frame: { id: (frame as { id: bigint }).id } })
  }
  for (const frame of player!.heard) answer(frame)
  player!.onFrame = answer
  await world.until(() => client.isReady)
  assert.equal(client.proxies()[0]?.session?.terms?.version, 2)

  const models = await world.finish(client.models())
  assert.deepEqual(models, [
    { id: recordedModel, workers: [{ coefficient: 0, runningRequests: 0, maxRunningRequests: 60 }] },
  ])

  for (let query = 0; query < 5; query++) {
    const before = player!.heard.length
    const asked = ask(client, { model: recordedModel, enableDebug: query > 2 })
    await world.until(() =>
      player!.heard.slice(before).some(({ message }) => message?._ === 'client.runQueryEx'),
    )
    const { requestId } = player!.heard.at(-1)!.message as { requestId: Uint8Array }
    const bytes: Uint8Array[] = []
    for (let ended = false; !ended;) {
      const index = replies.findIndex(({ message }) =>
        /^client\.queryAnswer|clientRequestPayment/.test(message?._ ?? ''),
      )
      const [piece] = replies.splice(index, 1)
      player!.playWith(piece!, { message: { requestId } })
      if (piece!.message?._ === 'client.queryAnswerPartEx') bytes.push(piece!.message.answer)
      ended = piece!.message?._ === 'proxy.clientRequestPayment'
    }
    await world.until(() => asked.ended !== undefined)
    assert.equal(asked.ended?.kind, 'end')
    assert.equal(asked.status, 200)
    assert.equal(asked.text, Buffer.concat(bytes).toString())
    assert.equal(asked.summary?.debug?.worker === undefined, query <= 2)
  }
  await world.runFor(45_000)
  assert.ok(client.isReady)
  await client.close(0)
})

test('our worker understands the recorded proxy, and answers in the words of the recorded worker', async () => {
  using _ = withoutThreads()
  const world = new SimWorld()
  const { config, root, owner, model } = recordedScene()
  const backend = new ScriptedBackend(wholeAnswer('Hello', { prompt: 34, completion: 100 }), recordedModel)
  let player: Player | undefined
  const worker = new Worker({
    world,
    config,
    root,
    owner,
    channels: new ChannelsWithoutChain('worker-payout'),
    isTestnet: false,
    model,
    coefficient: 0,
    maxActiveRequests: 60,
    proxyConnections: 1,
    checkProxyHashes: false,
    backend,
    dial: async () => {
      const { a, b } = pipe(world, {
        a: { address: 'worker', imageHash },
        b: { address: 'proxy', imageHash },
      })
      player = new Player(b)
      return a
    },
  })
  worker.start()
  await world.until(() => player !== undefined && player.heard.length > 0)
  for (const reply of recorded('worker', 's2c')) {
    const question = (): RecordedFrame | undefined =>
      player!.heard.findLast(({ frame }) => frame._ === 'tcp.query')
    if (reply.frame._ === 'tcp.connected')
      player!.playWith(reply, { frame: { id: (player!.heard[0]!.frame as { id: bigint }).id } })
    else if (reply.frame._ === 'tcp.queryAnswer') {
      const wanted = reply.message!._
      const asks: Record<string, string> = {
        'worker.connectedToProxy': 'worker.connectToProxy',
        'worker.compareBalanceWithProxyResult': 'worker.compareBalanceWithProxy',
        'worker.proxyHandshakeCompleted': 'worker.proxyHandshakeComplete',
        'worker.paymentStatus': 'worker.updatePaymentStatus',
      }
      const before = answeredQuestions(player!)
      await world.until(() => question()?.message?._ === asks[wanted] && !before.has(question()!.frame))
      const { frame } = question()!
      before.add(frame)
      player!.playWith(reply, { frame: { id: (frame as { id: bigint }).id } })
    } else if (reply.frame._ === 'tcp.pong') continue
    else player!.play(reply.payload)
  }
  await world.until(() => worker.running === 0 && worker.stats.queries === 5)
  await world.runFor(1_000)
  assert.equal(backend.calls.length, 5)
  assert.equal(player!.closed, false)

  const theirs = recorded('worker', 'c2s')
  const ours = player!.heard
  const firstOf = (frames: RecordedFrame[], kind: string): AnyCombinator =>
    frames.find(({ message }) => message?._ === kind)!.message!
  const complete = (frames: RecordedFrame[]): AnyCombinator =>
    frames.find(({ message }) => message?._ === 'proxy.queryAnswerPartEx' && message.flags === 1)!.message!
  assert.deepEqual(
    shapeOf(firstOf(ours, 'worker.connectToProxy')),
    shapeOf(firstOf(theirs, 'worker.connectToProxy')),
  )
  assert.deepEqual(
    { ...firstOf(ours, 'worker.compareBalanceWithProxy') },
    { ...firstOf(theirs, 'worker.compareBalanceWithProxy') },
  )
  assert.deepEqual(
    shapeOf(firstOf(ours, 'proxy.queryAnswerEx')),
    shapeOf(firstOf(theirs, 'proxy.queryAnswerEx')),
  )
  assert.deepEqual(shapeOf(complete(ours)), shapeOf(complete(theirs)))
  // Whole answers overtake streams that were asked for earlier: what counts is that each query has its answer.
  const idsOf = (frames: RecordedFrame[], kind: AnyCombinator['_']): string[] =>
    frames
      .flatMap(({ message }) =>
        message?._ === kind ? [(message as { requestId: Uint8Array }).requestId] : [],
      )
      .map(id => Buffer.from(id).toString('hex'))
      .toSorted()
  assert.deepEqual(idsOf(ours, 'proxy.queryAnswerEx'), idsOf(recorded('worker', 's2c'), 'proxy.runQueryEx'))
  await worker.close(0)
})

const answeredBy = new WeakMap<Player, Set<unknown>>()

function answeredQuestions(player: Player): Set<unknown> {
  const known = answeredBy.get(player) ?? new Set()
  answeredBy.set(player, known)
  return known
}
