import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { duplexPair } from 'node:stream'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { TLSSocket, connect as connectTls, createSecureContext } from 'node:tls'
import type { ConnectionOptions, SecureContextOptions } from 'node:tls'
import { WireError, decodeChallenge, encodeChallenge, encodeResponse } from '../src/index.ts'
import { dial, solve, systemWorld as world } from '../src/node.ts'
import type { PeerCheck } from '../src/node.ts'
import { ManualWorld } from './manual-world.ts'
import { acceptAnybody, dialDirect, listenDirect } from './tcp-pair.ts'
import { firstIdentity, p256Identity, secondIdentity } from './tls-identities.ts'
import { Observer } from './transport-suite.ts'

const keyOf = ({ certificatePem }: { certificatePem: string }): Uint8Array =>
  Uint8Array.from(
    new X509Certificate(certificatePem).publicKey.export({ type: 'spki', format: 'der' }).subarray(-32),
  )
const pemOf = ({ certificatePem: cert, privateKeyPem: key }: typeof firstIdentity) => ({ cert, key })
const refuseEverybody: PeerCheck = () => Promise.reject(new Error('not you'))

describe('a direct connection', () => {
  test('tells each side who the other is', async () => {
    await using server = await listenDirect()
    const dialed = await dialDirect(server.port)
    await server.until(() => server.transports.length === 1)
    assert.deepEqual(dialed.peer.publicKey, keyOf(firstIdentity))
    assert.equal(dialed.peer.address, `127.0.0.1:${server.port}`)
    assert.deepEqual(server.transports[0]?.peer.publicKey, keyOf(secondIdentity))
    assert.match(server.transports[0]?.peer.address ?? '', /^127\.0\.0\.1:\d+$/)
    assert.deepEqual([server.listener.connections, server.listener.handshakes], [1, 0])
  })

  test('works with a proof of work that takes a thread', async () => {
    await using server = await listenDirect({ proofOfWork: { difficulty: () => 16 } })
    await dialDirect(server.port)
  })

  test('uses the certificate of the moment', async () => {
    let identity = firstIdentity
    await using server = await listenDirect({ identity: () => identity })
    const before = await dialDirect(server.port)
    identity = secondIdentity
    const after = await dialDirect(server.port)
    assert.deepEqual(before.peer.publicKey, keyOf(firstIdentity))
    assert.deepEqual(after.peer.publicKey, keyOf(secondIdentity))
  })

  test('closing the listener closes its connections', async () => {
    await using server = await listenDirect()
    const transport = await dialDirect(server.port)
    const observer = new Observer()
    transport.start(observer)
    await server.until(() => server.transports.length === 1)
    await Promise.all([server.listener.close(), observer.until(() => observer.closings === 1)])
    assert.equal(server.listener.connections, 0)
    await assert.rejects(dialDirect(server.port), { code: 'closed' })
  })
})

