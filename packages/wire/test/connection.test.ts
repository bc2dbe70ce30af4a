import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  maxPayloadBytes,
  peekId,
  proxySignedPayment,
  tcpConnect,
  tcpConnected,
  tcpPacket,
  tcpPing,
  tcpPong,
  type Transport,
  WireError,
  Connection,
} from '../src/index.ts'
import { Observed } from './observed-connection.ts'
import { frameOf } from './raw-peer.ts'
import { VirtualWorld } from './virtual-world.ts'

/** A message whose boxed form has so many bytes. */
function message(sizeBytes: number) {
  return { _: 'proxy.signedPayment' as const, data: new Uint8Array(sizeBytes - 8) }
}

describe('the handshake', () => {
  test('a dialer is ready once its own id is confirmed', async () => {
    const dialer = new Observed('dialer')
    await dialer.world.settle()
    assert.equal(dialer.readies, 0)
    assert.equal(dialer.connection.send(proxySignedPayment, message(100)), false)
    dialer.peer.send(tcpConnected, { _: 'tcp.connected', id: dialer.peer.last(tcpConnect).id })
    await dialer.world.settle()
    assert.deepEqual([dialer.readies, dialer.connection.isReady], [1, true])
    assert.equal(dialer.peer.received.length, 1)
  })

  test('a dialer refuses the confirmation of another id', async () => {
    const dialer = new Observed('dialer')
    await dialer.world.settle()
    dialer.peer.send(tcpConnected, { _: 'tcp.connected', id: dialer.peer.last(tcpConnect).id + 1n })
    await dialer.world.settle()
    assert.equal(dialer.cause.code, 'handshake')
    assert.equal(dialer.readies, 0)
  })

  test('an acceptor says nothing before it is asked, and confirms the id', async () => {
    const acceptor = new Observed('acceptor')
    await acceptor.world.settle()
    assert.equal(acceptor.peer.received.length, 0)
    acceptor.peer.send(tcpConnect, { _: 'tcp.connect', id: -77n })
    await acceptor.world.settle()
    assert.equal(acceptor.peer.last(tcpConnected).id, -77n)
    assert.equal(acceptor.readies, 1)
  })

  test('another first frame closes either side', async () => {
    for (const side of ['dialer', 'acceptor'] as const) {
      const observed = new Observed(side)
      observed.peer.send(tcpPing, { _: 'tcp.ping', id: 1n })
      await observed.world.settle()
      assert.equal(observed.cause.code, 'handshake')
      assert.equal(observed.peer.closed, true)
    }
  })

  test('a first frame of the right kind that is cut short closes', async () => {
    const acceptor = new Observed('acceptor')
    const id = new Uint8Array(4)
    new DataView(id.buffer).setUint32(0, tcpConnect.id, true)
    acceptor.peer.sendPayload(id)
    await acceptor.world.settle()
    assert.equal(acceptor.cause.code, 'malformed')
  })

  test('a second connect and connected are ignored', async () => {
    const acceptor = await Observed.ready('acceptor')
    acceptor.peer.send(tcpConnect, { _: 'tcp.connect', id: 6n })
    acceptor.peer.send(tcpConnected, { _: 'tcp.connected', id: 7n })
    await acceptor.world.settle()
    assert.equal(acceptor.connection.isReady, true)
    assert.equal(acceptor.peer.received.length, 1)
    assert.equal(acceptor.readies, 1)
  })

  test('has a deadline: 10 s for who comes, 20 s for who is dialled', async () => {
    for (const [side, ms] of [
      ['acceptor', 10_000],
      ['dialer', 20_000],
    ] as const) {
      const observed = new Observed(side)
      // Bytes that complete no frame do not count.
      observed.peer.transport.write(Uint8Array.of(12, 0, 0))
      await observed.world.advance(ms - 1)
      assert.equal(observed.connection.isClosed, false)
      await observed.world.advance(1)
      assert.equal(observed.cause.code, 'handshake')
    }
  })

  test('counts no deadline of the handshake once it is over, even if it was over at once', async () => {
    const world = new VirtualWorld()
    const connect = new Uint8Array(12)
    new DataView(connect.buffer).setUint32(0, tcpConnect.id, true)
    const transport: Transport = {
      peer: { address: 'eager', imageHash: new Uint8Array(32) },
      queuedBytes: 0,
      start: events => events.data(frameOf(0, connect)),
      write: () => {},
      pause: () => {},
      resume: () => {},
      end: () => {},
      destroy: () => {},
    }
    const acceptor = new Connection({
      transport,
      world,
      side: 'acceptor',
      events: { ready: () => {}, packet: () => {}, query: () => {}, drain: () => {}, closed: () => {} },
    })
    acceptor.start()
    await world.advance(59_000)
    assert.equal(acceptor.isReady, true)
    assert.equal(world.timers, 1)
  })
})

