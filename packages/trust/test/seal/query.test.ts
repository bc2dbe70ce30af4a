import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encode, type SealedHeader, sealedHeader, type SealedKey, sealedRequest } from '@cocoon/wire'
import fc from 'fast-check'
import { labels } from '../../src/seal/labels.ts'
import { nodeSeal } from '../../src/seal/node-seal.ts'
import { bucketOf, padded } from '../../src/seal/padding.ts'
import { openQuery, queryLimits, readRouting, sealQuery } from '../../src/seal/query.ts'
import {
  assertBytes,
  backEnds,
  beginSession,
  bitsOf,
  contentOf,
  flipped,
  freshSessions,
  type Handed,
  handed,
  hex,
  makeWorker,
  nowMs,
  oneKey,
  open,
  refuses,
  routingTo,
  seeded,
  sealTo,
  type TestWorker,
} from './fixture.ts'

const workers = Array.from({ length: 9 }, (_, index) => makeWorker(nodeSeal, `worker ${index}`))
const random = seeded('queries')

function none(sealed: Handed, worker: TestWorker = workers[0]!, what?: string): void {
  refuses('query-unreadable', () => open(nodeSeal, worker, sealed), what)
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

const zeroNonce = new Uint8Array(12)

describe('a query reaches its recipients', () => {
  for (const crypto of backEnds) {
    test(`one or more, by ${crypto.name}`, () => {
      for (const count of crypto === nodeSeal ? [1, 2, 3, 4, 5, 6, 7, 8] : [1, 3]) {
        const recipients = workers.slice(0, count)
        const { query, routing, content, keys } = sealTo(crypto, recipients, random)
        assert.equal(query.keys.length, count)
        for (const [index, worker] of recipients.entries()) {
          assert.equal(query.keys[index]!.wrapped?.length, count === 1 ? undefined : 48)
          const opened = open(crypto, worker, handed(query, index), freshSessions(crypto, worker))
          assert.deepEqual({ ...opened.routing, recipients: [] }, { ...routing, recipients: [] })
          assert.deepEqual(
            opened.routing.recipients.map(one => hex(one)),
            routing.recipients.map(one => hex(one)),
          )
          assert.equal(opened.content.path, content.path)
          assertBytes(opened.content.body, content.body)
          assertBytes(opened.content.requestSalt, content.requestSalt)
          assertBytes(opened.content.answerSalt, content.answerSalt)
          assertBytes(opened.key, keys[index]!.key)
          assertBytes(opened.header, query.header)
        }
      }
    })
  }

  test('with a body of any size, and the sealed length tells its bucket alone', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 3000 }), fc.integer({ min: 1, max: 3 }), (body, count) => {
        const recipients = workers.slice(0, count)
        const { query, content } = sealTo(nodeSeal, recipients, random, { body })
        const size = query.body.length - 16
        assert.equal(bucketOf(size), size)
        const opened = open(nodeSeal, recipients[count - 1]!, handed(query, count - 1))
        assertBytes(opened.content.body, content.body)
      }),
      { numRuns: 30 },
    )
  })

  test('as a session of one query', () => {
    const keys = [oneKey(nodeSeal, workers[0]!, random), beginSession(nodeSeal, workers[1]!, random).next()]
    const { query } = sealTo(nodeSeal, workers.slice(0, 2), random, { keys })
    assert.equal(query.keys[0]!.counter, -1)
    open(nodeSeal, workers[0]!, handed(query, 0))
    open(nodeSeal, workers[1]!, handed(query, 1))
    refuses('session-unknown', () => open(nodeSeal, workers[0]!, handed(query, 0)))
  })

  test('once, and out of order', () => {
    const session = beginSession(nodeSeal, workers[0]!, random)
    const queries = Array.from({ length: 6 }, () =>
      handed(sealTo(nodeSeal, workers.slice(0, 1), random, { keys: [session.next()] }).query),
    )
    for (const index of [3, 0, 5, 1]) open(nodeSeal, workers[0]!, queries[index]!)
    for (const index of [3, 0, 5, 1]) {
      refuses('session-unknown', () => open(nodeSeal, workers[0]!, queries[index]!))
    }
    for (const index of [4, 2]) open(nodeSeal, workers[0]!, queries[index]!)
  })
})

