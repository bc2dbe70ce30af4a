import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { hello, lastBody, pieces, type Served, serve, turn, whole } from './scripted-network.ts'

const body = JSON.stringify(hello)
const head = 'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n'
const post = (text = body): string => `${head}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`

interface Peer {
  socket: Socket
  /** All that came so far. */
  text(): string
  until(pattern: RegExp): Promise<string>
  closed: Promise<string>
}

async function dial(served: Served): Promise<Peer> {
  const socket = connect(served.port, '127.0.0.1')
  let text = ''
  socket.on('data', bytes => (text += bytes.toString('latin1'))).on('error', () => {})
  const closed = once(socket, 'close').then(() => text)
  await once(socket, 'connect')
  const until = async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(text))
      await Promise.race([once(socket, 'data'), closed.then(() => assert.fail(text))])
    return text
  }
  return { socket, text: () => text, until, closed }
}

async function ask(served: Served, bytes: string | Buffer): Promise<string> {
  const peer = await dial(served)
  peer.socket.write(bytes)
  return peer.closed
}

test('pipelined requests are answered in order', async () => {
  const release: Array<() => void> = []
  await using served = await serve(call => {
    release.push(() => void whole({ model: call.query.model })(call))
    if (release.length === 3) for (const go of release.toReversed()) go()
  })
  const peer = await dial(served)
  peer.socket.write(['a', 'b', 'c'].map(model => post(JSON.stringify({ model, max_tokens: 1 }))).join(''))
  const text = await peer.until(/"model":"c"/)
  assert.deepEqual(text.match(/"model":"."/g), ['"model":"a"', '"model":"b"', '"model":"c"'])
  peer.socket.destroy()
})

test('a caller who leaves stops all that it pipelined', async () => {
  await using served = await serve(() => {})
  const peer = await dial(served)
  peer.socket.write(post() + post())
  while (served.network.calls.length < 2) await turn()
  peer.socket.destroy()
  await Promise.all(served.network.calls.map(call => call.cancelled))
})

test('a caller who closes its side while an answer runs has left', async () => {
  await using served = await serve(() => {})
  const peer = await dial(served)
  peer.socket.end(post())
  const call = await served.network.nextCall()
  await call.cancelled
})

test('a caller who closes its side and reads nothing has left too, and is let go', async () => {
  for (const drainTimeoutMs of [60_000, 50]) {
    await using served = await serve(
      ({ events }) => {
        events.head(200, [['content-type', 'text/plain']])
        events.data(Buffer.alloc(20_000_000))
      },
      { limits: { bufferBytes: 50_000_000, drainTimeoutMs } },
    )
    const peer = await dial(served)
    peer.socket.pause()
    peer.socket.write(post())
    const call = await served.network.nextCall()
    await turn()
    peer.socket.end()
    await call.cancelled
    if (drainTimeoutMs < 60_000) await served.close(60_000)
    peer.socket.destroy()
  }
})

test('a body may come in chunks, and byte by byte', async () => {
  await using served = await serve(whole({}))
  const peer = await dial(served)
  const chunks = [...body].map(byte => `1\r\n${byte}\r\n`).join('')
  const request = `${head}transfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`
  for (const byte of request) {
    peer.socket.write(byte)
    if (byte === '\n') await turn()
  }
  await peer.until(/200 OK/)
  assert.equal(lastBody(served.network).text, body)
  peer.socket.destroy()
})

test('bodies beyond the limit are refused, announced or not', async () => {
  await using served = await serve(whole({}), { limits: { bodyBytes: 1000 } })
  const large = JSON.stringify({ ...hello, padding: 'x'.repeat(3000) })
  const announced = await ask(served, post(large))
  const chunked = await ask(
    served,
    `${head}transfer-encoding: chunked\r\n\r\n${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`,
  )
  const unsent = `${head}content-length: 99999999999\r\nexpect: 100-continue\r\n\r\n`
  for (const text of [announced, chunked, await ask(served, unsent)]) {
    assert.match(text, /^HTTP\/1\.1 413 [^]*connection: close[^]*larger than 1000 bytes/i)
  }
  assert.equal(served.network.calls.length, 0)
})

