import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, mock, test } from 'node:test'
import fc from 'fast-check'
import { nodeSeal } from '../../src/seal/node-seal.ts'
import { type KeyOffer, receiverLimits, ReceiverSessions } from '../../src/seal/receiver-sessions.ts'
import type { SealCrypto } from '../../src/seal/seal-crypto.ts'
import {
  type KeyName,
  type NamedKey,
  senderLimits,
  type SenderSession,
} from '../../src/seal/sender-session.ts'
import {
  assertBytes,
  beginSession,
  bitsOf,
  flipped,
  freshSessions,
  hex,
  makeWorker,
  oneKey,
  refuses,
  seeded,
} from './fixture.ts'

const worker = makeWorker(nodeSeal, 'sessions')
const random = seeded('senders')

function begin(): SenderSession {
  return beginSession(nodeSeal, worker, random)
}

function fresh(): ReceiverSessions {
  return freshSessions(nodeSeal, worker)
}

function take(session: SenderSession, count: number): NamedKey[] {
  return Array.from({ length: count }, () => session.next())
}

/** Finds the key, checks that it is the sender's, and uses it. */
function use(sessions: ReceiverSessions, { name, key }: NamedKey, atMs = 0): void {
  const offer = sessions.find(name, atMs)
  assertBytes(offer.key, key)
  offer.use()
}

function isFound(sessions: ReceiverSessions, name: KeyName, atMs = 0): boolean {
  try {
    sessions.find(name, atMs)
    return true
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'session-unknown')
    return false
  }
}

describe('keys in and out of order', () => {
  test('in order, with the encapsulation at first and without it later', () => {
    const session = begin()
    const sessions = fresh()
    for (let counter = 0; counter < 10; counter++) {
      session.isKnown = counter >= 3
      const named = session.next()
      assert.equal(named.name.counter, counter)
      assert.equal(named.name.encapsulation === undefined, counter >= 3)
      use(sessions, named)
    }
  })

  test('in any order, each once', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(
          Array.from({ length: 30 }, (_, counter) => counter),
          { minLength: 1 },
        ),
        order => {
          const keys = take(begin(), 30)
          const sessions = fresh()
          for (const counter of order) use(sessions, keys[counter]!)
          for (const counter of order) refuses('session-unknown', () => sessions.find(keys[counter]!.name, 0))
          const left = keys.filter(({ name }) => !order.includes(name.counter))
          for (const key of left) use(sessions, key)
        },
      ),
      { numRuns: 12 },
    )
  })

  test('a gap may have 1024 keys, and no more', () => {
    const keys = take(begin(), 2 * receiverLimits.skip + 4)
    const sessions = fresh()
    refuses('session-unknown', () => sessions.find(keys[receiverLimits.skip + 1]!.name, 0))
    use(sessions, keys[receiverLimits.skip]!)
    const last = 2 * receiverLimits.skip + 1
    refuses('session-unknown', () => sessions.find(keys[last + 1]!.name, 0))
    use(sessions, keys[last]!)
    use(sessions, keys[last + 1]!)
  })

  test('the oldest of the keys that were passed over go first', () => {
    const { skip, keptKeys } = receiverLimits
    const keys = take(begin(), skip + 12)
    const sessions = fresh()
    use(sessions, keys[skip]!)
    use(sessions, keys[skip + 11]!)
    const found = keys.filter(({ name }) => isFound(sessions, name))
    assert.equal(found.length, keptKeys)
    // Ten more were passed over: the first ten are gone.
    assert.equal(found[0]!.name.counter, 10)
    use(sessions, keys[10]!)
    assert.equal(keys.filter(({ name }) => isFound(sessions, name)).length, keptKeys - 1)
  })

  test('counters end with the session', () => {
    const session = begin()
    const sessions = fresh()
    let last: NamedKey | undefined
    for (let counter = 0; counter < senderLimits.keys; counter++) {
      assert.equal(session.isOpen(0), true)
      last = session.next()
      if (counter % 1000 === 0) use(sessions, last)
    }
    assert.equal(session.isOpen(0), false)
    use(sessions, last!)
    for (const counter of [4096, 2 ** 31 - 1]) {
      refuses('query-unreadable', () => sessions.find({ ...last!.name, counter }, 0))
    }
    for (const counter of [-2, -(2 ** 31)]) {
      refuses('query-unreadable', () => sessions.find({ ...last!.name, counter }, 0))
    }
  })

  test('a sender goes on for five minutes', () => {
    const session = begin()
    assert.equal(session.isOpen(senderLimits.lastsMs - 1), true)
    assert.equal(session.isOpen(senderLimits.lastsMs), false)
  })
})

