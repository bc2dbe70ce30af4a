import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeSeal } from '@cocoon/trust/node'
import { type HeldIdentity, makeIdentityKeys, type OpenedQuery } from '@cocoon/trust/seal'
import { type Codec, proxySealedAnswerPart } from '@cocoon/wire'
import { VirtualWorld } from '../../wire/test/virtual-world.ts'
import { noTokens } from '../src/answer.ts'
import { noUsage } from '../src/answer-writer.ts'
import { SealedAnswer } from '../src/sealed-answer.ts'
import { config } from './scripted-proxy.ts'

const shape = { chunkBytes: 65_536, cadenceMs: 5 }
const hash = new Uint8Array(32)

test('frames at a pace wait while the connection carries no more, and none is lost', async () => {
  const world = new VirtualWorld()
  const parts: number[] = []
  const connection = {
    queuedBytes: 0,
    send: (codec: Codec<unknown>, { chunk }: { chunk: Uint8Array }) =>
      codec.id === proxySealedAnswerPart.id && parts.push(chunk.length) > 0,
  }
  const routing = { requestId: hash } as OpenedQuery['routing']
  const content = { path: '/', body: hash, requestSalt: hash, answerSalt: hash, ...shape }
  const keys = makeIdentityKeys(nodeSeal, size => world.random(size))
  const answer = new SealedAnswer({
    connection: connection as never,
    world,
    crypto: nodeSeal,
    opened: { routing, content, key: hash, header: hash },
    bodyBytes: 272,
    held: { identity: { model: 'm' }, digest: hash, keys } as unknown as HeldIdentity,
    requestId: hash,
    proxyKey: hash,
    coefficient: 1_000,
    config,
    progress: () => {},
  })
  answer.head({ status: 200, headers: [] })
  await world.advance(50)
  assert.equal(parts.length, 10)
  connection.queuedBytes = 2 << 20
  await world.advance(60_000)
  assert.equal(parts.length, 10)
  const final = { tokens: noTokens, usage: noUsage, debug: undefined, startTime: 0, endTime: 0 }
  assert.equal(answer.last(new Uint8Array(100_000), final), false)
  connection.queuedBytes = 0
  await world.advance(60_000)
  assert.deepEqual(new Set(parts), new Set([shape.chunkBytes + 16]))
  assert.deepEqual([parts.length, world.timers], [12, 0])
})