describe('frames', () => {
  test('a packet arrives, however it is cut', async () => {
    const acceptor = await Observed.ready('acceptor')
    const payload = new Uint8Array(16).fill(9)
    const bytes = frameOf(1, packetOf(payload))
    for (const byte of bytes) {
      acceptor.peer.transport.write(Uint8Array.of(byte))
      await acceptor.world.settle()
    }
    assert.deepEqual(acceptor.packets, [payload])
  })

  test('an unknown kind closes, as do bytes left over and bytes that are missing', async () => {
    const cases = [
      Uint8Array.of(1, 2, 3, 4),
      Buffer.concat([packetOf(Uint8Array.of(1, 2, 3)), new Uint8Array(4)]),
      packetOf(new Uint8Array(8)).subarray(0, 8),
    ]
    for (const payload of cases) {
      const acceptor = await Observed.ready('acceptor')
      acceptor.peer.sendPayload(payload)
      await acceptor.world.settle()
      assert.equal(acceptor.cause.code, 'malformed')
      assert.equal(acceptor.packets.length, 0)
      assert.equal(acceptor.peer.closed, true)
    }
  })

  test('a wrong length and a wrong number close', async () => {
    for (const [bytes, code] of [
      [Uint8Array.of(3, 0, 0, 0, 1, 0, 0, 0), 'frame-too-large'],
      [frameOf(7, packetOf(new Uint8Array(3))), 'sequence'],
    ] as const) {
      const acceptor = await Observed.ready('acceptor')
      acceptor.peer.transport.write(bytes)
      await acceptor.world.settle()
      assert.equal(acceptor.cause.code, code)
    }
  })

  test('a ping is answered with its id, a pong with nothing', async () => {
    const acceptor = await Observed.ready('acceptor')
    acceptor.peer.send(tcpPing, { _: 'tcp.ping', id: -3n })
    acceptor.peer.send(tcpPong, { _: 'tcp.pong', id: 4n })
    await acceptor.world.settle()
    assert.deepEqual(acceptor.peer.all(tcpPong), [{ _: 'tcp.pong', id: -3n }])
    assert.equal(acceptor.peer.received.length, 2)
  })

  test('a long frame is for those who are trusted', async () => {
    const long = Buffer.alloc(4 + 4 + 100_000)
    long.writeUInt32LE(tcpPacket.id)
    long.writeUInt32LE(254 | (100_000 << 8), 4)
    for (const trusted of [false, true]) {
      const acceptor = await Observed.ready('acceptor')
      if (trusted) acceptor.connection.trust()
      acceptor.peer.sendPayload(long)
      await acceptor.world.settle()
      assert.equal(acceptor.packets.length, trusted ? 1 : 0)
      assert.equal(acceptor.causes[0]?.code, trusted ? undefined : 'frame-too-large')
    }
  })

  test('nothing is handed on after a frame that closed', async () => {
    const acceptor = await Observed.ready('acceptor')
    const good = packetOf(new Uint8Array(3))
    acceptor.peer.transport.write(
      Buffer.concat([frameOf(1, good), frameOf(2, new Uint8Array(4)), frameOf(3, good), frameOf(4, good)]),
    )
    await acceptor.world.settle()
    assert.equal(acceptor.packets.length, 1)
    assert.equal(acceptor.causes.length, 1)
  })
})