describe('nothing altered opens, and it changes nothing', () => {
  for (const count of [1, 3]) {
    const recipients = workers.slice(0, count)
    const { query } = sealTo(nodeSeal, recipients, random)
    const sessions = recipients.map(worker => freshSessions(nodeSeal, worker))
    const refused = (sealed: Handed, index: number): void =>
      assert.throws(
        () => open(nodeSeal, recipients[index]!, sealed, sessions[index]!),
        (error: { code?: string }) => error.code === 'query-unreadable' || error.code === 'session-unknown',
      )

    test(`a bit anywhere, for ${count}`, () => {
      for (let index = 0; index < count; index++) {
        const whole = handed(query, index)
        for (const bit of bitsOf(whole.header, 150)) {
          refused({ ...whole, header: flipped(whole.header, bit) }, index)
        }
        for (const bit of bitsOf(whole.body, 150)) {
          refused({ ...whole, body: flipped(whole.body, bit) }, index)
        }
        const { key } = whole
        const withKey = (changed: Partial<SealedKey>): void =>
          refused({ ...whole, key: { ...key, ...changed } }, index)
        for (const bit of bitsOf(key.session, 32)) withKey({ session: flipped(key.session, bit) })
        for (const bit of bitsOf(key.encapsulation!, 32)) {
          withKey({ encapsulation: flipped(key.encapsulation!, bit) })
        }
        for (const counter of [-1, 1, 1024, 1025, 4096, -2]) withKey({ counter })
        if (key.wrapped !== undefined) {
          for (const bit of bitsOf(key.wrapped, 384)) withKey({ wrapped: flipped(key.wrapped, bit) })
        }
      }
    })

    test(`cut, longer or empty, for ${count}`, () => {
      const whole = handed(query)
      for (const part of ['header', 'body'] as const) {
        const bytes = whole[part]
        for (const length of [0, 1, 15, 16, 17, bytes.length - 16, bytes.length - 1]) {
          refused({ ...whole, [part]: bytes.subarray(0, length) }, 0)
        }
        refused({ ...whole, [part]: joined(bytes, Uint8Array.of(0)) }, 0)
      }
      for (const wrapped of [undefined, new Uint8Array(0), new Uint8Array(47), new Uint8Array(48)]) {
        if (wrapped === undefined && count === 1) continue
        const { wrapped: _, ...key } = whole.key
        refused({ ...whole, key: { ...key, ...(wrapped && { wrapped }) } }, 0)
      }
    })

    test(`and then it still opens, for ${count}`, () => {
      for (const [index, worker] of recipients.entries()) {
        open(nodeSeal, worker, handed(query, index), sessions[index]!)
      }
    })
  }
})

describe('parts of several queries', () => {
  const pair = (count: number): [Handed, Handed] => {
    const recipients = workers.slice(0, count)
    const sessions = recipients.map(worker => beginSession(nodeSeal, worker, random))
    const make = (): Handed =>
      handed(sealTo(nodeSeal, recipients, random, { keys: sessions.map(session => session.next()) }).query)
    return [make(), make()]
  }

  test('any mixture of two for the same recipients', () => {
    for (const count of [1, 2]) {
      const [one, other] = pair(count)
      for (let mixture = 1; mixture < 7; mixture++) {
        none({
          header: mixture & 1 ? one.header : other.header,
          key: mixture & 2 ? one.key : other.key,
          body: mixture & 4 ? one.body : other.body,
        })
      }
      open(nodeSeal, workers[0]!, other)
      open(nodeSeal, workers[0]!, one)
    }
  })

  test('the key of another recipient', () => {
    const { query } = sealTo(nodeSeal, workers.slice(0, 2), random)
    none({ ...handed(query), key: query.keys[1]! })
  })

  test('a worker that is no recipient', () => {
    const { query } = sealTo(nodeSeal, workers.slice(0, 2), random)
    none(handed(query), workers[2])
  })

  test('a header with other recipients, in another order or without some', () => {
    const [one, two, three] = workers as [TestWorker, TestWorker, TestWorker]
    const { query, routing } = sealTo(nodeSeal, [one, two], random)
    for (const recipients of [[one], [two, one], [one, two, three], [one, three]]) {
      const changed = { ...routing, recipients: recipients.map(({ digest }) => digest) }
      const { header } = sealQuery(nodeSeal, changed, contentOf('{}', random), [], random)
      none({ ...handed(query), header })
    }
  })
})

