import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeAny, encodeAny } from '../../src/tl/index.ts'
import { fromHex, fromNeutral, type Neutral, readVectors, toHex, toNeutral } from './neutral.ts'

interface RecordedFrame {
  readonly link: string
  readonly dir: string
  readonly kind: string
  readonly hex: string
  readonly seqno?: number
  /** Absent for the preamble, which is no frame. */
  readonly decoded?: Neutral
}

const frames = readVectors<RecordedFrame[]>('frames.json')

test('frames of the reference peers decode to what they are and encode to the same bytes', () => {
  for (const { link, dir, seqno, kind, hex, decoded } of frames) {
    if (decoded === undefined) continue
    const where = `${link} ${dir} ${seqno} ${kind}`
    const frame = fromHex(hex)
    const header = new DataView(frame.buffer)
    const payload = frame.subarray(8)
    assert.equal(header.getUint32(0, true), payload.length, where)
    assert.equal(header.getInt32(4, true), seqno, where)
    assert.deepEqual(toNeutral(decodeAny(payload), decoded), decoded, where)
    assert.equal(toHex(encodeAny(fromNeutral(decoded))), toHex(payload), where)
  }
})

test('the recording covers both links and all kinds of frame', () => {
  const kinds = new Set(frames.map(({ kind }) => kind))
  assert.ok(frames.length > 90)
  for (const kind of ['tcp.connect', 'tcp.ping', 'tcp.pong', 'tcp.packet/client.queryAnswerPartEx'])
    assert.ok(kinds.has(kind), kind)
})
