import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reservationTokens } from '@cocoon/money'
import { nodeSeal } from '@cocoon/trust/node'
import { AnswerSealer, disputeReasons, type Receipt, signReceipt } from '@cocoon/trust/seal'
import {
  type AnyCombinator,
  type ClientSealedEnd,
  decode,
  encode,
  httpResponse,
  sameBytes,
  sealedHeader,
  sealedReceipt,
} from '@cocoon/wire'
import type { Asked } from './asked.ts'
import type { Tapped } from './sealed/interception.ts'
import {
  answerCanary,
  assertAnswered,
  assertFailed,
  changed,
  flipped,
  promptCanary,
  type SealedNetwork,
  sealedNetwork,
} from './sealed/sealed-network.ts'

type Answer = Extract<AnyCombinator, { _: 'client.sealedAnswer' | 'client.sealedAnswerPart' }>
type Handed = AnyCombinator | readonly AnyCombinator[] | undefined

/** Counts the pieces of answers to client 0 and changes them. */
function alterAnswers(network: SealedNetwork, alter: (piece: Answer, index: number) => Handed): void {
  let index = 0
  network.tap.rewrite = ({ who, message }) => {
    const isPiece = message._ === 'client.sealedAnswer' || message._ === 'client.sealedAnswerPart'
    return isPiece && who === 'client 0' ? alter(message, index++) : message
  }
}

/** Changes what the last piece brings. */
function alterEnd(change: (end: ClientSealedEnd) => ClientSealedEnd | undefined) {
  return (piece: Answer): Handed => {
    if (piece.end === undefined) return piece
    const end = change(piece.end)
    return { ...piece, flags: end === undefined ? 0 : 1, end } as Answer
  }
}

function alterReceipt(change: Partial<ReturnType<typeof sealedReceipt.read>>) {
  return alterEnd(end => {
    const receipt = encode(sealedReceipt, { ...decode(sealedReceipt, end.receipt.receipt), ...change })
    return { ...end, receipt: { ...end.receipt, receipt } }
  })
}

/** Holds a piece back until the next one has gone. */
function reordered(at: number): (piece: Answer, index: number) => Handed {
  let held: Answer | undefined
  return (piece, index) => {
    if (index !== at && index !== at + 1) return piece
    if (index === at) return void (held = piece)
    return [piece, held!]
  }
}

interface Attack {
  readonly alter: (piece: Answer, index: number) => Handed
  /** What the proxy is told. */
  readonly reason: keyof typeof disputeReasons
}

/** What the newest sealed query reserves at most. */
function reservedFor({ tap, config: { multipliers } }: SealedNetwork): bigint {
  const { query } = tap.all('client.runSealedQuery').at(-1)!
  return reservationTokens({
    maxTokens: 1_000,
    maxCoefficient: 4_000,
    queryBytes: query.body.length,
    multipliers,
  })
}

const onPart = (at: number, change: (piece: Answer) => Handed) => (piece: Answer, index: number) =>
  index === at ? change(piece) : piece
const missing = 'missing' as const

const attacks: Record<string, Attack> = {
  'a bit of the first chunk is flipped': {
    alter: onPart(0, piece => changed(piece, { chunk: flipped(piece.chunk) })),
    reason: missing,
  },
  'a bit of a later chunk is flipped': {
    alter: onPart(2, piece => changed(piece, { chunk: flipped(piece.chunk) })),
    reason: missing,
  },
  'the tag of a chunk is cut': {
    alter: onPart(2, piece => changed(piece, { chunk: piece.chunk.subarray(0, -1) })),
    reason: missing,
  },
  'a chunk is emptied': {
    alter: onPart(2, piece => changed(piece, { chunk: new Uint8Array(0) })),
    reason: missing,
  },
  'the nonce is another one': {
    alter: piece =>
      piece._ === 'client.sealedAnswer' ? { ...piece, nonce: BigInt.asIntN(64, piece.nonce + 1n) } : piece,
    reason: missing,
  },
  'the answer is said to be of another machine': {
    alter: piece =>
      piece._ === 'client.sealedAnswer' ? { ...piece, identity: flipped(piece.identity) } : piece,
    reason: missing,
  },
  'a chunk is left out': { alter: onPart(2, () => undefined), reason: missing },
  'a chunk comes twice': { alter: onPart(2, piece => [piece, piece]), reason: missing },
  'chunks change places': { alter: reordered(2), reason: missing },
  'the first chunk comes twice': { alter: onPart(0, piece => [piece, piece]), reason: missing },
  'the first chunk is left out': { alter: onPart(0, () => undefined), reason: missing },
  'the end is put on an earlier chunk': {
    alter: (() => {
      const kept: Answer[] = []
      return (piece: Answer): Handed => {
        kept.push(piece)
        if (piece.end === undefined) return kept.length === 3 ? undefined : piece
        return { ...kept[2]!, flags: 1, end: piece.end } as Answer
      }
    })(),
    reason: missing,
  },
  'the receipt is taken off': { alter: alterEnd(() => undefined), reason: missing },
  'the signature is another one': {
    alter: alterEnd(end => ({
      ...end,
      receipt: { ...end.receipt, signature: flipped(end.receipt.signature) },
    })),
    reason: 'signature',
  },
  'the receipt is malformed': {
    alter: alterEnd(end => ({
      ...end,
      receipt: { ...end.receipt, receipt: end.receipt.receipt.subarray(4) },
    })),
    reason: 'field',
  },
  'the signature is too short': {
    alter: alterEnd(end => ({ ...end, receipt: { ...end.receipt, signature: new Uint8Array(63) } })),
    reason: 'field',
  },
  'the receipt counts more': { alter: alterReceipt({ completionTokens: 900n }), reason: 'signature' },
  'the receipt has another price': { alter: alterReceipt({ pricePerToken: 10n ** 6n }), reason: 'signature' },
  'the receipt says that it failed': { alter: alterReceipt({ outcome: 2 }), reason: 'signature' },
  'a token more is charged than the receipt has': {
    alter: alterEnd(end => ({ ...end, chargedTokens: end.chargedTokens + 1n })),
    reason: 'charge',
  },
  'all that a number holds is charged': {
    alter: alterEnd(end => ({ ...end, chargedTokens: 2n ** 62n })),
    reason: 'charge',
  },
}

