import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { describe, test } from 'node:test'
import { encodePreamble } from '../src/index.ts'
import type { PeerInfo, Transport, WireError } from '../src/index.ts'
import { dial, listen, systemWorld as world } from '../src/node.ts'
import { ManualWorld } from './manual-world.ts'
import { acceptAnybody } from './tcp-pair.ts'
import { Observer } from './transport-suite.ts'

const publicKey = Uint8Array.from({ length: 32 }, (_, index) => index)
const info: PeerInfo = {
  attestation: { kind: 'tdx', measurements: new Uint8Array(384), reportData: new Uint8Array(64) },
  collateralRootHash: new Uint8Array(48),
  publicKey,
  source: { ip: '10.0.0.1', port: 40_000 },
  destination: { ip: '127.0.0.1', port: 11_102 },
}
const fakeImageHash = '5c55c8f4db4010ba9203d83536d0609856af8c847ac039e37e7dde8fbd574b61'

describe('listening behind a router', () => {
  test('takes the peer from the preamble, and what follows it for frames', async () => {
    await using server = await listenBehindRouter()
    const socket = connect({ port: server.port, host: '127.0.0.1' })
    socket.write(Buffer.concat([encodePreamble(info), Buffer.from('frames')]))
    const [transport] = await server.met(1)
    const observer = new Observer()
    transport!.start(observer)
    await observer.until(() => observer.text() === 'frames')
    assert.equal(transport!.peer.address, '10.0.0.1:40000')
    assert.deepEqual(transport!.peer.publicKey, publicKey)
    assert.equal(Buffer.from(transport!.peer.imageHash).toString('hex'), fakeImageHash)
    socket.destroy()
  })

  test('takes a preamble that comes in pieces', async () => {
    await using server = await listenBehindRouter()
    const socket = connect({ port: server.port, host: '127.0.0.1', noDelay: true })
    const bytes = Buffer.concat([encodePreamble(info), Buffer.from('frames')])
    for (let start = 0; start < bytes.length; start += 37) {
      socket.write(bytes.subarray(start, start + 37))
      await new Promise(resolve => setImmediate(resolve))
    }
    const [transport] = await server.met(1)
    const observer = new Observer()
    transport!.start(observer)
    await observer.until(() => observer.text() === 'frames')
    socket.destroy()
  })

  const refused: [string, Uint8Array, string][] = [
    ['no preamble', Uint8Array.of(12, 0, 0, 0, 0, 0, 0, 0), 'malformed'],
    ['a length past the limit', Uint8Array.of(0x99, 0x40, 0, 0), 'malformed'],
    ['a preamble that is wrong', encodePreamble({ ...info, publicKey: new Uint8Array(31) }), 'malformed'],
    ['half a preamble', encodePreamble(info).subarray(0, 100), 'closed'],
  ]
  for (const [name, bytes, code] of refused) {
    test(`refuses ${name}`, async () => {
      await using server = await listenBehindRouter()
      const socket = connect({ port: server.port, host: '127.0.0.1' })
      socket.on('error', () => {})
      socket.resume()
      socket.end(bytes)
      const [error] = await server.refused(1)
      assert.equal(error?.code, code)
    })
  }

  test('drops a router that says nothing', async () => {
    const manual = new ManualWorld()
    await using server = await listenBehindRouter(manual)
    const socket = connect({ port: server.port, host: '127.0.0.1' })
    socket.on('error', () => {})
    socket.resume()
    while (manual.timers === 0) await new Promise(resolve => setImmediate(resolve))
    manual.elapse()
    const [error] = await server.refused(1)
    assert.equal(error?.code, 'timeout')
  })

  test('is done on loopback alone', async () => {
    const options = { mode: 'router', port: 0, world, onTransport: () => {} } as const
    await assert.rejects(listen({ ...options, host: '0.0.0.0' }), TypeError)
  })
})