test('a caller who is refused while it still sends gets to read why', async () => {
  await using served = await serve(whole({}), { limits: { bodyBytes: 1000 } })
  const peer = await dial(served)
  peer.socket.write(`${head}content-length: 4000000\r\n\r\n`)
  for (let count = 0; count < 40; count++) peer.socket.write(Buffer.alloc(100_000, 0x20))
  assert.match(await peer.closed, /413/)
})

test('a caller who waits for 100 Continue gets it', async () => {
  await using served = await serve(whole({ ok: true }))
  const peer = await dial(served)
  peer.socket.write(`${head}expect: 100-continue\r\ncontent-length: ${body.length}\r\n\r\n`)
  await peer.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
  peer.socket.write(body)
  await peer.until(/"ok":true/)
  peer.socket.write(`${head.replace('POST', 'GET')}expect: 100-continue\r\ncontent-length: 5\r\n\r\n`)
  assert.match(await peer.closed, /405/)
})

test('a head or a body that never ends has a deadline', async () => {
  await using served = await serve(whole({}), { limits: { headTimeoutMs: 20, bodyTimeoutMs: 40 } })
  const slow = await Promise.all([
    ask(served, 'POST /v1/chat/completions HTTP/1.1\r\nx: '),
    ask(served, `${head}content-length: 100\r\n\r\n{"model`),
  ])
  for (const text of slow) assert.match(text, /^HTTP\/1\.1 408 [^]*"code":"request_timeout"/)
  assert.equal(served.network.calls.length, 0)
})