describe('sending', () => {
  test('what does not fit a frame is not sent, and the numbers stay right', async () => {
    const dialer = await Observed.ready('dialer')
    const { connection, peer, world } = dialer
    // Id of the packet, length prefix of 8 bytes from 2^24 on, of 4 below.
    const largest = maxPayloadBytes - 4 - 4
    assert.equal(connection.send(proxySignedPayment, message(100)), true)
    assert.equal(connection.send(proxySignedPayment, message(largest + 4)), false)
    assert.equal(connection.send(proxySignedPayment, message(200)), true)
    assert.equal(connection.send(proxySignedPayment, message(largest)), true)
    assert.equal(connection.send(proxySignedPayment, message(100)), true)
    await world.settle()
    // The peer's decoder checks the numbers.
    assert.deepEqual(
      peer.all(tcpPacket).map(({ data }) => data.length),
      [100, 200, largest, 100],
    )
    assert.equal(connection.isReady, true)
  })

  test('a peer that does not read is given up, and the message that was too much reported as not sent', async () => {
    const dialer = await Observed.ready('dialer', { limits: { maxQueuedBytes: 10_000 } })
    dialer.peer.transport.pause()
    let taken = 0
    while (dialer.connection.send(proxySignedPayment, message(1_000)) && taken < 20) taken++
    assert.equal(taken, 9)
    assert.equal(dialer.cause.code, 'overloaded')
    assert.equal(dialer.connection.send(proxySignedPayment, message(100)), false)
    await dialer.world.advance(10_000)
    assert.equal(dialer.peer.closed, true)
    assert.equal(dialer.world.timers, 0)
  })

  test('tells when its queue is short again', async () => {
    const dialer = await Observed.ready('dialer')
    dialer.peer.transport.pause()
    dialer.connection.send(proxySignedPayment, message(2 << 20))
    assert.ok(dialer.connection.queuedBytes > 2 << 20)
    await dialer.world.settle()
    assert.equal(dialer.drains, 0)
    dialer.peer.transport.resume()
    await dialer.world.settle()
    assert.equal(dialer.drains, 1)
    assert.equal(dialer.connection.queuedBytes, 0)
  })

  test('a paused connection takes no messages until it goes on', async () => {
    const acceptor = await Observed.ready('acceptor')
    acceptor.connection.pause()
    acceptor.peer.sendPayload(packetOf(new Uint8Array(3)))
    await acceptor.world.settle()
    assert.equal(acceptor.packets.length, 0)
    acceptor.connection.resume()
    await acceptor.world.settle()
    assert.equal(acceptor.packets.length, 1)
  })
})

describe('silence', () => {
  test('a dialer pings after 10 s and gives up after 20 s', async () => {
    const dialer = await Observed.ready('dialer')
    await dialer.world.advance(9_999)
    assert.equal(dialer.peer.all(tcpPing).length, 0)
    await dialer.world.advance(1)
    assert.equal(dialer.peer.all(tcpPing).length, 1)
    await dialer.world.advance(9_999)
    assert.equal(dialer.connection.isReady, true)
    await dialer.world.advance(1)
    assert.equal(dialer.cause.code, 'timeout')
    assert.equal(dialer.peer.all(tcpPing).length, 1)
  })

  test('answered pings keep a dialer for ever, at whatever the clock began and however fast the answer', async () => {
    for (const startMs of [0, -5_000, 1e9]) {
      const dialer = await Observed.ready('dialer', { world: new VirtualWorld(startMs) })
      for (let pings = 1; pings <= 10; pings++) {
        await dialer.world.advance(10_000)
        assert.equal(dialer.peer.all(tcpPing).length, pings)
        dialer.peer.send(tcpPong, { _: 'tcp.pong', id: dialer.peer.last(tcpPing).id })
        await dialer.world.settle()
      }
      assert.equal(dialer.connection.isReady, true)
    }
  })

  test('any frame counts as a sign of life', async () => {
    const dialer = await Observed.ready('dialer')
    for (let frames = 0; frames < 10; frames++) {
      await dialer.world.advance(9_000)
      dialer.peer.sendPayload(packetOf(new Uint8Array(3)))
      await dialer.world.settle()
    }
    assert.equal(dialer.peer.all(tcpPing).length, 0)
    await dialer.world.advance(19_999)
    assert.equal(dialer.connection.isReady, true)
    await dialer.world.advance(1)
    assert.equal(dialer.cause.code, 'timeout')
  })

  test('an acceptor never pings and gives up after 60 s', async () => {
    const acceptor = await Observed.ready('acceptor')
    await acceptor.world.advance(59_999)
    assert.equal(acceptor.connection.isReady, true)
    await acceptor.world.advance(1)
    assert.equal(acceptor.cause.code, 'timeout')
    assert.equal(acceptor.peer.all(tcpPing).length, 0)
    await acceptor.world.advance(10_000)
    assert.equal(acceptor.world.timers, 0)
  })
})