test('no altered answer is complete for its caller, and the proxy is told why', async t => {
  await using network = await sealedNetwork()
  const { tap, world } = network
  for (const [name, { alter, reason }] of Object.entries(attacks)) {
    await t.test(name, async () => {
      const before = tap.all('client.disputeReceipt').length
      alterAnswers(network, alter)
      const asked = await network.asked()
      tap.rewrite = ({ message }) => message
      assertFailed(asked, 'answer-invalid')
      await world.runFor(200)
      const disputes = tap.all('client.disputeReceipt').slice(before)
      assert.deepEqual(
        disputes.map(dispute => dispute.reason),
        [disputeReasons[reason]],
      )
      assert.ok((asked.summary?.tokens ?? 0n) <= reservedFor(network), 'more was charged than was reserved')
      network.proxy.ledger.assertConserved()
    })
  }
  assertAnswered(await network.asked())
})

/** Answers to two queries at once, of which the pieces may be exchanged. */
async function bothAsked(
  network: SealedNetwork,
  clients: readonly [number, number],
): Promise<[Asked, Asked]> {
  const asked: [Asked, Asked] = [network.asking({}, clients[0]), network.asking({}, clients[1])]
  await network.over(...asked)
  network.tap.rewrite = ({ message }) => message
  return asked
}

for (const [what, clients] of [
  ['of one client', [0, 0]],
  ['of two clients', [0, 1]],
] as const) {
  test(`chunks are exchanged between two answers ${what}`, async () => {
    await using network = await sealedNetwork({ clients: [{}, {}] })
    const held: Array<{ piece: Answer; wire: Tapped }> = []
    network.tap.rewrite = ({ message, wire }) => {
      if (message._ !== 'client.sealedAnswerPart' || held.length === 2) return message
      if (held.some(({ piece }) => sameBytes(piece.requestId, message.requestId))) return message
      held.push({ piece: message, wire })
      if (held.length < 2) return undefined
      const [one, two] = [held[0]!, held[1]!]
      one.wire.toRole({ ...one.piece, chunk: two.piece.chunk } as AnyCombinator)
      return { ...message, chunk: one.piece.chunk }
    }
    for (const asked of await bothAsked(network, clients)) assertFailed(asked, 'answer-invalid')
    assertAnswered(await network.asked())
  })

  test(`receipts are exchanged between two answers ${what}`, async () => {
    await using network = await sealedNetwork({ clients: [{}, {}] })
    const held: Array<{ piece: Answer; wire: Tapped }> = []
    network.tap.rewrite = ({ message, wire }) => {
      if (message._ !== 'client.sealedAnswerPart' || message.end === undefined) return message
      held.push({ piece: message, wire })
      if (held.length < 2) return undefined
      const [one, two] = [held[0]!, held[1]!]
      one.wire.toRole({ ...one.piece, end: two.piece.end } as AnyCombinator)
      return { ...message, end: one.piece.end! }
    }
    for (const asked of await bothAsked(network, clients)) {
      assertFailed(asked, 'answer-invalid')
    }
    await network.world.runFor(200)
    const reasons = network.tap.all('client.disputeReceipt').map(({ reason }) => reason)
    assert.deepEqual(reasons, [disputeReasons.field, disputeReasons.field])
  })
}

test('a whole answer to one query is given to another', async () => {
  await using network = await sealedNetwork()
  const first = await network.asked()
  assertAnswered(first)
  const recorded = network.tap.passed.flatMap(({ message }) =>
    message._ === 'client.sealedAnswer' || message._ === 'client.sealedAnswerPart' ? [message] : [],
  )
  let isGiven = false
  network.tap.rewrite = ({ message }) => {
    if (message._ !== 'client.sealedAnswer' && message._ !== 'client.sealedAnswerPart') return message
    if (isGiven) return undefined
    isGiven = true
    return recorded.map(piece => ({ ...piece, requestId: message.requestId }))
  }
  const asked = await network.asked()
  assertFailed(asked, 'answer-invalid')
  assert.equal(asked.text, '')
})