describe('a listener', () => {
  test('takes a ClientHello in the same segment as the proof of work', async () => {
    await using server = await listenDirect()
    const { socket, response } = await workFor(server.port)
    const [near, far] = duplexPair()
    const secure = connectTls({ socket: near, ...peerTls() })
    far.once('data', (hello: Uint8Array) => {
      socket.write(Buffer.concat([response, hello]))
      far.pipe(socket).pipe(far)
    })
    await new Promise(resolve => secure.once('secureConnect', resolve))
    await server.until(() => server.transports.length === 1)
    socket.destroy()
  })

  test('takes a proof of work that comes in single bytes', async () => {
    await using server = await listenDirect()
    const { socket, response } = await workFor(server.port)
    for (const byte of response) {
      socket.write(Uint8Array.of(byte))
      await new Promise(resolve => setImmediate(resolve))
    }
    const secure = connectTls({ socket, ...peerTls() })
    await new Promise(resolve => secure.once('secureConnect', resolve))
    await server.until(() => server.transports.length === 1)
    secure.destroy()
  })

  test('refuses a wrong nonce', async () => {
    await using server = await listenDirect({ proofOfWork: { difficulty: () => 64 } })
    const { socket } = await challengeOf(server.port)
    socket.write(encodeResponse(1n))
    await ended(socket)
    assert.deepEqual(
      server.refusals.map(error => error.code),
      ['proof-of-work'],
    )
  })

  test('refuses something else than a proof of work', async () => {
    await using server = await listenDirect()
    const { socket } = await challengeOf(server.port)
    socket.write('GET / HTTP/1.1\r\n\r\n')
    await ended(socket)
    assert.deepEqual(
      server.refusals.map(error => error.code),
      ['proof-of-work'],
    )
  })

  const tlsPeers: [string, ConnectionOptions][] = [
    ['without a certificate', { cert: '', key: '' }],
    ['with a P-256 certificate', pemOf(p256Identity)],
    ['of TLS 1.2', { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }],
    ['of ChaCha20 alone', { ciphers: 'TLS_CHACHA20_POLY1305_SHA256' }],
  ]
  for (const [name, options] of tlsPeers) {
    test(`refuses a peer ${name}`, async () => {
      await using server = await listenDirect()
      const { socket, response } = await workFor(server.port)
      socket.write(response)
      const secure = connectTls({ socket, ...peerTls(), ...options })
      await ended(secure)
      await server.until(() => server.refusals.length === 1)
      assert.equal(server.refusals[0]?.code, 'tls')
      assert.equal(server.transports.length, 0)
    })
  }

  test('survives whatever comes in place of TLS', async () => {
    await using server = await listenDirect()
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 2000 }),
        fc.boolean(),
        async (garbage, likeTls) => {
          const { socket, response } = await workFor(server.port)
          if (likeTls) garbage.set([22, 3, 1, 0, Math.min(255, garbage.length)].slice(0, garbage.length))
          socket.end(Buffer.concat([response, garbage]))
          await ended(socket)
        },
      ),
      { numRuns: 50 },
    )
    assert.equal(server.transports.length, 0)
    assert.equal(server.refusals.length, 50)
    await dialDirect(server.port)
  })

  test('resumes no session', async () => {
    await using server = await listenDirect()
    const reused: boolean[] = []
    let session: Buffer | undefined
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const { socket, response } = await workFor(server.port)
      socket.write(response)
      const secure = connectTls({ socket, ...peerTls(), ...(session && { session }) })
      secure.on('session', ticket => (session = ticket))
      await new Promise(resolve => secure.once('secureConnect', resolve))
      await server.until(() => server.transports.length === attempt + 1)
      server.transports[attempt]?.write(Buffer.from('x'))
      await new Promise(resolve => secure.once('data', resolve))
      reused.push(secure.isSessionReused())
      secure.destroy()
    }
    assert.deepEqual(reused, [false, false])
  })

  test('delivers nothing of a peer that its check refuses', async () => {
    await using server = await listenDirect({ checkPeer: refuseEverybody })
    // A dialer learns of its refusal before or after its own check is done.
    await dialDirect(server.port).then(
      transport => transport.write(Buffer.from('secret')),
      () => {},
    )
    await server.until(() => server.refusals.length === 1)
    assert.equal(server.refusals[0]?.code, 'tls')
    assert.match(server.refusals[0]?.message ?? '', /refused: not you/)
    assert.equal(server.transports.length, 0)
  })

  test('survives what a user of it throws', async () => {
    await using server = await listenDirect({ onTransport: () => assert.fail('a mistake') })
    await dialDirect(server.port).catch(() => {})
    await server.until(() => server.refusals.length === 1)
    assert.match(server.refusals[0]?.message ?? '', /a mistake/)
  })

  test('drops peers that are slow, in every phase', async () => {
    const manual = new ManualWorld()
    await using server = await listenDirect({ world: manual, checkPeer: () => new Promise(() => {}) })
    const silent = await challengeOf(server.port)
    const halfway = await challengeOf(server.port)
    halfway.socket.write(new Uint8Array(5))
    const worked = await workFor(server.port)
    worked.socket.write(worked.response)
    const checked = await dialDirect(server.port)
    assert.equal(server.listener.handshakes, 4)
    manual.elapse()
    await Promise.all([silent, halfway, worked].map(({ socket }) => ended(socket)))
    const observer = new Observer()
    checked.start(observer)
    await observer.until(() => observer.closings === 1)
    await server.until(() => server.refusals.length === 4)
    assert.deepEqual(
      server.refusals.map(error => error.code),
      Array(4).fill('timeout'),
    )
    assert.equal(server.listener.handshakes, 0)
  })

  test('serves an honest peer through a flood of half-open connections', async () => {
    await using server = await listenDirect({
      proofOfWork: { difficulty: () => 10 },
      limits: { maxHandshakes: 32 },
    })
    const flood: Socket[] = []
    const open = (): void => {
      const socket = connect({ port: server.port, host: '127.0.0.1' })
      socket.on('error', () => {})
      flood.push(socket)
    }
    for (let index = 0; index < 250; index += 1) open()
    await server.until(() => server.refusals.length > 100)
    const honest = dialDirect(server.port)
    for (let index = 0; index < 16; index += 1) open()
    const transport = await honest
    for (let index = 0; index < 250; index += 1) open()
    await server.until(() => server.refusals.length >= flood.length - 32)
    assert.ok(server.listener.handshakes <= 32)
    const observer = new Observer()
    transport.start(observer)
    server.transports[0]?.write(Buffer.from('still here'))
    await observer.until(() => observer.text() === 'still here')
    assert.ok(server.refusals.every(error => error.code === 'overloaded'))
    for (const socket of flood) socket.destroy()
  })

  test('has no more connections than it may', async () => {
    await using server = await listenDirect({ limits: { maxConnections: 2 } })
    await dialDirect(server.port)
    await dialDirect(server.port)
    await server.until(() => server.transports.length === 2)
    await assert.rejects(dialDirect(server.port), { code: 'closed' })
    await server.until(() => server.refusals.length === 1)
    assert.equal(server.refusals[0]?.code, 'overloaded')
  })
})