describe('the end', () => {
  test('the peer leaves: closed is told once, and no timer stays', async () => {
    const dialer = await Observed.ready('dialer')
    dialer.peer.transport.destroy()
    await dialer.world.settle()
    assert.equal(dialer.cause.code, 'closed')
    assert.deepEqual([dialer.connection.isReady, dialer.connection.isClosed], [false, true])
    dialer.connection.close()
    assert.equal(dialer.causes.length, 1)
    assert.equal(dialer.world.timers, 0)
  })

  test('closing in the middle of what arrived leaves the rest', async () => {
    const acceptor: Observed = await Observed.ready('acceptor', {
      events: {
        packet: data => {
          acceptor.packets.push(data)
          acceptor.connection.close()
        },
      },
    })
    const packet = packetOf(new Uint8Array(3))
    acceptor.peer.transport.write(Buffer.concat([frameOf(1, packet), frameOf(2, packet)]))
    await acceptor.world.settle()
    assert.deepEqual([acceptor.packets.length, acceptor.causes.length], [1, 1])
  })

  test('what was sent before closing still arrives', async () => {
    const dialer = await Observed.ready('dialer')
    dialer.connection.send(proxySignedPayment, message(100))
    dialer.connection.close(new WireError('closed', 'done'))
    dialer.connection.close()
    assert.equal(dialer.cause.message, 'done')
    await dialer.world.settle()
    assert.equal(dialer.peer.all(tcpPacket).length, 1)
    assert.equal(dialer.peer.closed, true)
  })

  test('an error of a handler closes this connection alone, and what it says is not repeated', async () => {
    const world = new VirtualWorld()
    const secret = 'attack at dawn'
    const errors: Array<[thrown: unknown, code: string]> = [
      [new WireError('malformed', 'as it is'), 'malformed'],
      [new TypeError(secret), 'internal'],
      [new SyntaxError(`Unexpected token\n    at ${secret} is not valid JSON`), 'internal'],
      [Object.assign(new Error(`first\n    at ${secret}`), { message: 'second' }), 'internal'],
      [secret, 'internal'],
    ]
    for (const [thrown, code] of errors) {
      const fails = () => {
        throw thrown
      }
      const bystander = await Observed.ready('acceptor', { world })
      const acceptor = await Observed.ready('acceptor', { world, events: { packet: fails } })
      acceptor.peer.sendPayload(packetOf(new Uint8Array(3)))
      await world.settle()
      assert.equal(acceptor.cause.code, code)
      assert.ok(!acceptor.cause.message.includes(secret))
      assert.ok(thrown instanceof WireError ? acceptor.cause === thrown : acceptor.cause.cause === thrown)
      assert.equal(bystander.connection.isReady, true)
    }
  })

  test('so does an error of any other handler', async () => {
    const fails = () => {
      throw new RangeError('oops')
    }
    const unready = new Observed('acceptor', { events: { ready: fails } })
    unready.peer.send(tcpConnect, { _: 'tcp.connect', id: 1n })
    await unready.world.settle()
    assert.match(unready.cause.message, /RangeError at .*connection\.test\.ts/)

    const draining = await Observed.ready('dialer', { events: { drain: fails } })
    draining.peer.transport.pause()
    draining.connection.send(proxySignedPayment, message(2 << 20))
    draining.peer.transport.resume()
    await draining.world.settle()
    assert.equal(draining.cause.code, 'internal')
  })
})

function packetOf(data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(4 + ((1 + data.length + 3) & ~3))
  bytes.writeUInt32LE(tcpPacket.id)
  bytes[4] = data.length
  bytes.set(data, 5)
  assert.equal(peekId(bytes), tcpPacket.id)
  return bytes
}