describe('dialing through a router', () => {
  const greeting = [Uint8Array.of(5, 0)]
  const success = Uint8Array.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 1)

  test('asks for the peer and takes from the preamble who it is', async () => {
    const asked: string[] = []
    await using router = await fakeRouter(
      [...greeting, Buffer.concat([success, encodePreamble(info), Buffer.from('frames')])],
      bytes => asked.push(bytes.toString('hex')),
    )
    const transport = await dialThrough(router.port)
    const observer = new Observer()
    transport.start(observer)
    await observer.until(() => observer.text() === 'frames')
    assert.deepEqual(asked, ['050100', '050100010a0203042af9'])
    assert.equal(transport.peer.address, '10.2.3.4:11001')
    assert.deepEqual(transport.peer.publicKey, publicKey)
    assert.equal(Buffer.from(transport.peer.imageHash).toString('hex'), fakeImageHash)
    transport.destroy()
  })

  const failures: [string, Uint8Array[], WireError['code'], RegExp][] = [
    ['closes at the greeting', [], 'closed', /SOCKS5/],
    ['wants a password', [Uint8Array.of(5, 2)], 'handshake', /SOCKS5/],
    ['closes without a reply', greeting, 'closed', /SOCKS5/],
    [
      'reports a failure',
      [...greeting, Uint8Array.of(5, 4, 0, 1, 0, 0, 0, 0, 0, 0)],
      'handshake',
      /host unreachable/,
    ],
    ['writes no preamble', [...greeting, success], 'closed', /preamble/],
    [
      'writes frames at once',
      [...greeting, Buffer.concat([success, Uint8Array.of(12, 0, 0, 0)])],
      'malformed',
      /12/,
    ],
  ]
  for (const [name, answers, code, message] of failures) {
    test(`fails where the router ${name}`, async () => {
      await using router = await fakeRouter(answers)
      await assert.rejects(dialThrough(router.port), { name: 'WireError', code, message })
    })
  }

  test('fails where there is no router', async () => {
    const router = await fakeRouter([])
    await router[Symbol.asyncDispose]()
    await assert.rejects(dialThrough(router.port), {
      code: 'closed',
      message: /^Cannot connect to 127\.0\.0\.1/,
    })
  })

  test('goes to IPv4 addresses alone', async () => {
    await using router = await fakeRouter(greeting)
    await assert.rejects(dialThrough(router.port, 'proxy.example'), { code: 'handshake' })
  })
})

function dialThrough(port: number, host = '10.2.3.4'): Promise<Transport> {
  const mode = { kind: 'router', host: '127.0.0.1', port } as const
  return dial({ host, port: 11_001, mode, checkPeer: acceptAnybody, world })
}

async function listenBehindRouter(usedWorld = world) {
  const transports: Transport[] = []
  const errors: WireError[] = []
  let changed = Promise.withResolvers<void>()
  const note = <T>(list: T[], entry: T): void => {
    list.push(entry)
    changed.resolve()
    changed = Promise.withResolvers()
  }
  const until = async <T>(list: T[], count: number): Promise<T[]> => {
    while (list.length < count) await changed.promise
    return list
  }
  const listener = await listen({
    mode: 'router',
    port: 0,
    world: usedWorld,
    onTransport: transport => note(transports, transport),
    onRefused: error => note(errors, error),
  })
  return {
    port: listener.port,
    met: (count: number) => until(transports, count),
    refused: (count: number) => until(errors, count),
    [Symbol.asyncDispose]: () => listener.close(),
  }
}

/** Gives one answer to each thing it is told, then closes. */
async function fakeRouter(answers: Uint8Array[], asked: (bytes: Buffer) => void = () => {}) {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    const left = [...answers]
    socket.on('data', bytes => {
      asked(bytes)
      const answer = left.shift()
      if (answer) socket.write(answer)
      if (left.length === 0 && answers.length < 3) setImmediate(() => socket.end())
      if (!answer) socket.end()
    })
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
