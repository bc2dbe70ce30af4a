import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnyCombinator } from '@cocoon/wire'
import { type BackendScript, type SimWorld, streamedAnswer, wholeAnswer, wordEvent } from '../src/index.ts'
import {
  answerCanary,
  assertAnswered,
  type SealedNetwork,
  sealedNetwork,
  usage,
} from './sealed/sealed-network.ts'

const shape = { chunkBytes: 512, cadenceMs: 50 }
const tagBytes = 16

interface Frame {
  readonly atMs: number
  readonly sizeBytes: number
  readonly isLast: boolean
}

/** Frames as they leave the worker: those after the first chunk. */
function watchFrames({ tap, world }: SealedNetwork): Frame[] {
  const frames: Frame[] = []
  tap.rewrite = ({ message }) => {
    if (message._ === 'proxy.sealedAnswerPart') {
      const { chunk, receipt } = message
      frames.push({ atMs: world.monotonic(), sizeBytes: chunk.length, isLast: receipt !== undefined })
    }
    return message
  }
  return frames
}

function assertShape(frames: readonly Frame[]): void {
  assert.deepEqual(new Set(frames.map(({ sizeBytes }) => sizeBytes)), new Set([shape.chunkBytes + tagBytes]))
  const pauses = frames.slice(1).map(({ atMs }, index) => atMs - frames[index]!.atMs)
  assert.ok(
    pauses.every(pauseMs => Math.round(pauseMs) === shape.cadenceMs),
    `${pauses}`,
  )
  assert.deepEqual(
    frames.map(({ isLast }) => isLast),
    frames.map((_, index) => index === frames.length - 1),
  )
}

/** Says something after each of these waits. */
const paced =
  (
    world: { readonly of: SimWorld | undefined },
    words: ReadonlyArray<readonly [afterMs: number, word: string]>,
  ): BackendScript =>
  call => {
    call.events.head(200, [['content-type', 'text/event-stream']])
    const say = (index: number): void => {
      const word = words[index]
      if (word === undefined) {
        streamedAnswer([], { ...usage, completion: words.length })({
          ...call,
          events: { ...call.events, head: () => {} },
        })
        return
      }
      world.of!.after(word[0], () => {
        call.events.data(wordEvent(word[1]))
        say(index + 1)
      })
    }
    say(0)
  }

const texts: Record<string, ReadonlyArray<readonly [number, string]>> = {
  'one word at once': [[0, answerCanary]],
  'many words in a row': Array.from({ length: 40 }, (_, index) => [1, `${answerCanary} ${index} `] as const),
  'words with long pauses': [
    [700, 'a '],
    [1_300, answerCanary],
    [20, ' b'],
  ],
  'one word that is longer than many frames': [[10, answerCanary + 'x'.repeat(5_000)]],
}

for (const [name, text] of Object.entries(texts)) {
  test(`frames of one size at one pace: ${name}`, async () => {
    const time: { of: SimWorld | undefined } = { of: undefined }
    await using network = await sealedNetwork({ workers: [{ script: paced(time, text) }], sealer: { shape } })
    time.of = network.world
    const frames = watchFrames(network)
    const asked = await network.asked()
    assertAnswered(asked)
    for (const [, word] of text) assert.ok(asked.text.includes(word))
    assertShape(frames)
    assert.equal(network.tap.all('proxy.sealedAnswer')[0]!.chunk.length, firstBytes)
  })
}

/** Of the first chunk, which holds the status and headers and nothing of the text. */
const firstBytes = 256 + tagBytes

test('an answer that is whole at once has frames as well', async () => {
  await using network = await sealedNetwork({
    workers: [{ script: wholeAnswer(answerCanary.repeat(100), usage) }],
    sealer: { shape },
  })
  const frames = watchFrames(network)
  assertAnswered(await network.asked({ body: { stream: false } }))
  assert.ok(frames.length > 3)
  assertShape(frames)
})

test('a cancelled answer ends: no frame follows, and the backend is free', async () => {
  await using network = await sealedNetwork({
    workers: [{ script: ({ events }) => void events.head(200, [['content-type', 'text/event-stream']]) }],
    sealer: { shape },
  })
  const frames = watchFrames(network)
  const asked = network.asking()
  await network.world.runFor(1_000)
  assert.ok(frames.length > 10, 'frames come while there is nothing to say')
  asked.cancel()
  await network.over(asked)
  await network.world.runFor(500)
  const { length } = frames
  await network.world.runFor(5_000)
  assert.equal(frames.length, length)
  assert.equal(network.backends[0]!.calls[0]!.isCancelled, true)
  assert.equal(network.workers[0]!.running, 0)
  assert.equal(network.proxy.proxy.running, 0)
})

test('a backend that fails in the middle: the failure says nothing but that', async () => {
  await using network = await sealedNetwork({
    workers: [
      {
        script: call => {
          call.events.head(200, [['content-type', 'text/event-stream']])
          call.events.data(wordEvent(answerCanary))
          call.events.failed(new Error(`broke at ${answerCanary}`))
        },
      },
    ],
    sealer: { shape },
  })
  const asked = await network.asked()
  assert.equal(asked.ended?.kind, 'failed')
  assert.equal(network.tap.saw(Buffer.from(answerCanary)), false)
  assert.equal(network.tap.all('proxy.sealedFailure')[0]?.errorCode, 601)
})

test('without a shape, lengths on the wire are those of buckets', async () => {
  await using network = await sealedNetwork()
  assertAnswered(await network.asked())
  const chunks = network.tap.passed.flatMap(({ message }: { message: AnyCombinator }) =>
    message._ === 'proxy.sealedAnswerPart' ? [message.chunk.length - tagBytes] : [],
  )
  assert.ok(chunks.every(sizeBytes => [256, 512, 1024].includes(sizeBytes) || sizeBytes > 1024))
  const { body } = network.tap.all('client.runSealedQuery')[0]!.query
  assert.ok([256, 512, 1024].includes(body.length - tagBytes))
})
