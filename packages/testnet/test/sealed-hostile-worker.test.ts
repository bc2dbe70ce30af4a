import assert from 'node:assert/strict'
import { test } from 'node:test'
import { priceUsage } from '@cocoon/money'
import { disputeReasons, readReceipt, type Receipt, signReceipt } from '@cocoon/trust/seal'
import { type AnyCombinator, encode, httpResponse, type SealedSignedReceipt } from '@cocoon/wire'
import { silence, wholeAnswer } from '../src/index.ts'
import type { Passing, Rewrite } from './sealed/interception.ts'
import {
  answerCanary,
  assertAnswered,
  assertFailed,
  changed,
  flipped,
  type SealedNetwork,
  sealedNetwork,
  usage,
} from './sealed/sealed-network.ts'

type Piece = Extract<
  AnyCombinator,
  { _: 'proxy.sealedAnswer' | 'proxy.sealedAnswerPart' | 'proxy.sealedFailure' }
>

const rest: Rewrite = ({ message }) => message

function isPiece(message: AnyCombinator): message is Piece {
  return (
    message._ === 'proxy.sealedAnswer' ||
    message._ === 'proxy.sealedAnswerPart' ||
    message._ === 'proxy.sealedFailure'
  )
}

/** Worker 0 says something else than it should. */
function misbehave(
  { tap }: SealedNetwork,
  alter: (piece: Piece, passing: Passing) => AnyCombinator | readonly AnyCombinator[] | undefined,
): void {
  tap.rewrite = passing => {
    const { message, who } = passing
    return isPiece(message) && who === 'worker 0' ? alter(message, passing) : message
  }
}

const withReceipt = (piece: Piece, receipt: SealedSignedReceipt): Piece => ({ ...piece, flags: 1, receipt })

/** Worker 0 signs for something else. */
function misreport(network: SealedNetwork, change: (receipt: Receipt) => Partial<Receipt>): void {
  misbehave(network, piece => {
    if (piece.receipt === undefined) return piece
    const { receipt } = readReceipt(piece.receipt)
    const { signing } = network.holders[0]!.current!.keys
    return withReceipt(piece, signReceipt(signing, { ...receipt, ...change(receipt) }))
  })
}

/** With what these counts cost: a receipt that is right in itself. */
function counting(network: SealedNetwork, counts: Partial<Receipt>): (receipt: Receipt) => Partial<Receipt> {
  return receipt => {
    const changedReceipt = { ...receipt, ...counts }
    const { total } = priceUsage(changedReceipt, changedReceipt.coefficient, network.config).adjusted
    return { ...counts, chargedTokens: total }
  }
}

const has = (network: SealedNetwork, event: string): number =>
  network.events.filter(({ who, event: name }) => who === 'proxy 0' && name === event).length

/** All that the books of the proxy have charged. */
const charged = ({ proxy }: SealedNetwork): bigint =>
  proxy.ledger.clients().reduce((sum, { max }) => sum + max, 0n)

const whole = wholeAnswer(`The ${answerCanary}`, usage)
/** The cheaper one is asked first, and does wrong. */
const twoWorkers = { workers: [{ script: whole, options: { coefficient: 500 } }, { script: whole }] }

const lies: Record<string, (network: SealedNetwork) => (receipt: Receipt) => Partial<Receipt>> = {
  'of another proxy': () => () => ({ proxyKey: new Uint8Array(32) }),
  'of another identity': network => () => ({ identity: network.holders[1]!.current!.digest }),
  'of another query':
    () =>
    ({ requestId }) => ({ requestId: flipped(requestId) }),
  'of another model': () => () => ({ model: 'other/model@1:00' }),
  'at another price': () => () => ({ pricePerTokenNano: 1_000_000n }),
  'under other parameters':
    () =>
    ({ paramsVersion }) => ({ paramsVersion: paramsVersion + 1 }),
  'at a dearer coefficient': network => counting(network, { coefficient: 4_000 }),
  'with a sum that its counts do not give':
    () =>
    ({ chargedTokens }) => ({ chargedTokens: chargedTokens + 1n }),
  'with more prompt tokens than the query has bytes': network => counting(network, { promptTokens: 100_000 }),
  'with more tokens than were allowed': network => counting(network, { completionTokens: 1_001 }),
  'with more tokens than its chunks have bytes': network => counting(network, { completionTokens: 990 }),
  'with as many tokens as a number holds': network =>
    counting(network, { completionTokens: 2 ** 31 - 1, reasoningTokens: 2 ** 31 - 1 }),
}

