import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ClientError, type Cocoon } from '@cocoon/client'
import {
  clientSealedAnswer,
  clientSealedAnswerPart,
  clientSealedFailure,
  clientQueryAnswerEx,
  decode,
  encode,
  peekId,
  sealedWorkerEvidence,
} from '@cocoon/wire'
import { testModel } from '../../src/index.ts'
import { type Relay, startRelay, type Tampering } from './relay.ts'
import { model, pacedAnswer, sdkStage } from './stage.ts'

const words = ['One ', 'two ', 'three ', 'four ', 'five']
const usage = { prompt: 20, cached: 4, completion: 5, reasoning: 0 }

const flip = (bytes: Buffer, at: number): Buffer => {
  const changed = Buffer.from(bytes)
  changed[at < 0 ? bytes.length + at : at]! ^= 1
  return changed
}

/** The frame with its fields changed. */
function change(frame: Buffer, edit: (piece: Record<string, unknown>) => void): Buffer {
  const schema = peekId(frame) === clientSealedAnswer.id ? clientSealedAnswer : clientSealedAnswerPart
  const piece = decode(schema as typeof clientSealedAnswer, frame)
  edit(piece as unknown as Record<string, unknown>)
  return Buffer.from(encode(schema as typeof clientSealedAnswer, piece))
}

interface EndFields {
  end: { receipt: { receipt: Uint8Array; signature: Uint8Array }; chargedTokens: bigint }
}

const last = (frames: Buffer[], edit: (piece: Record<string, unknown>) => void): Buffer[] =>
  frames.toSpliced(-1, 1, change(frames.at(-1)!, edit))

const earlier: Buffer[][] = []

/** What a relay does to an answer, and what its caller is told. */
const answers: Readonly<Record<string, Required<Pick<Tampering, 'frames'>>['frames']>> = {
  'flips a bit of the first chunk': frames => frames.with(0, flip(frames[0]!, 100)),
  'flips a bit of a chunk': frames => {
    assert.ok(frames.length > 4, `${frames.length} frames`)
    return frames.with(2, flip(frames[2]!, -10))
  },
  'flips a bit of the last chunk': frames =>
    last(frames, piece => {
      piece['chunk'] = flip(Buffer.from(piece['chunk'] as Uint8Array), 3)
    }),
  'leaves a chunk out': frames => frames.toSpliced(2, 1),
  'leaves the first chunk out': frames => frames.slice(1),
  'changes the order of chunks': frames => [frames[0]!, frames[2]!, frames[1]!, ...frames.slice(3)],
  'sends a chunk twice': frames => frames.toSpliced(2, 0, frames[1]!),
  'begins twice': frames => [frames[0]!, ...frames],
  'puts a chunk of another answer in': frames => {
    earlier.push(frames)
    return earlier.length === 1 ? frames.with(1, flip(frames[1]!, -10)) : frames.with(1, earlier[0]![1]!)
  },
  'gives the answer to an earlier query': frames => earlier[0] ?? frames.slice(0, 1),
  'breaks off before the end': frames => frames.slice(0, -1),
  'breaks off after the head': frames => frames.slice(0, 1),
  'gives nothing': () => [],
  'strips the receipt': frames =>
    last(frames, piece => {
      delete piece['end']
      piece['flags'] = 0
    }),
  'moves the receipt forward': frames => {
    const { end } = decode(clientSealedAnswerPart, frames.at(-1)!)
    const early = change(frames[1]!, piece => {
      piece['end'] = end
      piece['flags'] = 1
    })
    return [frames[0]!, early]
  },
  'alters the receipt': frames =>
    last(frames, piece => {
      const { receipt } = (piece as unknown as EndFields).end
      receipt.receipt = flip(Buffer.from(receipt.receipt), -4)
    }),
  'alters the signature': frames =>
    last(frames, piece => {
      const { receipt } = (piece as unknown as EndFields).end
      receipt.signature = flip(Buffer.from(receipt.signature), 5)
    }),
  'charges more than the receipt': frames =>
    last(frames, piece => {
      ;(piece as unknown as EndFields).end.chargedTokens += 1n
    }),
  'names another machine': frames =>
    frames.with(
      0,
      change(frames[0]!, piece => {
        piece['identity'] = flip(Buffer.from(piece['identity'] as Uint8Array), 0)
      }),
    ),
  'names another nonce': frames =>
    frames.with(
      0,
      change(frames[0]!, piece => {
        piece['nonce'] = (piece['nonce'] as bigint) ^ 1n
      }),
    ),
  'gives an open answer': frames => [
    Buffer.from(
      encode(clientQueryAnswerEx, {
        _: 'client.queryAnswerEx',
        requestId: new Uint8Array(32),
        answer: new Uint8Array(8),
        flags: 0,
      } as never),
    ),
    ...frames,
  ],
  'gives what is nothing': frames => [Buffer.from('nothing of the kind'), ...frames],
  'ends with a failure': frames => [...frames.slice(0, 2), failure(601)],
}