describe('what was altered', () => {
  test('an encapsulation that is not that of the session', () => {
    const { name } = begin().next()
    const sessions = fresh()
    const encapsulation = name.encapsulation!
    for (const bit of bitsOf(encapsulation, 20)) {
      refuses('query-unreadable', () =>
        sessions.find({ ...name, encapsulation: flipped(encapsulation, bit) }, 0),
      )
    }
    for (const bit of bitsOf(name.session, 20)) {
      refuses('query-unreadable', () => sessions.find({ ...name, session: flipped(name.session, bit) }, 0))
    }
    for (const length of [0, 32, 1119, 1121]) {
      const other = new Uint8Array(length)
      refuses('query-unreadable', () =>
        sessions.find({ ...name, session: nodeSeal.sha256(other), encapsulation: other }, 0),
      )
    }
  })

  test('an encapsulation that is wrong is refused in a known session too', () => {
    const session = begin()
    const sessions = fresh()
    use(sessions, session.next())
    const { name } = session.next()
    refuses('query-unreadable', () =>
      sessions.find({ ...name, encapsulation: flipped(name.encapsulation!, 5) }, 0),
    )
    refuses('query-unreadable', () => sessions.find({ ...name, encapsulation: new Uint8Array(0) }, 0))
  })

  test('an encapsulation that hashes right and is none', () => {
    // A point of small order behind a ciphertext that is as good as any.
    const encapsulation = Uint8Array.from(begin().next().name.encapsulation!).fill(0, 1088)
    const name = { session: nodeSeal.sha256(encapsulation), counter: 0, encapsulation }
    refuses('query-unreadable', () => fresh().find(name, 0))
    refuses('query-unreadable', () => fresh().find({ ...name, counter: -1 }, 0))
  })

  test('another session or counter leads to other keys, or to none', () => {
    const session = begin()
    const [first, second] = take(session, 2)
    const sessions = fresh()
    const offer = sessions.find({ ...first!.name, counter: 1 }, 0)
    assertBytes(offer.key, second!.key)
    refuses('session-unknown', () => sessions.find({ ...first!.name, encapsulation: undefined }, 0))
    const unknown = { session: flipped(first!.name.session, 3), counter: 0, encapsulation: undefined }
    refuses('session-unknown', () => sessions.find(unknown, 0))
  })

  test('a key for one identity leads elsewhere at another with the same seal key', () => {
    const { name, key } = begin().next()
    const other = new ReceiverSessions(nodeSeal, flipped(worker.digest, 1), worker.keys.sealing)
    assert.notEqual(hex(other.find(name, 0).key), hex(key))
  })
})

describe('what is not used changes nothing', () => {
  test('a session is not begun, and its name is free', () => {
    const named = begin().next()
    const sessions = fresh()
    for (let tries = 0; tries < 5; tries++) sessions.find(named.name, 0)
    refuses('session-unknown', () => sessions.find({ ...named.name, encapsulation: undefined }, 0))
    use(sessions, named)
  })

  test('no key is passed over, and none is lost', () => {
    const keys = take(begin(), 600)
    const sessions = fresh()
    use(sessions, keys[2]!)
    for (const counter of [500, 1, 3, 599, 0]) sessions.find(keys[counter]!.name, 0)
    const order = [0, 3, 1, 599, 598, 4]
    for (const counter of order) use(sessions, keys[counter]!)
    for (const counter of [2, ...order])
      refuses('session-unknown', () => sessions.find(keys[counter]!.name, 0))
  })
})

