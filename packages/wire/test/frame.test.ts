import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  ByteBudget,
  FrameDecoder,
  frameHeaderBytes,
  maxPayloadBytes,
  WireError,
  type WireErrorCode,
  writeFrameHeader,
} from '../src/index.ts'
import { frameOf } from './raw-peer.ts'

function header(lengthBytes: number, seqno: number): Uint8Array {
  const bytes = new Uint8Array(frameHeaderBytes)
  writeFrameHeader(bytes, lengthBytes, seqno)
  return bytes
}

function fails(code: WireErrorCode, run: () => void): void {
  assert.throws(run, error => error instanceof WireError && error.code === code)
}

const notDue = (): void => assert.fail('no frame is complete')

describe('cutting', () => {
  const payloads = [Uint8Array.of(1, 2, 3, 4), new Uint8Array(300).fill(7), Uint8Array.of(5, 6, 7, 8, 9)]
  const stream = Buffer.concat(payloads.map((payload, seqno) => frameOf(seqno, payload)))

  test('frames split at every byte are the same', () => {
    for (let at = 0; at <= stream.length; at++) {
      const decoder = new FrameDecoder()
      const cut: Uint8Array[] = []
      for (const part of [stream.subarray(0, at), stream.subarray(at)])
        decoder.push(part, frame => cut.push(frame))
      assert.deepEqual(
        cut.map(frame => [...frame]),
        payloads.map(frame => [...frame]),
      )
    }
  })

  test('frames in single bytes are the same', () => {
    const decoder = new FrameDecoder()
    const cut: Uint8Array[] = []
    for (const byte of stream) decoder.push(Uint8Array.of(byte), frame => cut.push(frame))
    assert.deepEqual(
      cut.map(frame => [...frame]),
      payloads.map(frame => [...frame]),
    )
  })

  test('any frames in any pieces are the same, and stay as they are afterwards', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 4, maxLength: 60 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 40 }),
        (frames, sizes) => {
          const bytes = Buffer.concat(frames.map((frame, seqno) => frameOf(seqno, frame)))
          const decoder = new FrameDecoder()
          const cut: Uint8Array[] = []
          let at = 0
          for (const size of [...sizes, bytes.length]) {
            const piece = bytes.subarray(at, at + size)
            // Each piece in memory of its own, as sockets deliver them.
            decoder.push(new Uint8Array(piece), frame => cut.push(frame))
            at += piece.length
          }
          assert.deepEqual(
            cut.map(frame => [...frame]),
            frames.map(frame => [...frame]),
          )
        },
      ),
    )
  })

  test('a frame that arrived whole is a view of what arrived', () => {
    const bytes = frameOf(0, Uint8Array.of(1, 2, 3, 4))
    new FrameDecoder().push(bytes, frame => assert.equal(frame.buffer, bytes.buffer))
  })

  test('nothing comes after a stop, not even from within a frame', () => {
    const decoder = new FrameDecoder()
    let frames = 0
    decoder.push(stream, () => {
      frames++
      decoder.stop()
    })
    decoder.push(frameOf(1, Uint8Array.of(1, 2, 3, 4)), notDue)
    assert.equal(frames, 1)
  })
})

describe('bounds', () => {
  test('a frame of 3 bytes or none is refused, one of 4 is taken', () => {
    for (const length of [0, 3])
      fails('frame-too-large', () => new FrameDecoder().push(header(length, 0), notDue))
    let taken = 0
    new FrameDecoder().push(frameOf(0, new Uint8Array(4)), frame => (taken = frame.length))
    assert.equal(taken, 4)
  })

  test('a frame of 2^24 bytes is taken, one of a byte more is refused at its header', () => {
    const decoder = new FrameDecoder()
    let taken = 0
    const bytes = frameOf(0, new Uint8Array(maxPayloadBytes))
    for (let at = 0; at < bytes.length; at += 65_536) {
      decoder.push(bytes.subarray(at, at + 65_536), frame => (taken = frame.length))
    }
    assert.equal(taken, maxPayloadBytes)
    fails('frame-too-large', () => new FrameDecoder().push(header(maxPayloadBytes + 1, 0), notDue))
    fails('frame-too-large', () => new FrameDecoder().push(header(0xffff_ffff, 0), notDue))
  })

  test('what a header claims takes no memory before it comes', () => {
    const before = process.memoryUsage().arrayBuffers
    const decoders = Array.from({ length: 100 }, () => new FrameDecoder())
    for (const decoder of decoders) {
      decoder.push(header(maxPayloadBytes, 0), notDue)
      for (let bytes = 0; bytes < 100; bytes++) decoder.push(Uint8Array.of(0), notDue)
    }
    assert.ok(process.memoryUsage().arrayBuffers - before < maxPayloadBytes)
  })
})