describe('a dialer', () => {
  test('says that nobody listens', async () => {
    await using server = await listenDirect()
    const { port } = server
    await server.listener.close()
    await assert.rejects(dialDirect(port), {
      name: 'WireError',
      code: 'closed',
      message: /^Cannot connect to 127/,
    })
  })

  test('does no more work than it wants to', async () => {
    await using server = await listenDirect({ proofOfWork: { difficulty: () => 29 } })
    await assert.rejects(dialDirect(server.port), { code: 'proof-of-work' })
    await assert.rejects(dialDirect(server.port, { maxDifficulty: 20 }), { code: 'proof-of-work' })
  })

  test('refuses something else than a challenge', async () => {
    await using fake = await fakeServer(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await assert.rejects(dialDirect(fake.port), { code: 'proof-of-work' })
  })

  test('says that the peer closed without a challenge', async () => {
    await using fake = await fakeServer(socket => socket.end('short'))
    await assert.rejects(dialDirect(fake.port), { code: 'closed' })
  })

  test('says that the peer closed instead of TLS', async () => {
    await using fake = await fakeServer(socket => {
      socket.write(encodeChallenge({ difficulty: 1, salt: new Uint8Array(16) }))
      socket.once('data', () => socket.end())
    })
    await assert.rejects(dialDirect(fake.port), {
      code: 'closed',
      message: /during the TLS phase; peers refuse/,
    })
  })

  const tlsPeers: [string, SecureContextOptions][] = [
    ['with a P-256 certificate', pemOf(p256Identity)],
    ['of TLS 1.2', { ...pemOf(firstIdentity), minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }],
    ['of ChaCha20 alone', { ...pemOf(firstIdentity), ciphers: 'TLS_CHACHA20_POLY1305_SHA256' }],
  ]
  for (const [name, options] of tlsPeers) {
    test(`refuses a server ${name}`, async () => {
      await using fake = await fakeServer(socket => serveTls(socket, options))
      await assert.rejects(dialDirect(fake.port), { code: 'tls' })
    })
  }

  test('shows its certificate and takes a bare end of the stream for an end', async () => {
    const shown = Promise.withResolvers<string | undefined>()
    await using fake = await fakeServer(socket => {
      serveTls(socket, pemOf(firstIdentity), secure => {
        shown.resolve(secure.getPeerX509Certificate()?.subject)
        // The plain socket ends without the close_notify of TLS.
        secure.write('bye', () => socket.destroySoon())
      })
    })
    const transport = await dialDirect(fake.port)
    const observer = new Observer()
    transport.start(observer)
    await observer.until(() => observer.closings === 1)
    assert.equal(await shown.promise, 'CN=two')
    assert.deepEqual([observer.text(), observer.cause], ['bye', undefined])
  })

  test('gives out no transport to a peer that its check refuses', async () => {
    await using server = await listenDirect()
    await assert.rejects(dialDirect(server.port, { checkPeer: refuseEverybody }), (error: unknown) => {
      assert.ok(error instanceof WireError)
      assert.equal(error.code, 'tls')
      assert.equal((error.cause as Error).message, 'not you')
      return true
    })
  })

  test('waits no longer than it wants to, in every phase', async () => {
    const manual = new ManualWorld()
    const never = new Promise<never>(() => {})
    const elapseLater = async (): Promise<void> => {
      // The dialer learns of its connection a few turns after the listener.
      for (let turns = 0; turns < 20; turns += 1) await new Promise(resolve => setImmediate(resolve))
      manual.elapse()
    }
    const challenging = (socket: Socket): void => {
      socket.write(encodeChallenge({ difficulty: 1, salt: new Uint8Array(16) }))
      socket.once('data', elapseLater)
    }
    const judgingForever = (): Promise<never> => {
      void elapseLater()
      return never
    }
    const phases: [RegExp, (socket: Socket) => void, PeerCheck][] = [
      [/proof of work/, elapseLater, acceptAnybody],
      [/TLS/, challenging, acceptAnybody],
      [/peer check/, socket => serveTls(socket, pemOf(firstIdentity)), judgingForever],
    ]
    for (const [message, serve, checkPeer] of phases) {
      await using fake = await fakeServer(serve)
      await assert.rejects(dialDirect(fake.port, { world: manual, checkPeer }), { code: 'timeout', message })
    }
  })

  test('can be called off', async () => {
    await using fake = await fakeServer(() => {})
    const abort = new AbortController()
    const dialing = dialDirect(fake.port, { signal: abort.signal })
    const reason = new Error('changed my mind')
    setImmediate(() => abort.abort(reason))
    await assert.rejects(dialing, { code: 'closed', cause: reason })
    await assert.rejects(dialDirect(fake.port, { signal: abort.signal }), { code: 'closed' })
  })

  test('needs an identity', async () => {
    await using server = await listenDirect()
    const options = { host: '127.0.0.1', port: server.port, mode: { kind: 'direct' }, world } as const
    await assert.rejects(dial({ ...options, checkPeer: acceptAnybody }), { code: 'tls' })
  })
})

function peerTls(): ConnectionOptions {
  return { ...pemOf(secondIdentity), rejectUnauthorized: false }
}

async function challengeOf(
  port: number,
): Promise<{ socket: Socket; challenge: ReturnType<typeof decodeChallenge> }> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  const bytes = await new Promise<Uint8Array>(resolve => socket.once('data', resolve))
  socket.pause()
  return { socket, challenge: decodeChallenge(Uint8Array.from(bytes)) }
}

