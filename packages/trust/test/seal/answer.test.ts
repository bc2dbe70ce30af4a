import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { AnswerOpener, AnswerSealer, maxChunkBytes } from '../../src/seal/answer.ts'
import { nodeSeal } from '../../src/seal/node-seal.ts'
import { bucketOf, padded } from '../../src/seal/padding.ts'
import {
  assertBytes,
  backEnds,
  flipped,
  hex,
  refuses,
  sealTo,
  makeWorker,
  open,
  handed,
  seeded,
} from './fixture.ts'

interface Chunk {
  readonly bytes: Uint8Array
  readonly isFinal: boolean
}

const random = seeded('answers')

function sealAll(
  key: Uint8Array,
  nonce: bigint,
  contents: readonly Uint8Array[],
  frameBytes?: number,
): Chunk[] {
  const sealer = new AnswerSealer(nodeSeal, { key, nonce })
  return contents.map((content, index) => {
    const isFinal = index === contents.length - 1
    return { bytes: sealer.chunk(content, isFinal, frameBytes), isFinal }
  })
}

/** What of the stream is taken before it is refused; `isFinished` where it came to its end. */
function openAll(
  key: Uint8Array,
  nonce: bigint,
  chunks: readonly Chunk[],
): { contents: string[]; isFinished: boolean; isRefused: boolean } {
  const opener = new AnswerOpener(nodeSeal, { key, nonce })
  const contents: string[] = []
  for (const { bytes, isFinal } of chunks) {
    try {
      contents.push(hex(opener.open(bytes, isFinal)))
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'answer-altered')
      return { contents, isFinished: opener.isFinished, isRefused: true }
    }
  }
  return { contents, isFinished: opener.isFinished, isRefused: false }
}

const contentsOf = fc.array(fc.uint8Array({ maxLength: 400 }), { minLength: 1, maxLength: 8 })
const nonces = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })

describe('an answer comes through', () => {
  for (const crypto of backEnds) {
    test(`chunk by chunk, by ${crypto.name}`, () => {
      fc.assert(
        fc.property(contentsOf, nonces, (contents, nonce) => {
          const key = random(32)
          const sealer = new AnswerSealer(crypto, { key, nonce })
          const opener = new AnswerOpener(crypto, { key, nonce })
          for (const [index, content] of contents.entries()) {
            const isFinal = index === contents.length - 1
            const chunk = sealer.chunk(content, isFinal)
            assert.equal(chunk.length, bucketOf(content.length + 4) + 16)
            assert.equal(opener.isFinished, false)
            assertBytes(opener.open(chunk, isFinal), content)
          }
          assert.equal(opener.isFinished, true)
        }),
        { numRuns: 20 },
      )
    })
  }

  test('in frames of one size, empty ones among them', () => {
    const key = random(32)
    const contents = [0, 1, 124, 0, 60, 124].map(length => new Uint8Array(length).fill(length))
    const chunks = sealAll(key, 5n, contents, 128)
    for (const { bytes } of chunks) assert.equal(bytes.length, 128 + 16)
    assert.deepEqual(openAll(key, 5n, chunks), {
      contents: contents.map(content => hex(content)),
      isFinished: true,
      isRefused: false,
    })
    const sealer = new AnswerSealer(nodeSeal, { key, nonce: 6n })
    assert.throws(() => sealer.chunk(new Uint8Array(125), false, 128), RangeError)
  })

  test('nonce and authenticated data are those of the protocol', () => {
    const key = random(32)
    const nonce = -2n
    const chunks = sealAll(key, nonce, [Uint8Array.of(1), Uint8Array.of(2)])
    const bytes = (text: string): Buffer => Buffer.from(text, 'hex')
    const due = [
      nodeSeal
        .aead(key)
        .seal(bytes('feffffffffffffff00000001'), bytes('0000000000'), padded(Uint8Array.of(1))),
      nodeSeal
        .aead(key)
        .seal(bytes('feffffffffffffff00000002'), bytes('0100000001'), padded(Uint8Array.of(2))),
    ]
    assert.deepEqual(
      chunks.map(chunk => hex(chunk.bytes)),
      due.map(chunk => hex(chunk)),
    )
  })

  test('under the key of its query', () => {
    const worker = makeWorker(nodeSeal, 'answering')
    const { query, keys } = sealTo(nodeSeal, [worker], random)
    const { key: answerKey } = open(nodeSeal, worker, handed(query))
    const chunks = sealAll(answerKey, 1n, [Uint8Array.of(1, 2, 3)])
    assert.equal(openAll(keys[0]!.key, 1n, chunks).isFinished, true)
  })

  test('which does not make of the query an answer, whatever the nonce', () => {
    const worker = makeWorker(nodeSeal, 'reflected')
    const { query, keys } = sealTo(nodeSeal, [worker], random)
    // The relay chooses the nonce: zeros are what the query was sealed with, but for the count of chunks.
    for (const nonce of [0n, -1n, 1n]) {
      for (const isFinal of [true, false]) {
        const opener = new AnswerOpener(nodeSeal, { key: keys[0]!.key, nonce })
        refuses('answer-altered', () => opener.open(query.body, isFinal))
      }
    }
    // Nor of an answer a query.
    const [chunk] = sealAll(keys[0]!.key, 0n, [Uint8Array.of(1, 2, 3)])
    refuses('query-unreadable', () => open(nodeSeal, worker, { ...handed(query), body: chunk!.bytes }))
  })
})