test('a head that is too long, and bytes that are no HTTP, are refused', async () => {
  await using served = await serve(whole({}))
  assert.match(await ask(served, `${head}x: ${'y'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /)
  assert.match(
    await ask(served, '\x16\x03\x01\x02\x00\x01\r\n\r\n'),
    /^HTTP\/1\.1 400 [^]*"code":"bad_request"/,
  )
  const smuggled = `${head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`
  assert.match(await ask(served, smuggled), /^HTTP\/1\.1 400 /)
  assert.match(await ask(served, 'GET /v1/models HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400 /)
  assert.equal(await ask(served, 'CONNECT example.org:443 HTTP/1.1\r\nhost: localhost\r\n\r\n'), '')
})

test('bytes that are no HTTP are refused on a used connection too, but not into an answer', async () => {
  await using served = await serve(call => {
    if (call.query.model === 'quick') void whole({})(call)
  })
  const used = await dial(served)
  used.socket.write(post('{"model":"quick"}'))
  await used.until(/\{\}$/)
  used.socket.write('nonsense\r\n\r\n')
  assert.match(await used.closed, /200 OK[^]*HTTP\/1\.1 400 /)
  const busy = await dial(served)
  busy.socket.write(post())
  const call = await served.network.nextCall()
  busy.socket.write('nonsense\r\n\r\n')
  await call.cancelled
  assert.equal(await busy.closed, '')
  assert.equal(await ask(served, `${post()}nonsense\r\n\r\n`), '')
  assert.equal(served.network.calls.length, 2)
})

test('the body of a refused request is skipped, and the connection serves the next one', async () => {
  await using served = await serve(whole({}))
  const peer = await dial(served)
  peer.socket.write(post().replace('/chat/', '/other/') + post())
  await peer.until(/404 Not Found[^]*200 OK/)
  peer.socket.destroy()
})

test('a body in very many pieces counts with what they cost', async () => {
  await using served = await serve(whole({}), { limits: { totalBufferBytes: 100_000 } })
  const pieces = '1\r\n \r\n'.repeat(1000)
  assert.match(
    await ask(served, `${head}transfer-encoding: chunked\r\n\r\n${pieces}0\r\n\r\n`),
    /^HTTP\/1\.1 503 /,
  )
})

test('invalid UTF-8 is refused with its place', async () => {
  await using served = await serve(whole({}))
  const peer = await dial(served)
  peer.socket.write(`${head}content-length: 12\r\n\r\n{"model":"`)
  peer.socket.write(Buffer.from([0xc3, 0x28]))
  assert.match(await peer.until(/\}\}$/), /400 [^]*not valid UTF-8 at byte 10/)
  peer.socket.destroy()
})

test('a caller who leaves in the middle of its body leaves nothing behind', async () => {
  await using served = await serve(whole({}), { limits: { running: 1 } })
  const peer = await dial(served)
  peer.socket.write(`${head}content-length: 100\r\n\r\n{"model`)
  await turn()
  peer.socket.destroy()
  await peer.closed
  await turn()
  const next = await dial(served)
  next.socket.write(post())
  assert.match(await next.until(/\r\n\r\n/), /200 OK/)
  assert.equal(served.network.calls.length, 1)
  next.socket.destroy()
})

test('HTTP/1.0 callers are served without chunks', async () => {
  await using served = await serve(pieces(['data: 1\n\n', 'data: 2\n\n', 'data: [DONE]\n\n']))
  const text = await ask(
    served,
    `POST /v1/completions HTTP/1.0\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  const [top = '', rest] = text.split('\r\n\r\n')
  assert.match(top, /^HTTP\/1\.1 200 OK/)
  assert.ok(!/transfer-encoding/i.test(top))
  assert.equal(rest, 'data: 1\n\ndata: 2\n\ndata: [DONE]\n\n')
})

test('connections beyond the limit are closed', async () => {
  await using served = await serve(whole({}), { limits: { connections: 1 } })
  const first = await dial(served)
  const second = await dial(served)
  assert.equal(await second.closed, '')
  first.socket.write(post())
  await first.until(/200 OK/)
  first.socket.destroy()
})

test('a caller who does not read its complete answer is let go', async () => {
  const long = JSON.stringify('x'.repeat(20_000_000))
  await using served = await serve(whole(long), { limits: { bufferBytes: 50_000_000, drainTimeoutMs: 50 } })
  const peer = await dial(served)
  peer.socket.pause()
  peer.socket.write(post())
  await served.network.nextCall()
  await served.close(60_000)
  peer.socket.destroy()
})

test('a caller who reads its answer slowly gets all of it while the endpoint closes', async () => {
  const long = 'x'.repeat(20_000_000)
  await using served = await serve(whole(long), { limits: { bufferBytes: 50_000_000 } })
  const peer = await dial(served)
  await dial(served)
  peer.socket.pause()
  peer.socket.write(post())
  await served.network.nextCall()
  const closing = served.close(60_000)
  await turn()
  peer.socket.resume()
  assert.ok((await peer.closed).endsWith(`\r\n\r\n${long}`))
  await closing
})

test('random bytes never stop the endpoint', async () => {
  await using served = await serve(whole({}), { limits: { headTimeoutMs: 20, bodyTimeoutMs: 20 } })
  const pieceOf = [
    post(),
    head,
    '\r\n\r\n',
    'GET / HTTP/1.1\r\n',
    '\0\xff',
    'host: x\r\n',
    '0\r\n\r\n',
    '{"model":',
  ]
  const peers: Array<Promise<string>> = []
  for (let seed = 1; seed <= 60; seed++) {
    let state = seed
    const next = (): number => (state = (state * 1103515245 + 12345) % 2 ** 31)
    const bytes = Array.from({ length: 6 }, () => pieceOf[(next() >> 8) % pieceOf.length]).join('')
    peers.push(
      dial(served).then(peer => {
        peer.socket.write(bytes, 'latin1', () => setTimeout(() => peer.socket.end(), seed))
        return peer.closed
      }),
    )
  }
  await Promise.all(peers)
  const peer = await dial(served)
  peer.socket.write(post())
  assert.match(await peer.until(/\r\n\r\n/), /200 OK/)
  assert.deepEqual(served.logged, [])
  peer.socket.destroy()
})