test('the proxy answers in place of the worker, with keys of its own', async () => {
  await using network = await sealedNetwork()
  const keys = nodeSeal.signingKey(new Uint8Array(32).fill(5))
  network.tap.rewrite = ({ message, wire }) => {
    if (message._ !== 'client.runSealedQuery') return message
    const { requestId, recipients, model } = decode(sealedHeader, message.query.header)
    const sealer = new AnswerSealer(nodeSeal, { key: new Uint8Array(32), nonce: 1n })
    const receipt = signReceipt(keys, receiptFor({ requestId, identity: recipients[0]!, model }))
    const chunk = sealer.chunk(new TextEncoder().encode('made up'), true)
    const end = {
      _: 'client.sealedEnd' as const,
      receipt,
      chargedTokens: 1n,
      proxyStartTime: 0,
      proxyEndTime: 0,
    }
    const answer = { _: 'client.sealedAnswer' as const, requestId, identity: recipients[0]!, nonce: 1n }
    wire.toRole({ ...answer, chunk, flags: 1, end })
    return undefined
  }
  const asked = await network.asked()
  assertFailed(asked, 'answer-invalid')
  assert.equal(asked.text, '')
  assert.equal(asked.status, undefined)
  assert.equal(network.backends[0]!.calls.length, 0)
})

test('an open answer to a sealed query is not handed on, and ends the connection', async () => {
  await using network = await sealedNetwork()
  network.tap.rewrite = ({ message, wire }) => {
    if (message._ !== 'client.runSealedQuery') return message
    const { requestId } = decode(sealedHeader, message.query.header)
    const head = {
      _: 'http.response' as const,
      httpVersion: 'HTTP/1.1',
      statusCode: 200,
      reason: '',
      headers: [],
    }
    const answer = encode(httpResponse, { ...head, payload: new TextEncoder().encode('made up') })
    wire.toRole({ _: 'client.queryAnswerEx', requestId, answer, flags: 0 })
    return undefined
  }
  const asked = await network.asked()
  assertFailed(asked, 'upstream')
  assert.equal(asked.text, '')
})

test('an answer whose end never comes is over when the caller has no more time, and costs what was reserved at most', async () => {
  await using network = await sealedNetwork()
  alterAnswers(network, piece => (piece.end === undefined ? piece : undefined))
  const asked = await network.asked({ timeoutMs: 5_000 })
  assertFailed(asked, 'timeout')
  await network.world.runFor(200)
  assert.equal(network.tap.all('client.cancelQuery').length, 1)
  assert.equal(asked.summary?.tokens, 0n)
})

test('less is charged than the receipt has: that is the proxy giving it away', async () => {
  await using network = await sealedNetwork()
  alterAnswers(
    network,
    alterEnd(end => ({ ...end, chargedTokens: 0n })),
  )
  const asked = await network.asked()
  assert.equal(asked.ended?.kind, 'end')
  assert.equal(asked.summary?.tokens, 0n)
})

test('a negative charge ends the connection', async () => {
  await using network = await sealedNetwork()
  alterAnswers(
    network,
    alterEnd(end => ({ ...end, chargedTokens: -1n })),
  )
  assertFailed(await network.asked(), 'upstream')
})

test('what follows the end is ignored', async () => {
  await using network = await sealedNetwork()
  alterAnswers(network, piece => (piece.end === undefined ? piece : [piece, piece, piece]))
  assertAnswered(await network.asked())
  assertAnswered(await network.asked())
})

test('who stands in between sees nothing of what is asked and answered', async () => {
  await using network = await sealedNetwork()
  const asked = await network.asked()
  assertAnswered(asked)
  assert.match(String(network.backends[0]!.calls[0]!.request.body), new RegExp(promptCanary))
  assert.ok(network.tap.all('client.sealedAnswerPart').length > 3)
  for (const canary of [promptCanary, answerCanary]) {
    assert.equal(network.tap.saw(Buffer.from(canary)), false, canary)
  }
})

function receiptFor(of: Pick<Receipt, 'requestId' | 'identity' | 'model'>): Receipt {
  return {
    ...of,
    proxyKey: new Uint8Array(32),
    requestCommitment: new Uint8Array(32),
    answerCommitment: new Uint8Array(32),
    outcome: 'complete',
    status: 200,
    coefficient: 1_000,
    promptTokens: 1,
    cachedTokens: 0,
    completionTokens: 1,
    reasoningTokens: 0,
    chargedTokens: 1n,
    pricePerTokenNano: 1n,
    paramsVersion: 1,
    startedAtMs: 1,
    finishedAtMs: 2,
  }
}