describe('nothing else does', () => {
  const key = random(32)
  const contents = Array.from({ length: 6 }, (_, index) => new Uint8Array(20).fill(index))
  const chunks = sealAll(key, 3n, contents)
  const due = contents.map(content => hex(content))

  /** Whatever is taken is the beginning of what was sealed, and only the whole has an end. */
  const isPrefix = (stream: readonly Chunk[], ofKey = key, nonce = 3n): boolean => {
    const { contents: taken, isFinished } = openAll(ofKey, nonce, stream)
    assert.deepEqual(taken, due.slice(0, taken.length))
    assert.equal(isFinished, taken.length === due.length)
    return isFinished
  }

  test('dropped, repeated and reordered chunks', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 5 }), { maxLength: 10 }), order => {
        const isWhole = order.slice(0, 6).join() === '0,1,2,3,4,5'
        assert.equal(isPrefix(order.map(index => chunks[index]!)), isWhole)
      }),
      { numRuns: 300 },
    )
    for (let index = 0; index < 6; index++) {
      assert.equal(isPrefix(chunks.toSpliced(index, 1)), false)
      assert.equal(isPrefix(chunks.toSpliced(index, 0, chunks[index]!)), index === 5)
      assert.equal(isPrefix(chunks.slice(0, index)), false)
    }
  })

  test('a chunk after the last', () => {
    for (const more of [chunks[5]!, chunks[0]!, { bytes: new Uint8Array(0), isFinal: true }]) {
      assert.equal(openAll(key, 3n, [...chunks, more]).isRefused, true)
    }
    const sealer = new AnswerSealer(nodeSeal, { key, nonce: 9n })
    sealer.chunk(Uint8Array.of(1), true)
    assert.throws(() => sealer.chunk(Uint8Array.of(2), false), RangeError)
  })

  test('a chunk after the last that a machine gone wrong has sealed', () => {
    const [first] = sealAll(key, 3n, [Uint8Array.of(1)])
    const nonce = Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
    for (const isFinal of [false, true]) {
      const aad = Uint8Array.of(1, 0, 0, 0, isFinal ? 1 : 0)
      const bytes = nodeSeal.aead(key).seal(nonce, aad, padded(Uint8Array.of(2)))
      assert.deepEqual(openAll(key, 3n, [first!, { bytes, isFinal }]).contents, ['01'])
    }
  })

  test('an end at another place', () => {
    for (let index = 0; index < 6; index++) {
      const moved = chunks.map((chunk, at) => ({ ...chunk, isFinal: at === index }))
      assert.equal(isPrefix(moved), index === 5)
      assert.equal(isPrefix(moved.slice(0, index + 1)), index === 5)
    }
    assert.equal(isPrefix(chunks.map(chunk => ({ ...chunk, isFinal: false }))), false)
  })

  test('one bit anywhere', () => {
    for (let bit = 0; bit < chunks[2]!.bytes.length * 8; bit += 3) {
      const changed = chunks.with(2, { bytes: flipped(chunks[2]!.bytes, bit), isFinal: false })
      assert.equal(openAll(key, 3n, changed).contents.length, 2)
    }
  })

  test('cut or longer chunks', () => {
    const { bytes } = chunks[0]!
    for (const length of [0, 1, 15, 16, 20, bytes.length - 16, bytes.length - 1]) {
      assert.equal(
        isPrefix([{ bytes: bytes.subarray(0, length), isFinal: false }, ...chunks.slice(1)]),
        false,
      )
    }
    const longer = Uint8Array.from([...bytes, 0])
    assert.equal(openAll(key, 3n, [{ bytes: longer, isFinal: false }]).isRefused, true)
  })

  test('another nonce or key', () => {
    for (let bit = 0; bit < 64; bit++) {
      assert.deepEqual(openAll(key, BigInt.asIntN(64, 3n ^ (1n << BigInt(bit))), chunks).contents, [])
    }
    for (let bit = 0; bit < 256; bit += 5)
      assert.deepEqual(openAll(flipped(key, bit), 3n, chunks).contents, [])
  })

  test('pieces of two answers, with one key or with two', () => {
    const others = [sealAll(key, 4n, contents), sealAll(random(32), 3n, contents)]
    for (const other of others) {
      for (let mask = 1; mask < 63; mask++) {
        const mixed = chunks.map((chunk, index) => (mask & (1 << index) ? other[index]! : chunk))
        assert.equal(isPrefix(mixed), false)
      }
    }
  })

  test('padding that is not zeros, or a length that does not fit', () => {
    const aad = new Uint8Array(5)
    const nonce = Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
    const sealed = (frame: Uint8Array): Chunk => ({
      bytes: nodeSeal.aead(key).seal(nonce, aad, frame),
      isFinal: false,
    })
    assert.deepEqual(openAll(key, 3n, [sealed(padded(contents[0]!))]).contents, [due[0]])
    const dirty = padded(contents[0]!)
    dirty[255] = 1
    const long = padded(contents[0]!)
    long[1] = 1
    for (const frame of [dirty, long, new Uint8Array(0), new Uint8Array(3)]) {
      assert.equal(openAll(key, 3n, [sealed(frame)]).isRefused, true)
    }
  })

  test('a chunk above 16 MiB', () => {
    const opener = new AnswerOpener(nodeSeal, { key, nonce: 3n })
    refuses('answer-altered', () => opener.open(new Uint8Array(maxChunkBytes + 1), false))
    const [large] = sealAll(key, 3n, [new Uint8Array(maxChunkBytes - 4)])
    assert.equal(large!.bytes.length, maxChunkBytes + 16)
    assert.equal(openAll(key, 3n, [large!]).isRefused, true)
    const [most] = sealAll(key, 3n, [new Uint8Array(maxChunkBytes - 20)], maxChunkBytes - 16)
    assert.equal(openAll(key, 3n, [most!]).isFinished, true)
  })

  test('after a refusal nothing opens any more that was due before', () => {
    const opener = new AnswerOpener(nodeSeal, { key, nonce: 3n })
    refuses('answer-altered', () => opener.open(flipped(chunks[0]!.bytes, 1), false))
    refuses('answer-altered', () => opener.open(chunks[0]!.bytes, false))
  })
})

describe('two recipients of one query', () => {
  test('each answers with a key that the other has not', () => {
    const workers = ['one', 'two'].map(seed => makeWorker(nodeSeal, seed))
    const { query, keys } = sealTo(nodeSeal, workers, random)
    const answerKeys = workers.map((worker, index) => open(nodeSeal, worker, handed(query, index)).key)
    assert.notEqual(hex(answerKeys[0]!), hex(answerKeys[1]!))
    const chunks = sealAll(answerKeys[0]!, 1n, [Uint8Array.of(1)])
    assert.equal(openAll(keys[0]!.key, 1n, chunks).isFinished, true)
    // What the first sealed is none of the second's, whoever hands it on.
    assert.equal(openAll(keys[1]!.key, 1n, chunks).isRefused, true)
  })

  test('an answer to one query is none to the next in its session', () => {
    const worker = makeWorker(nodeSeal, 'three')
    const one = sealTo(nodeSeal, [worker], random)
    const two = sealTo(nodeSeal, [worker], random)
    const chunks = sealAll(open(nodeSeal, worker, handed(one.query)).key, 1n, [Uint8Array.of(1)])
    assert.equal(openAll(two.keys[0]!.key, 1n, chunks).isRefused, true)
  })
})