describe('a recipient that is corrupt', () => {
  const [honest, corrupt] = workers as [TestWorker, TestWorker]

  /** What the corrupt one knows: the content key, by its own key of the query. */
  function contentKeyOf(sealed: ReturnType<typeof sealTo>): Uint8Array {
    const { header, body, keys } = sealed.query
    const aad = joined(labels.wrap, nodeSeal.sha256(header), nodeSeal.sha256(body))
    return nodeSeal.aead(sealed.keys[1]!.key).open(zeroNonce, aad, keys[1]!.wrapped!)!
  }

  test('reads the query, and cannot put another body in its place', () => {
    const sealed = sealTo(nodeSeal, [honest, corrupt], random)
    const contentKey = contentKeyOf(sealed)
    assert.equal(contentKey.length, 32)
    const { header } = sealed.query
    const aad = joined(labels.query, header)
    const text = encode(sealedRequest, { _: 'sealed.request', ...contentOf('{"forged":1}', random) })
    const body = nodeSeal.aead(contentKey).seal(zeroNonce, aad, padded(text))
    none({ header, key: sealed.query.keys[0]!, body })
    // Nor wrap the key for it anew: that takes the other's key.
    const wrap = joined(labels.wrap, nodeSeal.sha256(header), nodeSeal.sha256(body))
    const wrapped = nodeSeal.aead(sealed.keys[1]!.key).seal(zeroNonce, wrap, contentKey)
    none({ header, key: { ...sealed.query.keys[0]!, wrapped }, body })
    open(nodeSeal, honest, handed(sealed.query))
  })

  test('is not helped by a client that hands out keys of another length, or for others', () => {
    const { query, keys } = sealTo(nodeSeal, [honest, corrupt], random)
    const { header, body } = query
    const wrap = joined(labels.wrap, nodeSeal.sha256(header), nodeSeal.sha256(body))
    for (const length of [0, 16, 31, 33, 64]) {
      const wrapped = nodeSeal.aead(keys[0]!.key).seal(zeroNonce, wrap, new Uint8Array(length))
      none({ header, key: { ...query.keys[0]!, wrapped }, body })
    }
    // Sealed with a key of the honest worker, under a header that does not name it.
    const routing = routingTo([corrupt], random)
    const named = [beginSession(nodeSeal, honest, random).next()]
    none(handed(sealQuery(nodeSeal, routing, contentOf('{}', random), named, random).query))
  })

  test('has no key of the other that is the same as one of its own', () => {
    const sealed = sealTo(nodeSeal, [honest, corrupt], random)
    const other = hex(sealed.keys[0]!.key)
    for (const key of [contentKeyOf(sealed), sealed.keys[1]!.key]) assert.notEqual(other, hex(key))
  })
})

describe('the header', () => {
  const sealed = sealTo(nodeSeal, workers.slice(0, 1), random)
  const headerWith = (changed: Partial<SealedHeader>): Uint8Array => {
    const { expiresAtMs, ...same } = sealed.routing
    return encode(sealedHeader, {
      _: 'sealed.header',
      ...same,
      recipients: [...same.recipients],
      expiresAt: BigInt(expiresAtMs),
      ...changed,
    })
  }
  const notRead = (header: Uint8Array): void => {
    refuses('query-unreadable', () => readRouting(header))
    none({ ...handed(sealed.query), header })
  }

  test('has 1 to 8 recipients, none twice', () => {
    const digests = workers.map(({ digest }) => digest)
    assert.equal(readRouting(headerWith({ recipients: digests.slice(0, 8) })).recipients.length, 8)
    notRead(headerWith({ recipients: [] }))
    notRead(headerWith({ recipients: digests }))
    notRead(headerWith({ recipients: [digests[0]!, digests[1]!, digests[0]!] }))
  })

  test('has 4 KiB at most', () => {
    const empty = headerWith({ model: '' }).length
    const longest = 'm'.repeat(queryLimits.headerBytes - empty)
    assert.equal(headerWith({ model: longest }).length, queryLimits.headerBytes)
    readRouting(headerWith({ model: longest }))
    notRead(headerWith({ model: `${longest}mmmm` }))
  })

  test('has caps and a time that are none below zero', () => {
    notRead(headerWith({ maxCoefficient: -1 }))
    notRead(headerWith({ maxTokens: -1 }))
    notRead(headerWith({ expiresAt: -1n }))
    notRead(headerWith({ expiresAt: 2n ** 52n + 1n }))
    notRead(headerWith({ expiresAt: 2n ** 63n - 1n }))
    readRouting(headerWith({ maxCoefficient: 0, maxTokens: 0, expiresAt: 0n }))
  })

  test('is one boxed sealed.header and nothing more', () => {
    const header = headerWith({})
    notRead(header.subarray(4))
    notRead(joined(header, new Uint8Array(4)))
    notRead(joined(Uint8Array.of(1, 2, 3, 4), header.subarray(4)))
    for (let length = 0; length < header.length; length++) notRead(header.subarray(0, length))
    // A number of recipients that nothing could hold.
    const many = Uint8Array.from(header)
    new DataView(many.buffer).setUint32(many.length - 36, 0xffffffff, true)
    notRead(many)
  })

  test('ends in time: not over, and not more than three hours ahead', () => {
    const worker = workers[0]!
    const at = (expiresAtMs: number): void => {
      const routing = { ...routingTo([worker], random), expiresAtMs }
      const keys = [beginSession(nodeSeal, worker, random).next()]
      const { query } = sealQuery(nodeSeal, routing, contentOf('{}', random), keys, random)
      openQuery(nodeSeal, handed(query), {
        identity: worker.digest,
        sessions: worker.sessions,
        nowMs,
        monotonicMs: 0,
      })
    }
    at(nowMs + 1)
    at(nowMs + queryLimits.longestMs)
    for (const expiresAtMs of [0, nowMs - 1, nowMs, nowMs + queryLimits.longestMs + 1]) {
      refuses('query-unreadable', () => at(expiresAtMs))
    }
  })
})