describe('strangers', () => {
  test('may send short frames only, until they are known', () => {
    const decoder = new FrameDecoder({ maxPayloadBytes: 100 })
    let taken = 0
    const take = (): void => void taken++
    decoder.push(frameOf(0, new Uint8Array(100)), take)
    fails('frame-too-large', () => decoder.push(header(101, 1), notDue))
    const known = new FrameDecoder({ maxPayloadBytes: 100 })
    known.allowLongest()
    known.push(frameOf(0, new Uint8Array(5_000)), take)
    assert.equal(taken, 2)
  })
})

describe('a budget', () => {
  test('is what all decoders together keep of unfinished frames', () => {
    const budget = new ByteBudget(11_000)
    const decoders = [new FrameDecoder({ budget }), new FrameDecoder({ budget })]
    const beginning = frameOf(0, new Uint8Array(5_000)).subarray(0, 4_000)
    for (const decoder of decoders) decoder.push(beginning, notDue)
    const { usedBytes } = budget
    assert.ok(usedBytes >= 8_000 && usedBytes <= 11_000, `${usedBytes} bytes`)
    fails('overloaded', () => new FrameDecoder({ budget }).push(beginning, notDue))
    assert.equal(budget.usedBytes, usedBytes)
  })

  test('is given back when a frame is whole, and when its connection ends', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 4, maxLength: 300 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 20 }),
        (frames, sizes) => {
          const budget = new ByteBudget(1_000_000)
          const decoder = new FrameDecoder({ budget })
          const bytes = Buffer.concat(frames.map((frame, seqno) => frameOf(seqno, frame)))
          let at = 0
          for (const size of sizes) {
            decoder.push(new Uint8Array(bytes.subarray(at, at + size)), () => {})
            at += size
          }
          decoder.push(bytes.subarray(Math.min(at, bytes.length)), () => {})
          assert.equal(budget.usedBytes, 0)
          decoder.push(header(500, frames.length).subarray(0, 7), notDue)
          decoder.stop()
          assert.equal(budget.usedBytes, 0)
        },
      ),
    )
  })

  test('is not touched by frames that arrive whole', () => {
    const budget = new ByteBudget(10)
    new FrameDecoder({ budget }).push(frameOf(0, new Uint8Array(5_000)), () => {})
    assert.equal(budget.usedBytes, 0)
  })
})

describe('numbers', () => {
  test('frames out of their order are refused', () => {
    const payload = new Uint8Array(4)
    fails('sequence', () => new FrameDecoder().push(frameOf(1, payload), notDue))
    fails('sequence', () => new FrameDecoder().push(frameOf(-1, payload), notDue))
    const repeated = new FrameDecoder()
    repeated.push(frameOf(0, payload), () => {})
    fails('sequence', () => repeated.push(frameOf(0, payload), notDue))
    const skipped = new FrameDecoder()
    skipped.push(frameOf(0, payload), () => {})
    fails('sequence', () => skipped.push(frameOf(2, payload), notDue))
  })

  test('a wrong number is refused before the rest of its frame comes, wherever the header is cut', () => {
    const bytes = header(1_000, 5)
    for (let at = 0; at <= bytes.length; at++) {
      const decoder = new FrameDecoder()
      fails('sequence', () => {
        for (const part of [bytes.subarray(0, at), bytes.subarray(at)]) decoder.push(part, notDue)
      })
    }
  })

  test('a number is written as 32 bits, of which the highest wraps around', () => {
    assert.deepEqual([...header(4, 0x7fff_ffff).subarray(4)], [0xff, 0xff, 0xff, 0x7f])
    assert.deepEqual([...header(4, 0x8000_0000).subarray(4)], [0, 0, 0, 0x80])
    assert.deepEqual([...header(4, -1).subarray(4)], [...header(4, 0xffff_ffff).subarray(4)])
    assert.deepEqual([...header(0x0102_0304, 0).subarray(0, 4)], [4, 3, 2, 1])
  })
})