test('a receipt that does not hold charges nothing, and another worker answers', async t => {
  for (const [name, lie] of Object.entries(lies)) {
    await t.test(name, async () => {
      await using network = await sealedNetwork(twoWorkers)
      misreport(network, lie(network))
      const asked = await network.asked({ body: { stream: false } })
      assertAnswered(asked)
      assert.equal(has(network, 'receipt-refused'), 1)
      assert.equal(network.backends[1]!.calls.length, 1)
      const link = [...network.proxy.proxy.workers].find(({ coefficient }) => coefficient === 500)
      assert.equal(link!.standing.failed, 1)
      assert.equal(charged(network), asked.summary?.tokens)
      network.proxy.ledger.assertConserved()
    })
  }
})

test('a receipt that does not hold at the end of a stream: it breaks off, and costs nothing', async () => {
  await using network = await sealedNetwork()
  misreport(network, () => ({ chargedTokens: 999_999n }))
  const asked = await network.asked()
  assertFailed(asked, 'upstream')
  assert.match(asked.text, new RegExp(answerCanary))
  assert.equal(charged(network), 0n)
})

test('a wrong signature is found by sampling: the worker is dropped, the query moves, nothing is charged twice', async () => {
  await using network = await sealedNetwork(twoWorkers)
  misbehave(network, piece =>
    piece.receipt === undefined
      ? piece
      : withReceipt(piece, changed(piece.receipt, { signature: flipped(piece.receipt.signature) })),
  )
  const asked = await network.asked({ body: { stream: false } })
  assertAnswered(asked)
  assert.equal(network.backends[1]!.calls.length, 1)
  assert.equal(has(network, 'worker-distrusted'), 1)
  assert.equal(charged(network), asked.summary?.tokens)
  const second = [...network.proxy.proxy.workers].find(({ coefficient }) => coefficient === 1_000)
  assert.equal(second!.standing.failed, 0)
  // It comes back, and says again who it is: nobody takes it for a worker under that identity any more.
  network.tap.rewrite = rest
  await network.world.runFor(30_000)
  assert.ok([...network.proxy.proxy.workers].every(({ coefficient }) => coefficient !== 500))
  assertAnswered(await network.asked({ body: { stream: false } }))
  assert.equal(network.backends[0]!.calls.length, 1)
})

test('a wrong signature in the middle of a stream, at the only worker', async () => {
  await using network = await sealedNetwork()
  misbehave(network, piece =>
    piece.receipt === undefined
      ? piece
      : withReceipt(piece, changed(piece.receipt, { signature: flipped(piece.receipt.signature) })),
  )
  assertFailed(await network.asked(), 'upstream')
  assert.equal(has(network, 'worker-distrusted'), 1)
  assert.equal(charged(network), 0n)
})

test('a wrong signature that no sample found is found by the dispute of a client', async () => {
  await using network = await sealedNetwork({ workers: [{ script: whole }] })
  for (let left = 16; left > 0; left--) assertAnswered(await network.asked({ body: { stream: false } }))
  misbehave(network, piece =>
    piece.receipt === undefined
      ? piece
      : withReceipt(piece, changed(piece.receipt, { signature: flipped(piece.receipt.signature) })),
  )
  const asked = await network.asked({ body: { stream: false } })
  await network.world.runFor(100)
  assertFailed(asked, 'answer-invalid')
  assert.deepEqual(
    network.tap.all('client.disputeReceipt').map(({ reason }) => reason),
    [disputeReasons.signature],
  )
  assert.equal(has(network, 'worker-distrusted'), 1)
  await network.world.runFor(20_000)
  assert.equal([...network.proxy.proxy.workers].filter(({ identities }) => identities.length > 0).length, 0)
})

/** True in every field that a proxy can see, and about another text. */
const unseen: Record<string, (receipt: Receipt) => Partial<Receipt>> = {
  'for another request': ({ requestCommitment }) => ({ requestCommitment: flipped(requestCommitment) }),
  'for another answer': ({ answerCommitment }) => ({ answerCommitment: flipped(answerCommitment) }),
  'for an answer that failed': () => ({ outcome: 'failed' }),
  'for another status': () => ({ status: 500 }),
}