describe('what is inside', () => {
  const worker = workers[0]!
  const inside = (frame: Uint8Array): void => {
    const routing = routingTo([worker], random)
    const { name, key: messageKey } = beginSession(nodeSeal, worker, random).next()
    const { header } = sealQuery(nodeSeal, routing, contentOf('{}', random), [], random)
    const body = nodeSeal.aead(messageKey).seal(zeroNonce, joined(labels.query, header), frame)
    const { session, counter, encapsulation } = name
    const key: SealedKey = { _: 'sealed.key', session, counter, flags: 1, encapsulation: encapsulation! }
    open(nodeSeal, worker, { header, key, body })
  }
  const request = (changed: { chunkBytes?: number; cadenceMs?: number } = {}): Uint8Array =>
    encode(sealedRequest, { _: 'sealed.request', ...contentOf('{}', random), ...changed })

  test('is padded with zeros, and its length fits', () => {
    inside(padded(request()))
    const frame = padded(request())
    const refused = (changed: Uint8Array): void => refuses('query-unreadable', () => inside(changed))
    for (const at of [frame.length - 1, request().length + 4]) {
      const changed = Uint8Array.from(frame)
      changed[at] = 1
      refused(changed)
    }
    for (const length of [0, request().length - 4, request().length + 4, 2 ** 32 - 1]) {
      const changed = Uint8Array.from(frame)
      new DataView(changed.buffer).setUint32(0, length, true)
      refused(changed)
    }
    for (const length of [0, 3, 4, 20]) refused(frame.subarray(0, length))
  })

  test('is one boxed sealed.request', () => {
    for (const length of [0, 4, 40]) {
      refuses('query-unreadable', () => inside(padded(request().subarray(0, length))))
    }
    refuses('query-unreadable', () => inside(padded(joined(request(), new Uint8Array(4)))))
    refuses('query-unreadable', () => inside(padded(request().subarray(4))))
  })

  test('asks for chunks of one size and a pace, or for neither', () => {
    const { chunkBytes, cadenceMs } = queryLimits
    for (const bytes of [chunkBytes.least, chunkBytes.most]) {
      for (const ms of [cadenceMs.least, cadenceMs.most]) {
        inside(padded(request({ chunkBytes: bytes, cadenceMs: ms })))
      }
    }
    const wrong = [
      [0, 5],
      [128, 0],
      [127, 5],
      [128, 4],
      [65_537, 5],
      [128, 1001],
      [-128, 5],
      [128, -5],
      [-1, -1],
      [0, -1],
      [2 ** 31 - 1, 5],
    ] as const
    for (const [bytes, ms] of wrong) {
      refuses('query-unreadable', () => inside(padded(request({ chunkBytes: bytes, cadenceMs: ms }))))
    }
  })
})