describe('names', () => {
  test('a session ends 15 minutes after it was begun, and is begun once', () => {
    const session = begin()
    const sessions = fresh()
    use(sessions, session.next(), 1000)
    use(sessions, session.next(), 1000 + receiverLimits.lastsMs - 1)
    const named = session.next()
    refuses('session-unknown', () => sessions.find(named.name, 1000 + receiverLimits.lastsMs))
    refuses('session-unknown', () =>
      sessions.find({ ...named.name, encapsulation: undefined }, 1000 + receiverLimits.lastsMs),
    )
    // It stays so, whatever comes in between.
    use(sessions, begin().next(), 2 * receiverLimits.lastsMs)
    refuses('session-unknown', () => sessions.find(named.name, 100 * receiverLimits.lastsMs))
    refuses('session-unknown', () =>
      sessions.find({ ...named.name, counter: -1 }, 100 * receiverLimits.lastsMs),
    )
  })

  test('use does not prolong a session', () => {
    const session = begin()
    const sessions = fresh()
    for (let minute = 0; minute < 15; minute++) use(sessions, session.next(), minute * 60_000)
    refuses('session-unknown', () => sessions.find(session.next().name, 15 * 60_000))
  })

  test('a session of one query is used once, and apart from counter 0', () => {
    const single = oneKey(nodeSeal, worker, random)
    assert.equal(single.name.counter, -1)
    const sessions = fresh()
    const asSession = sessions.find({ ...single.name, counter: 0 }, 0)
    assert.notEqual(hex(asSession.key), hex(single.key))
    use(sessions, single)
    refuses('session-unknown', () => sessions.find(single.name, 0))
    refuses('session-unknown', () => sessions.find({ ...single.name, counter: 0 }, 0))
    refuses('session-unknown', () => sessions.find({ ...single.name, encapsulation: undefined }, 0))
  })

  test('the name of a session is none for one query, before its end and after', () => {
    const session = begin()
    const sessions = fresh()
    use(sessions, session.next())
    const { name } = session.next()
    for (const atMs of [0, receiverLimits.lastsMs + 1]) {
      refuses('session-unknown', () => sessions.find({ ...name, counter: -1 }, atMs))
    }
  })
})

/** Sessions under a seal key that takes everything, and cryptography that costs nothing: only the counting is real. */
function cheap(): { sessions: ReceiverSessions; name: (index: number, counter: number) => KeyName } {
  const key = new Uint8Array(32)
  const crypto = {
    ...nodeSeal,
    sha256: (encapsulation: Uint8Array) => encapsulation.slice(0, 32),
    hmacSha256: () => key,
    hmacSha512: () => new Uint8Array(64),
  } satisfies SealCrypto
  const sealKey = { publicKey: new Uint8Array(0), decapsulate: () => key }
  return {
    sessions: new ReceiverSessions(crypto, key, sealKey),
    name: (index, counter) => {
      const encapsulation = new Uint8Array(1120)
      new DataView(encapsulation.buffer).setUint32(0, index)
      return { session: encapsulation.slice(0, 32), counter, encapsulation }
    },
  }
}

describe('bounds', () => {
  test('of the keys that are kept over all sessions, and room again once sessions end', () => {
    const { sessions, name } = cheap()
    const { skip, allKeptKeys, lastsMs } = receiverLimits
    const count = (index: number, atMs: number): number =>
      Array.from({ length: skip }, (_, counter) => counter).filter(counter =>
        isFound(sessions, name(index, counter), atMs),
      ).length
    const full = Math.ceil(allKeptKeys / skip)
    for (let index = 0; index <= full; index++) sessions.find(name(index, skip), 0).use()
    assert.equal(count(0, 0), skip)
    assert.equal(count(full - 1, 0), allKeptKeys - (full - 1) * skip)
    assert.equal(count(full, 0), 0)
    // A key that is used makes room for one.
    sessions.find(name(0, 5), 0).use()
    sessions.find(name(full, skip + 3), 0).use()
    assert.equal(isFound(sessions, name(full, skip + 1)), true)
    assert.equal(isFound(sessions, name(full, skip + 2)), false)
    sessions.find(name(full + 1, skip), lastsMs).use()
    assert.equal(count(full + 1, lastsMs), skip)
  })

  test('of the names', () => {
    const { sessions, name } = cheap()
    // The real bound takes ten seconds to reach.
    const limits: { names: number } = receiverLimits
    const { names } = limits
    limits.names = 100
    try {
      for (let index = 0; index < 100; index++) {
        assert.equal(sessions.isFull, false)
        sessions.find(name(index, index % 2 === 0 ? -1 : 0), 0).use()
      }
      assert.equal(sessions.isFull, true)
      refuses('session-unknown', () => sessions.find(name(100, -1), 0))
      refuses('session-unknown', () => sessions.find(name(100, 0), 0))
      // Those that were begun go on, and their names stay taken once they are over.
      sessions.find(name(1, 1), 0).use()
      refuses('session-unknown', () => sessions.find(name(100, 0), receiverLimits.lastsMs))
      assert.equal(sessions.isFull, true)
    } finally {
      limits.names = names
    }
  })
})