function failure(errorCode: number): Buffer {
  return Buffer.from(
    encode(clientSealedFailure, {
      _: 'client.sealedFailure',
      requestId: new Uint8Array(32),
      identity: new Uint8Array(32),
      errorCode,
      error: 'the relay made it up',
      flags: 0,
    }),
  )
}

const bodies: Readonly<Record<string, Required<Pick<Tampering, 'body'>>['body']>> = {
  'cuts a frame in the middle': bytes => bytes.subarray(0, bytes.length - 20),
  'promises a frame of four gigabytes': () => Buffer.from('ffffffff00', 'hex'),
  'sends half a length': () => Buffer.from('0100', 'hex'),
}

const outcomes = new Set<string>(['answer-invalid', 'protocol', 'upstream'])

describe('a relay that', { concurrency: false }, async () => {
  const tamperings = [
    ...Object.entries(answers).map(([name, frames]) => [name, { frames }] as const),
    ...Object.entries(bodies).map(([name, body]) => [name, { body }] as const),
  ]
  for (const [name, tampering] of tamperings) {
    test(`${name} is found out`, async () => {
      await using stage = await sdkStage(pacedAnswer(words, usage))
      await using relay = await startRelay(stage.baseURL, tampering)
      const cocoon = stage.cocoon({ baseURL: relay.baseURL })
      for (let round = 0; round < 2; round++) {
        await refusesStream(cocoon)
      }
      const { answer, passed } = sealedOf(relay)
      assert.ok(answer.length > 0 && passed >= 2)
      relay.tampering = {}
      assert.equal(await readAll(cocoon), words.join(''))
    })
  }
})

function sealedOf({ passed }: Relay): { answer: Buffer; passed: number } {
  const sealed = passed.filter(({ path }) => path === '/v1/cocoon/sealed')
  return { answer: sealed[0]!.answer, passed: sealed.length }
}

/** The stream throws, and never says that it is complete. */
async function refusesStream(cocoon: Cocoon): Promise<void> {
  let how: Promise<unknown> | undefined
  const outcome = await read(cocoon, stream => {
    how = stream.cocoon
  }).then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(outcome instanceof ClientError, String(outcome))
  assert.ok(outcomes.has(outcome.code), outcome.code)
  if (outcome.code === 'answer-invalid')
    assert.match(outcome.message, /not as it has to be|Do not rely on the text/)
  if (how !== undefined) await assert.rejects(how, outcome)
}

async function read(cocoon: Cocoon, begun: (stream: { cocoon: Promise<unknown> }) => void): Promise<string> {
  const stream = await cocoon.chat.completions.create({ model, messages, stream: true })
  begun(stream)
  let text = ''
  for await (const chunk of stream) text += chunk.choices[0]!.delta.content ?? ''
  return text
}

const readAll = (cocoon: Cocoon): Promise<string> => read(cocoon, () => {})

const prompt = 'Nobody in between reads this.'
const messages = [{ role: 'user', content: prompt }] as const