test('what only the client can see is disputed by it; three of them count as a failure, and nobody is dropped', async t => {
  for (const [name, lie] of Object.entries(unseen)) {
    await t.test(name, async () => {
      await using network = await sealedNetwork({
        workers: [{ script: whole }],
        clients: [{}, {}, {}],
      })
      misreport(network, lie)
      const [link] = [...network.proxy.proxy.workers]
      for (const client of [0, 0, 0, 1, 1, 2]) {
        assert.equal(link!.standing.failed, 0)
        assertFailed(await network.asked({ body: { stream: false } }, client), 'answer-invalid')
        await network.world.runFor(100)
      }
      assert.equal(link!.standing.failed, 1)
      assert.equal(has(network, 'worker-distrusted'), 0)
      assert.ok(
        network.tap.all('client.disputeReceipt').every(({ reason }) => reason === disputeReasons.field),
      )
    })
  }
})

test('an answer that breaks before its receipt is disputed too; three clients count as a failure', async () => {
  await using network = await sealedNetwork({ clients: [{}, {}, {}] })
  misbehave(network, piece =>
    piece._ === 'proxy.sealedAnswerPart' ? changed(piece, { chunk: flipped(piece.chunk) }) : piece,
  )
  const [link] = [...network.proxy.proxy.workers]
  for (const client of [0, 0, 1, 1, 2]) {
    assert.equal(has(network, 'receipts-disputed'), 0)
    assertFailed(await network.asked({}, client), 'answer-invalid')
    await network.world.runFor(100)
  }
  assert.equal(has(network, 'receipts-disputed'), 1)
  assert.equal(link!.standing.failed, 1)
  assert.ok(network.tap.all('client.disputeReceipt').every(({ reason }) => reason === disputeReasons.missing))
})

test('the receipt of one answer under another', async () => {
  await using network = await sealedNetwork({ workers: [{ script: whole }] })
  let kept: SealedSignedReceipt | undefined
  misbehave(network, piece => {
    if (piece.receipt === undefined) return piece
    kept ??= piece.receipt
    return withReceipt(piece, kept)
  })
  const first = await network.asked({ body: { stream: false } })
  assertAnswered(first)
  assertFailed(await network.asked({ body: { stream: false } }), 'upstream')
  assert.equal(charged(network), first.summary?.tokens)
})

test('an answer without a receipt is refused at once, and costs nothing', async () => {
  await using network = await sealedNetwork({ workers: [{ script: whole }] })
  misbehave(network, piece =>
    piece._ === 'proxy.sealedFailure'
      ? undefined
      : changed(piece as never, { flags: 0, receipt: undefined } as never),
  )
  const asked = await network.asked({ body: { stream: false }, timeoutMs: 5_000 })
  assertFailed(asked, 'answer-invalid')
  await network.world.runFor(5_000)
  assert.equal(charged(network), 0n)
  assert.equal(network.proxy.proxy.running, 0)
})

test('a model that never answers: its worker says so, signed, and nothing is charged', async () => {
  await using network = await sealedNetwork({ workers: [{ script: silence }] })
  const asked = await network.asked({ timeoutMs: 5_000 })
  assert.equal(asked.ended?.kind, 'end')
  assert.equal(asked.status, 504)
  assert.equal(asked.summary?.proof?.signed.receipt.chargedTokens, 0n)
  assert.equal(charged(network), 0n)
})

test('a worker that never says anything: the query ends with its time, and its worker has failed once', async () => {
  await using network = await sealedNetwork({ workers: [{ script: whole }] })
  misbehave(network, () => undefined)
  const [link] = [...network.proxy.proxy.workers]
  const asked = await network.asked({ timeoutMs: 5_000 })
  assertFailed(asked, 'timeout')
  await network.world.runFor(10_000)
  assert.equal(charged(network), 0n)
  assert.equal(network.proxy.proxy.running, 0)
  assert.equal(link!.running, 0)
  assert.equal(link!.standing.failed, 1)
})

test('a worker goes on after a query was cancelled: nobody hears of it, and it is paid for what it signed at most', async () => {
  await using network = await sealedNetwork()
  const held: AnyCombinator[] = []
  let isCancelled = false
  network.tap.rewrite = ({ message, who }) => {
    if (message._ === 'proxy.cancelQuery') isCancelled = true
    if (who !== 'worker 0' || !isPiece(message)) return message
    held.push(message)
    return message
  }
  const asked = network.asking()
  await network.world.runFor(40)
  asked.cancel()
  await network.over(asked)
  const { length } = network.tap.all('client.sealedAnswerPart')
  await network.world.runFor(3_000)
  assert.ok(isCancelled)
  const failure = network.tap.all('proxy.sealedFailure')[0]!
  assert.equal(failure.errorCode, 653)
  const due = readReceipt(failure.receipt!).receipt
  assert.equal(due.outcome, 'cancelled')
  assert.equal(charged(network), due.chargedTokens)
  for (const piece of held) network.tap.wireOf('worker 0').toProxy(piece)
  await network.world.runFor(3_000)
  assert.equal(network.tap.all('client.sealedAnswerPart').length, length)
  assert.equal(charged(network), due.chargedTokens)
})