describe('nothing that is left opens what was', () => {
  /** Every chain key and message key up to a counter, from the chain key at the beginning. */
  function secretsUpTo(first: Uint8Array, counter: number): Set<string> {
    const secrets = new Set([hex(first)])
    let chain = Buffer.from(first)
    for (let index = 0; index <= counter; index++) {
      const output = createHmac('sha512', chain).update('cocoon ratchet v1\0').digest()
      secrets.add(hex(output.subarray(32)))
      chain = Buffer.from(output.subarray(0, 32))
      if (index < counter) secrets.add(hex(chain))
    }
    return secrets
  }

  /** All arrays that are keys of an HMAC, or are copied, while something runs: what holds a secret is among them. */
  function watched(run: (crypto: SealCrypto) => void): Uint8Array[] {
    const arrays: Uint8Array[] = []
    const { from } = Uint8Array
    const copying = mock.method(Uint8Array, 'from', (source: Uint8Array) => {
      const copy = from.call(Uint8Array, source)
      arrays.push(source, copy)
      return copy
    })
    const crypto: SealCrypto = {
      ...nodeSeal,
      hmacSha512: (key, ...parts) => {
        const output = nodeSeal.hmacSha512(key, ...parts)
        arrays.push(key, output.subarray(0, 32), output.subarray(32))
        return output
      },
    }
    try {
      run(crypto)
    } finally {
      copying.mock.restore()
    }
    return arrays
  }

  const chainAt = (session: SenderSession): Uint8Array => {
    let first: Uint8Array | undefined
    const { name } = session.next()
    const crypto: SealCrypto = {
      ...nodeSeal,
      hmacSha512: (key, ...parts) => {
        first ??= Uint8Array.from(key)
        return nodeSeal.hmacSha512(key, ...parts)
      },
    }
    freshSessions(crypto, worker).find(name, 0)
    return first!
  }

  /** Uses a key as a worker does, which erases it once it has answered. */
  const useUp = ({ key, use }: KeyOffer): void => {
    use()
    key.fill(0)
  }

  test('at the worker, after a query has opened', () => {
    const session = begin()
    const first = chainAt(session)
    const keys = take(session, 12)
    const arrays = watched(crypto => {
      const sessions = freshSessions(crypto, worker)
      for (const { name } of keys) useUp(sessions.find(name, 0))
    })
    const secrets = secretsUpTo(first, 12)
    assert.ok(arrays.length > 24)
    const left = new Set(arrays.map(array => hex(array)).filter(text => secrets.has(text)))
    // Counter 0 was passed over and is kept for a query that may still come: nothing else is there.
    const passedOver = createHmac('sha512', first).update('cocoon ratchet v1\0').digest().subarray(32)
    assert.deepEqual([...left], [hex(passedOver)])
  })

  test('at the worker, once its session has ended', () => {
    const session = begin()
    const first = chainAt(session)
    const { name } = take(session, 8).at(-1)!
    const arrays = watched(crypto => {
      const sessions = freshSessions(crypto, worker)
      useUp(sessions.find(name, 0))
      refuses('session-unknown', () => sessions.find(name, receiverLimits.lastsMs))
    })
    const secrets = secretsUpTo(first, 12)
    assert.deepEqual(
      arrays.map(array => hex(array)).filter(text => secrets.has(text)),
      [],
    )
  })

  test('at the client, once a key was taken', () => {
    const arrays = watched(crypto => void take(beginSession(crypto, worker, seeded('watched')), 5))
    const held = arrays.filter(array => array.some(octet => octet !== 0))
    // The chain key for what comes next, and pairs of keys that the caller holds.
    for (const array of held) {
      const next = createHmac('sha512', array).update('cocoon ratchet v1\0').digest()
      for (const other of held) assert.notEqual(hex(next.subarray(0, 32)), hex(other))
    }
  })
})