const machines: Readonly<Record<string, Tampering>> = {
  'offers a machine that there is not': {
    offers: json => ({ ...json, offers: [{ ...firstOffer(json), identity: 'ab'.repeat(32) }] }),
  },
  'offers nothing': { offers: json => ({ ...json, offers: [] }) },
  'names another proxy': { offers: json => ({ ...json, proxy_key: 'cd'.repeat(32) }) },
  'names another price': {
    offers: json => ({ ...json, prices: { ...(json['prices'] as object), price_per_token_nano: '1' } }),
  },
  'names other multipliers': {
    offers: json => ({
      ...json,
      prices: {
        ...(json['prices'] as object),
        multipliers: { prompt: 1, cached: 1, completion: 1, reasoning: 1 },
      },
    }),
  },
  'names a lower coefficient than the machine has': {
    offers: json => ({ ...json, offers: [{ ...firstOffer(json), coefficient: 1 }] }),
  },
  'gives offers that are none': { offers: () => ({ offers: 'many' }) },
  'alters the document of a machine': {
    evidence: bytes =>
      changeEvidence(bytes, evidence => void (evidence.document = flip(evidence.document, 40))),
  },
  'alters the quote of a machine': {
    evidence: bytes => changeEvidence(bytes, evidence => void (evidence.quote = flip(evidence.quote, 600))),
  },
  'strips the collateral': {
    evidence: bytes => changeEvidence(bytes, evidence => void (evidence.collateral = Buffer.alloc(0))),
  },
  'gives evidence that is none': { evidence: () => Buffer.from('a machine, honestly') },
  'makes failures up for ever': { frames: () => [failure(660)] },
  'says for ever that the machine is another one': { frames: () => [failure(662)] },
}

describe('a relay that', { concurrency: false }, async () => {
  for (const [name, tampering] of Object.entries(machines)) {
    test(`${name} gets no answer accepted`, async () => {
      await using stage = await sdkStage(pacedAnswer(words, usage))
      await using relay = await startRelay(stage.baseURL, tampering)
      const cocoon = stage.cocoon({ baseURL: relay.baseURL })
      await assert.rejects(readAll(cocoon), (error: unknown) => {
        assert.ok(error instanceof ClientError, String(error))
        return true
      })
      // Two letters would be in a ciphertext by chance now and then.
      for (const { body } of relay.passed) assert.ok(!body.includes(prompt))
    })
  }

  test('makes one failure up has the query sealed once more', async () => {
    await using stage = await sdkStage(pacedAnswer(words, usage))
    for (const code of [660, 662]) {
      const frames = (all: Buffer[], attempt: number): Buffer[] => (attempt === 0 ? [failure(code)] : all)
      await using relay = await startRelay(stage.baseURL, { frames })
      assert.equal(await readAll(stage.cocoon({ baseURL: relay.baseURL })), words.join(''))
      const [first, second] = relay.passed.filter(({ path }) => path === '/v1/cocoon/sealed')
      assert.notDeepEqual(first!.body, second!.body)
    }
  })

  test('offers a machine twice, or adds frames behind the end, changes nothing', async () => {
    await using stage = await sdkStage(pacedAnswer(words, usage))
    await using relay = await startRelay(stage.baseURL, {
      offers: json => ({ ...json, offers: [firstOffer(json), firstOffer(json)] }),
      frames: frames => [...frames, frames[1]!, Buffer.from('more')],
    })
    assert.equal(await readAll(stage.cocoon({ baseURL: relay.baseURL })), words.join(''))
  })

  test('is asked for nothing that is not listed, nor of a machine that the policy refuses', async () => {
    await using stage = await sdkStage(pacedAnswer(words, usage))
    await using relay = await startRelay(stage.baseURL)
    const { images } = stage.believing.allow
    const strict = { policy: undefined as never }
    for (const change of [
      { allow: { images: ['ab'.repeat(32)], models: [testModel] } },
      { allow: { images, models: ['test/model@2:' + '0'.repeat(64)] } },
      strict,
      { simulatedRoot: undefined },
    ]) {
      const { policy: _policy, ...rest } = stage.believing
      const cocoon = stage.cocoon({
        baseURL: relay.baseURL,
        ...rest,
        ...(change === strict ? {} : { policy: stage.believing.policy }),
        ...change,
      })
      await assert.rejects(readAll(cocoon), { code: 'unprotected' })
    }
    assert.ok(relay.passed.every(({ path }) => path !== '/v1/cocoon/sealed'))
  })
})

function firstOffer(json: Record<string, unknown>): object {
  const [first] = json['offers'] as object[]
  return first ?? {}
}

function changeEvidence(
  bytes: Buffer,
  edit: (evidence: { document: Buffer; quote: Buffer; collateral: Buffer }) => void,
): Buffer {
  const evidence = decode(sealedWorkerEvidence, bytes)
  const copy = {
    ...evidence,
    document: Buffer.from(evidence.document),
    quote: Buffer.from(evidence.quote),
    collateral: Buffer.from(evidence.collateral),
  }
  edit(copy)
  return Buffer.from(encode(sealedWorkerEvidence, copy))
}