async function workFor(port: number): Promise<{ socket: Socket; response: Uint8Array }> {
  const { socket, challenge } = await challengeOf(port)
  return { socket, response: encodeResponse(await solve(challenge, { world })) }
}

/** Resolves when a socket has closed, for whatever reason. */
function ended(socket: Socket): Promise<void> {
  socket.on('error', () => {})
  socket.resume()
  return new Promise(resolve => (socket.destroyed ? resolve() : socket.once('close', () => resolve())))
}

async function fakeServer(serve: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    socket.on('error', () => {})
    sockets.add(socket)
    serve(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** A server as a stranger would write it: proof of work, then TLS with these settings. */
function serveTls(
  socket: Socket,
  options: SecureContextOptions,
  onSecure: (secure: TLSSocket) => void = () => {},
) {
  socket.write(encodeChallenge({ difficulty: 1, salt: new Uint8Array(16) }))
  const takeResponse = (): void => {
    if (socket.read(12) === null) return
    socket.off('readable', takeResponse)
    const secureContext = createSecureContext(options)
    const secure = new TLSSocket(socket, {
      isServer: true,
      secureContext,
      requestCert: true,
      rejectUnauthorized: false,
    })
    secure.on('error', () => {})
    secure.on('secure', () => onSecure(secure))
  }
  socket.on('readable', takeResponse)
}