const openHead = encode(httpResponse, {
  _: 'http.response',
  httpVersion: 'HTTP/1.1',
  statusCode: 200,
  reason: '',
  headers: [],
  payload: Buffer.from(answerCanary),
})
const openFinal = {
  _: 'proxy.queryFinalInfo' as const,
  flags: 0,
  tokensUsed: {
    _: 'tokensUsed' as const,
    promptTokensUsed: 1n,
    cachedTokensUsed: 0n,
    completionTokensUsed: 1n,
    reasoningTokensUsed: 0n,
    totalTokensUsed: 2n,
  },
}

test('an open answer to a sealed query is a failure of its worker, and another one answers', async () => {
  await using network = await sealedNetwork(twoWorkers)
  misbehave(network, ({ requestId }) => ({
    _: 'proxy.queryAnswerEx',
    requestId,
    answer: openHead,
    flags: 1,
    finalInfo: openFinal,
  }))
  const asked = await network.asked({ body: { stream: false } })
  assertAnswered(asked)
  assert.equal(has(network, 'worker-answer-invalid'), 1)
  assert.equal(network.backends[1]!.calls.length, 1)
  assert.equal(charged(network), asked.summary?.tokens)
})

test('a sealed answer to an open query is a failure of its worker', async () => {
  await using network = await sealedNetwork({
    workers: [{ script: whole }],
    clients: [{ leastProtection: 'any', sealing: undefined }],
  })
  network.tap.rewrite = ({ message, who }) =>
    message._ === 'proxy.queryAnswerEx' && who === 'worker 0'
      ? {
          _: 'proxy.sealedAnswer',
          requestId: message.requestId,
          status: 200,
          nonce: 1n,
          chunk: new Uint8Array(300),
          flags: 0,
        }
      : message
  const asked = await network.asked({ body: { stream: false } })
  assert.equal(asked.status, 502)
  assert.equal(has(network, 'worker-answer-invalid'), 1)
  assert.equal(charged(network), 0n)
})

test('a worker that never knows a session: others answer, and after two in a row it is left alone', async () => {
  await using network = await sealedNetwork(twoWorkers)
  network.tap.rewrite = ({ message, who }) =>
    isPiece(message) && who === 'worker 0'
      ? { _: 'proxy.sealedFailure', requestId: message.requestId, errorCode: 660, flags: 0 }
      : message
  const asked = await network.asked({ body: { stream: false } })
  assertAnswered(asked)
  assert.equal(charged(network), asked.summary?.tokens)
})

test('the only worker never knows a session: three times sealed, then given up', async () => {
  await using network = await sealedNetwork({ workers: [{ script: whole }] })
  misbehave(network, ({ requestId }) => ({
    _: 'proxy.sealedFailure',
    requestId,
    errorCode: 660,
    flags: 0,
  }))
  const asked = await network.asked({ body: { stream: false } })
  assertFailed(asked, 'upstream')
  assert.equal(network.tap.all('proxy.runSealedQuery').length, 3)
  assert.equal(charged(network), 0n)
})

test('a failure that charges before anything of an answer has come costs nothing', async () => {
  for (const errorCode of [601, 652, 660, 661, 662, 0, -1, 2 ** 31 - 1]) {
    await using network = await sealedNetwork({ workers: [{ script: whole }] })
    misbehave(network, piece => {
      const { receipt } = readReceipt(piece.receipt!)
      const { signing } = network.holders[0]!.current!.keys
      const signed = signReceipt(signing, { ...receipt, outcome: 'failed' })
      const { requestId } = piece
      return { _: 'proxy.sealedFailure', requestId, errorCode, flags: 1, receipt: signed }
    })
    const asked = await network.asked({ body: { stream: false } })
    assert.equal(asked.ended?.kind, 'failed')
    assert.equal(charged(network), 0n, `${errorCode}`)
  }
})
